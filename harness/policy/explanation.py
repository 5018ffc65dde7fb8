"""Why a decision came out as it did (IAM page "Troubleshoot access denied error messages")."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from harness.policy.conditions import Condition
from harness.policy.corners import corners_of, touches
from harness.policy.errors import UnderivableKeyError
from harness.policy.evaluation import (
    NO_SUPPORT,
    Plan,
    PolicySet,
    decide,
    limiting_kind,
    names,
    plan_for,
    support_of,
)
from harness.policy.kinds import Outcome, PolicyKind
from harness.policy.principals import Named
from harness.policy.requests import Request
from harness.policy.statements import Statement

# Bound once, because looking a member up in its enumeration takes a tenth of the time of a decision.
_EXPLICIT_DENY, _IMPLICIT_DENY = Outcome.EXPLICIT_DENY, Outcome.IMPLICIT_DENY
_NAMES: Final = {
    PolicyKind.IDENTITY: ("identity-based policy", "an identity-based policy"),
    PolicyKind.RESOURCE: ("resource-based policy", "a resource-based policy"),
    PolicyKind.SESSION: ("session policy", "a session policy"),
    PolicyKind.BOUNDARY: ("permissions boundary", "a permissions boundary"),
    PolicyKind.SCP: ("service control policy", "a service control policy"),
    PolicyKind.RCP: ("resource control policy", "a resource control policy"),
    PolicyKind.TRUST: ("role trust policy", "the role trust policy"),
}


class ConditionTrace(NamedTuple):
    """One condition as it was compared: the policy's values with their variables replaced, beside the request's.

    A policy value is None when a variable in it has no value, `request_values` is None when the key is absent, and
    `holds` is None when the answer depends on a key that could not be derived.
    """

    operator: str
    key: str
    policy_values: tuple[str | None, ...]
    request_values: tuple[str, ...] | None
    holds: bool | None


class StatementTrace(NamedTuple):
    """A statement that decided or nearly did: where it stands and how its conditions compared."""

    policy: str
    kind: PolicyKind
    statement: str
    position: int
    effect: str
    conditions: tuple[ConditionTrace, ...]


class Explanation(NamedTuple):
    """A decision with its reasons.

    `statements` are those that decided: evaluated alone they give the same decision. An implicit denial has none; its
    `near_misses` are the Allow statements of the limiting kind whose action and resource matched but whose conditions
    did not. `sentence` is the reason clause AWS would print, empty when the request is allowed, and `limiting_kind` the
    kind of policy it names. `unsettled` names the constants of the module of that name on which the decision rests.
    """

    outcome: Outcome
    statements: tuple[StatementTrace, ...]
    near_misses: tuple[StatementTrace, ...]
    limiting_kind: PolicyKind | None
    sentence: str
    unsettled: tuple[str, ...]

    @property
    def conditions(self) -> tuple[ConditionTrace, ...]:
        """What was compared with what, in the statements that decided and in the near misses."""
        return tuple(trace for statement in self.statements + self.near_misses for trace in statement.conditions)

    @property
    def absent_keys(self) -> tuple[str, ...]:
        """The condition keys that were asked for and are absent, each once, in alphabetical order."""
        return tuple(sorted({trace.key for trace in self.conditions if not trace.request_values}))

    def as_dict(self) -> dict[str, Any]:
        """Return the explanation as plain JSON values."""
        return {
            "outcome": self.outcome.value,
            "statements": [_plain(statement) for statement in self.statements],
            "near_misses": [_plain(statement) for statement in self.near_misses],
            "absent_keys": list(self.absent_keys),
            "limiting_kind": self.limiting_kind.value if self.limiting_kind else None,
            "sentence": self.sentence,
            "unsettled": list(self.unsettled),
        }


def explain(policies: PolicySet, request: Request) -> Explanation:
    """Return the decision with its reasons; the outcome is that of `decide`, and so is the error it may raise."""
    outcome = decide(policies, request)
    plan = plan_for(policies, request.action_key)
    if outcome is _EXPLICIT_DENY:
        return _explicit(plan, request)
    allowing = [statement for statement in plan.allows if _applies(statement, request)]
    if outcome is _IMPLICIT_DENY:
        return _implicit(policies, plan, request, allowing)
    unsettled = _unsettled(allowing, plan.denies, request)
    if policies.resource and _granted_to_everybody_only(policies, request, allowing):
        unsettled = (*unsettled, "EVERYBODY_IS_NOT_LIMITED")
    traces = tuple([_trace(statement, request, applied=True) for statement in allowing])
    return Explanation(outcome, traces, (), None, "", unsettled)


def _explicit(plan: Plan, request: Request) -> Explanation:
    denying = [statement for statement in plan.denies if _applies(statement, request)]
    limiting = denying[0].kind
    unsettled = _unsettled(denying, (), request)
    if any(statement.kind is not limiting for statement in denying):
        unsettled = (*unsettled, "DENIAL_REPORTED_FIRST")
    traces = tuple([_trace(statement, request, applied=True) for statement in denying])
    sentence = f"with an explicit deny in {_NAMES[limiting][1]}"
    return Explanation(_EXPLICIT_DENY, traces, (), limiting, sentence, unsettled)


def _implicit(policies: PolicySet, plan: Plan, request: Request, allowing: Sequence[Statement]) -> Explanation:
    support = NO_SUPPORT
    if allowing:
        support = support_of((statement, names(statement, request)) for statement in allowing)
    limiting = limiting_kind(policies, request, support) or PolicyKind.IDENTITY
    missed = [
        statement
        for statement in plan.allows
        if statement.kind is limiting and statement.conditions and _nearly_applies(statement, request)
    ]
    sentence = f"because no {_NAMES[limiting][0]} allows the {request.action} action"
    traces = tuple([_trace(statement, request, applied=False) for statement in missed])
    failed = [statement for statement in plan.allows if statement not in allowing] if allowing else plan.allows
    return Explanation(_IMPLICIT_DENY, (), traces, limiting, sentence, _unsettled((), failed, request))


def _granted_to_everybody_only(policies: PolicySet, request: Request, allowing: Sequence[Statement]) -> bool:
    """Whether the request is allowed only because a grant to everybody is not limited by silent policies."""
    named = [(statement, names(statement, request)) for statement in allowing]
    if not any(name & Named.EVERYBODY for _, name in named):
        return False
    narrower = [
        (statement, Named.ISSUER | name & ~Named.EVERYBODY if name & Named.EVERYBODY else name)
        for statement, name in named
    ]
    return limiting_kind(policies, request, support_of(narrower)) is not None


def _unsettled(applied: Sequence[Statement], failed: Sequence[Statement], request: Request) -> tuple[str, ...]:
    found: set[str] = set()
    for statement in applied:
        if statement.naming_corner is not None and (corner := statement.naming_corner(request)):
            found.add(corner)
        if touches(statement, request):
            found.update(corners_of(statement, request, applied=True))
    for statement in failed:
        if statement.named is not None and not statement.named(request):
            if (exemption := _corner_of_exemption(statement, request)) is not None:
                found.add(exemption)
        elif touches(statement, request):
            found.update(corners_of(statement, request, applied=False))
    return tuple(sorted(found)) if found else ()


def _corner_of_exemption(statement: Statement, request: Request) -> str | None:
    """Return the choice for which alone a statement does not mean the caller."""
    corner = statement.naming_corner(request) if statement.naming_corner is not None else ""
    if not corner:
        return None
    try:
        return corner if statement.applies(request) else None
    except UnderivableKeyError:
        return corner


def _applies(statement: Statement, request: Request) -> bool:
    if statement.named is not None and not statement.named(request):
        return False
    try:
        return statement.applies(request)
    except UnderivableKeyError:
        # The outcome does not depend on it, or `decide` would have raised.
        return False


def _nearly_applies(statement: Statement, request: Request) -> bool:
    """Whether all but the conditions match; those cannot all hold, or the statement would have applied."""
    try:
        return statement.matches_resource(request) and bool(names(statement, request))
    except UnderivableKeyError:
        return False


def _trace(statement: Statement, request: Request, *, applied: bool) -> StatementTrace:
    return StatementTrace(
        statement.policy,
        statement.kind,
        statement.label,
        statement.position,
        statement.effect,
        tuple([_condition_trace(condition, request, applied=applied) for condition in statement.conditions]),
    )


def _condition_trace(condition: Condition, request: Request, *, applied: bool) -> ConditionTrace:
    found = request.known.get(condition.key)
    try:
        # Every condition of a statement that applied holds, so there is no need to ask again.
        holds = applied or condition.holds(request)
        return ConditionTrace(condition.name, condition.key, condition.compared(request), found, holds)
    except UnderivableKeyError:
        return ConditionTrace(condition.name, condition.key, condition.values, found, None)


def _plain(statement: StatementTrace) -> dict[str, Any]:
    plain = statement._asdict()
    plain["kind"] = statement.kind.value
    plain["conditions"] = [trace._asdict() for trace in statement.conditions]
    return plain
