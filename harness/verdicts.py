"""What an outcome means under the contract. Findings are AssertionErrors, so that a test that has one fails."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from harness.outcome import Observation, Outcome

if TYPE_CHECKING:
    from harness.advice.rulings import Ruling
    from harness.attacks.attempts import Attempt
    from harness.attacks.technique import LeakKind


class VerdictName(StrEnum):
    """The five verdicts (design.md, "Vocabulary")."""

    ISOLATED = "ISOLATED"
    LEAK = "LEAK"
    LOCKOUT = "LOCKOUT"
    WORKS = "WORKS"
    INCONCLUSIVE = "INCONCLUSIVE"


@dataclass(frozen=True, slots=True)
class Prediction:
    """What the policy engine makes of an attempt, on a twin of the deployment (remote_stage.py)."""

    name: VerdictName
    kind: LeakKind | None
    reason: str
    deciding_statement: str | None
    decisions: tuple[dict[str, Any], ...] = field(default=(), repr=False)
    rulings: tuple[Ruling, ...] = field(default=(), repr=False, compare=False)

    @classmethod
    def of(cls, verdict: Verdict) -> Prediction:
        """Return what the verdict on the twin says of the attempt on the target."""
        return cls(
            verdict.name, verdict.kind, verdict.reason, verdict.deciding_statement, verdict.decisions, verdict.rulings
        )

    def differs_from(self, verdict: Verdict) -> bool:
        """Tell whether the target judged otherwise, or could not judge what the twin could."""
        return (verdict.name, verdict.kind) != (self.name, self.kind)


@dataclass(frozen=True)
class Verdict:
    """An attempt, judged: with the sentence why, the control it rests on and the evidence for it.

    `decisions` are the policy engine's own explanations of the call, as far as the target tells, and `rulings` the
    decisions themselves, of a control those of every step; `evidence` is the redacted exchange. `prediction` is what
    the policy engine made of the same attempt, where the target is another one.
    """

    attempt: Attempt
    name: VerdictName
    outcome: Outcome
    reason: str
    kind: LeakKind | None = None
    control_used: str = ""
    decisions: tuple[dict[str, Any], ...] = ()
    evidence: dict[str, Any] = field(default_factory=dict)
    rulings: tuple[Ruling, ...] = field(default=(), repr=False, compare=False)
    prediction: Prediction | None = None

    @property
    def leak_is_expected(self) -> bool:
        """Tell whether the blueprint declares this very leak."""
        return self.attempt.expected_leak is not None and self.name is VerdictName.LEAK

    @property
    def is_undeclared_leak(self) -> bool:
        """Tell whether this is a leak that the blueprint does not declare."""
        return self.name is VerdictName.LEAK and not self.leak_is_expected

    @property
    def expected_leak_vanished(self) -> bool:
        """Tell whether the blueprint declares a leak here that was not there any more."""
        return self.attempt.expected_leak is not None and self.name is VerdictName.ISOLATED

    @property
    def deciding_statement(self) -> str | None:
        """Return the statement that decided, as the policy engine named it; None where none did or nobody tells.

        Where one call asked several questions, the one that counts is the last about an action of the technique: the
        own part of a mixed request comes first.
        """
        asked = [decision for decision in self.decisions if decision["action"] in self.attempt.technique.actions]
        for decision in (*reversed(asked), *self.decisions):
            for statement in decision["statements"]:
                return f"{statement['policy']} {statement['statement']} {statement['effect']}"
        return None


class Finding(AssertionError):  # noqa: N818  a result, not a malfunction
    """Something the contract does not allow was found. Findings are results, not malfunctions."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(describe(verdict))
        self.verdict = verdict


class Leak(Finding):
    """Somebody reached what the contract keeps from them."""


class Lockout(Finding):
    """Somebody was refused what the contract gives them."""


class VanishedLeak(Finding):
    """A leak that the blueprint declares is gone, so the declaration no longer tells the truth."""


def describe(verdict: Verdict) -> str:
    """Return who did what to whom with which call, and which statement decided, in one line."""
    attempt = verdict.attempt
    aim = f"{attempt.attacker} -> {attempt.victim}" if attempt.victim else f"{attempt.attacker}"
    decided = f"; decided by {verdict.deciding_statement}" if verdict.deciding_statement else ""
    kind = f" ({verdict.kind})" if verdict.kind else ""
    return f"{verdict.name}{kind}: {aim}: {attempt.technique.title}: {verdict.reason}{decided}"


def raise_findings(verdict: Verdict) -> None:
    """Raise Leak, Lockout or VanishedLeak when the verdict is one that must fail its test; return otherwise."""
    if verdict.is_undeclared_leak:
        raise Leak(verdict)
    if verdict.name is VerdictName.LOCKOUT:
        raise Lockout(verdict)
    if verdict.expected_leak_vanished:
        raise VanishedLeak(verdict)


def judge_control(attempt: Attempt, observation: Observation, *, seen: bool) -> tuple[VerdictName, Outcome, str]:
    """Judge an attempt that the contract allows; `seen` tells whether its own canary or effect came back.

    A control that was allowed and showed nothing would make its technique blind, so it is INCONCLUSIVE.
    """
    if observation.outcome is Outcome.REFUSED:
        return VerdictName.LOCKOUT, observation.outcome, f"own access was refused: {observation.reason}"
    if observation.outcome is Outcome.TROUBLE:
        return VerdictName.INCONCLUSIVE, observation.outcome, observation.reason
    if not seen:
        reason = f"{attempt.technique.operation} was allowed but brought nothing back that it should have"
        return VerdictName.INCONCLUSIVE, observation.outcome, reason
    return VerdictName.WORKS, Outcome.ALLOWED, observation.reason
