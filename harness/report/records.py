"""The seam between running and reporting: one record per attempt, plain JSON both ways."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Final, Literal, Self, get_args

from harness.report.leak_advice import LeakAdvice
from harness.report.predictions import RecordedPrediction

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Effect = Literal["read", "write", "session"]
Severity = Literal["blocker", "critical", "normal", "minor"]
Expected = Literal["refused", "allowed", "leak"]
Outcome = Literal["refused", "allowed", "crossed", "trouble"]
Verdict = Literal["ISOLATED", "LEAK", "LOCKOUT", "WORKS", "INCONCLUSIVE"]
LeakKind = Literal["data", "effect", "oracle", "session", "permission"]

VERDICTS: Final[tuple[Verdict, ...]] = get_args(Verdict)

_CLOSED: Final[dict[str, tuple[str, ...]]] = {
    "effect": get_args(Effect),
    "severity": get_args(Severity),
    "expected": get_args(Expected),
    "outcome": get_args(Outcome),
    "verdict": VERDICTS,
    "kind": get_args(LeakKind),
}
_FLAGS: Final = frozenset({"control", "expected_leak", "between_names"})
_OPTIONAL: Final = frozenset(
    {"weakness", "fault", "kind", "deciding_statement", "expected_leak_reason", "advice", "prediction"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptRecord:
    """What one attempt tried, what came back and how it was judged.

    It holds nothing that changes between two runs with the same seed (no time, no identifier the target made up), so
    the files of two such runs can be compared byte for byte. `between_names` tells of tenants whose names were made to
    collide, under ids that say how.
    """

    id: str
    blueprint: str
    weakness: str | None
    fault: str | None
    technique: str
    title: str
    plane: str
    effect: Effect
    boundary: str
    severity: Severity
    attacker: str
    attacker_name: str
    attacker_persona: str
    victim: str
    victim_name: str
    victim_persona: str
    control: bool
    expected: Expected
    outcome: Outcome
    verdict: Verdict
    kind: LeakKind | None
    reason: str
    control_used: str
    deciding_statement: str | None
    expected_leak: bool
    expected_leak_reason: str | None
    between_names: bool = False
    advice: LeakAdvice | None = None
    prediction: RecordedPrediction | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the record as a mapping that json.dumps takes and `from_json` reads back."""
        # Every field but the last two is a text, a flag or None, so that nothing else has to be copied.
        document = {name: getattr(self, name) for name in _FIELDS}
        if self.advice is not None:
            document["advice"] = self.advice.as_json()
        if self.prediction is not None:
            document["prediction"] = self.prediction.as_json()
        return document

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """Return the record that `as_json` wrote; a ValueError names the field that is missing, unknown or wrong."""
        if document.keys() != _FIELDS:
            missing = sorted(_FIELDS - document.keys())
            unknown = sorted(document.keys() - _FIELDS)
            raise ValueError(f"An attempt record lacks the fields {missing} and has the unknown fields {unknown}.")
        for name, value in document.items():
            if not _fits(name, value):
                raise ValueError(f"An attempt record's field {name} cannot be {value!r}.")
        advice, prediction = document["advice"], document["prediction"]
        read = {
            "advice": None if advice is None else LeakAdvice.from_json(advice),
            "prediction": None if prediction is None else RecordedPrediction.from_json(prediction),
        }
        return cls(**{**document, **read})

    @property
    def model_differs(self) -> bool:
        """True where the target judged otherwise than the policy engine on a twin of the deployment."""
        return self.prediction is not None and self.prediction.differs(self.verdict, self.kind)

    @property
    def leak_was_declared(self) -> bool:
        """True where the blueprint says that this attempt leaks, so that only its absence is a failure."""
        return self.expected_leak or self.expected == "leak"

    @property
    def attacker_label(self) -> str:
        """The attacker as people read it, such as `t1 Acme (member)`."""
        return _person(self.attacker, self.attacker_name, self.attacker_persona)

    @property
    def victim_label(self) -> str:
        """The victim as people read it, or `` where the attempt is aimed at nobody's data."""
        return _person(self.victim, self.victim_name, self.victim_persona)


_FIELDS: Final = dict.fromkeys(field.name for field in fields(AttemptRecord)).keys()


def in_order(records: Iterable[AttemptRecord]) -> list[AttemptRecord]:
    """Return the records sorted by id: workers finish in any order, reports do not show it."""
    return sorted(records, key=lambda record: record.id)


def _person(tenant: str, name: str, persona: str) -> str:
    words = [word for word in (tenant, name) if word]
    if persona and persona != tenant:
        words.append(f"({persona})" if words else persona)
    return " ".join(words)


def _fits(name: str, value: object) -> bool:
    if value is None:
        return name in _OPTIONAL
    if name in ("advice", "prediction"):
        return isinstance(value, dict)
    if name in _FLAGS:
        return isinstance(value, bool)
    return isinstance(value, str) and (name not in _CLOSED or value in _CLOSED[name])
