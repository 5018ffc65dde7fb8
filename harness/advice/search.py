"""From a leak to advice: recognise the statement, try its edits with the policy engine, keep the first that holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from harness.advice.case import Case
from harness.advice.difference import difference
from harness.advice.kinds import RECOGNISERS
from harness.advice.rulings import Edits
from harness.attacks.entries import entries
from harness.policy import PolicyKind, UnderivableKeyError, explain
from harness.policy.requests import CallerKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from harness.advice.recogniser import Recogniser
    from harness.advice.rulings import Ruling
    from harness.policy import Policy
    from harness.policy.explanation import StatementTrace
    from harness.verdicts import Verdict

# What was added most recently to a sound design is likelier to stand beside it than in it.
_KINDS_IN_TURN = (
    PolicyKind.RESOURCE,
    PolicyKind.TRUST,
    PolicyKind.SESSION,
    PolicyKind.IDENTITY,
    PolicyKind.BOUNDARY,
    PolicyKind.SCP,
    PolicyKind.RCP,
)
# Nobody but AWS edits these: what identity pools put on guests' sessions, and AWS's managed policies.
_OF_AWS = ("CognitoGuest", "arn:aws:iam::aws:")
# Statements that have to be edited together, at most, and edits that are followed up where one is not enough.
_TOGETHER = 3
_FOLLOWED_UP = 3


@dataclass(frozen=True, slots=True)
class Fix:
    """Edits that were tried: they close the leak, and `kept` requests of controls are allowed as before.

    `diff` is the unified difference of the policies, in the words of the design as far as they are known.
    """

    diff: str
    edits: Edits
    kept: int


@dataclass(frozen=True, slots=True)
class Advice:
    """What to do about a leak.

    `entry` is the entry of the catalogue that it looks like, `sound` the sound configuration in the entry's words,
    `kind` the recogniser that saw it, empty where none did, and `fix` an edit that was tried, None where none held.
    """

    entry: str
    sound: str
    kind: str = ""
    fix: Fix | None = None


class _Step(NamedTuple):
    recogniser: Recogniser
    case: Case
    edits: Edits


def advise(
    verdict: Verdict,
    legitimate: Callable[[], Sequence[Ruling]],
    template: Callable[[str], str] = str,
    recognisers: Iterable[Recogniser] = RECOGNISERS,
) -> Advice:
    """Return the advice for a leak.

    `legitimate` gives the allowed decisions of controls, asked for only when a statement was found that allowed the
    leak; `template` puts the placeholders of the design back in the place of names that a deployment has made up.
    """
    named = verdict.attempt.technique.catalogue
    search = _Search(verdict, legitimate, tuple(recognisers))
    found = search.found(Edits({}), _TOGETHER)
    step = found or search.first_seen
    entry = step.recogniser.entry(step.case, named) if step is not None else ""
    entry = entry or named[0]
    return Advice(
        entry=entry,
        sound=entries()[entry].sound,
        kind=step.recogniser.id if step is not None else "",
        fix=None if found is None else search.fix(found.edits, template),
    )


class _Search:
    """The search for edits that close one leak."""

    def __init__(
        self, verdict: Verdict, legitimate: Callable[[], Sequence[Ruling]], recognisers: tuple[Recogniser, ...]
    ) -> None:
        # What services ask of each other, such as an API of its function, they ask for everybody.
        self._leaking = [
            ruling
            for ruling in verdict.rulings
            if ruling.allowed and ruling.request.caller.kind is not CallerKind.SERVICE
        ]
        self._asked = _those_that_count(verdict, self._leaking)
        self._ask = legitimate
        self._legitimate: list[Ruling] | None = None
        self._recognisers = recognisers
        self.first_seen: _Step | None = None

    @property
    def legitimate(self) -> list[Ruling]:
        """Return the allowed decisions of controls."""
        if self._legitimate is None:
            self._legitimate = [ruling for ruling in self._ask() if ruling.allowed]
        return self._legitimate

    def found(self, edits: Edits, together: int) -> _Step | None:
        """Return the step that closes the leak and keeps the controls; its recogniser is that of the first edit."""
        unfinished: list[_Step] = []
        for case in self._cases(edits):
            for recogniser in self._recognisers:
                if not recogniser.sees(case):
                    continue
                self.first_seen = self.first_seen or _Step(recogniser, case, edits)
                for document in recogniser.edits(case):
                    edited = case.edited(document)
                    if edited is None or not self._keeps(edited):
                        continue
                    step = _Step(recogniser, case, edited)
                    if self._closes(edited):
                        return step
                    unfinished.append(step)
        if together > 1:
            for step in unfinished[:_FOLLOWED_UP]:
                further = self.found(step.edits, together - 1)
                if further is not None:
                    return _Step(step.recogniser, step.case, further.edits)
        return None

    def fix(self, edits: Edits, template: Callable[[str], str]) -> Fix:
        """Return the edits as they are shown."""
        changed = edits.replaced.items()
        return Fix(
            diff="".join(difference(before, after, template) for before, after in changed),
            edits=edits,
            kept=len(self._concerned(edits)),
        )

    def _cases(self, edits: Edits) -> Iterator[Case]:
        found = []
        for ruling in self._asked:
            policies = edits.applied_to(ruling.policies)
            try:
                stated = explain(policies, ruling.request).statements
            except UnderivableKeyError:
                continue
            found += [(trace, policies, ruling) for trace in stated if trace.effect == "Allow"]
        found.sort(key=lambda each: _KINDS_IN_TURN.index(each[0].kind))
        for trace, policies, ruling in found:
            for policy in policies.ordered():
                if _states(policy, trace) and not policy.name.startswith(_OF_AWS):
                    yield Case(edits, ruling, policy, trace.position, self.legitimate)

    def _closes(self, edits: Edits) -> bool:
        return any(edits.deny(ruling) for ruling in self._leaking)

    def _keeps(self, edits: Edits) -> bool:
        """Tell whether every control is kept; controls that have nothing to do with the edits show nothing."""
        concerned = self._concerned(edits)
        untouched = {policy for ruling in concerned for policy in ruling.policies.ordered()}
        return set(edits.replaced) <= untouched and all(edits.allow(ruling) for ruling in concerned)

    def _concerned(self, edits: Edits) -> list[Ruling]:
        return [ruling for ruling in self.legitimate if edits.applied_to(ruling.policies) is not ruling.policies]


def _those_that_count(verdict: Verdict, leaking: Sequence[Ruling]) -> list[Ruling]:
    """Return the decisions in the order in which they are likely to be at fault, as `deciding_statement` takes them."""
    actions = verdict.attempt.technique.actions
    asked = [ruling for ruling in leaking if ruling.request.action in actions]
    return [*reversed(asked), *(ruling for ruling in leaking if ruling not in asked)]


def _states(policy: Policy, trace: StatementTrace) -> bool:
    if policy.kind is not trace.kind or policy.name != trace.policy or trace.position >= len(policy.statements):
        return False
    statement = policy.statements[trace.position]
    return statement.label == trace.statement and statement.effect == trace.effect
