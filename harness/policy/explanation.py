"""Why a decision came out as it did (IAM page "Troubleshoot access denied error messages")."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from harness.policy.conditions import Condition
from harness.policy.corners import corners_of
from harness.policy.errors import UnderivableKeyError
from harness.policy.evaluation import PolicySet, decide, limiting_kind, names, support_of
from harness.policy.kinds import Outcome, PolicyKind
from harness.policy.requests import Request
from harness.policy.statements import Statement

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


@dataclass(frozen=True, slots=True)
class Explanation:
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
    if outcome is Outcome.EXPLICIT_DENY:
        denying = [
            statement for statement in _covering(policies, request, allows=False) if _applies(statement, request)
        ]
        limiting = denying[0].kind
        sentence = f"with an explicit deny in {_NAMES[limiting][1]}"
        return _explanation(request, outcome=outcome, decisive=denying, missed=[], limiting=limiting, sentence=sentence)
    allowing = [statement for statement in _covering(policies, request, allows=True) if _applies(statement, request)]
    named = [(statement, names(statement, request)) for statement in allowing]
    if outcome is Outcome.ALLOW:
        return _explanation(request, outcome=outcome, decisive=allowing, missed=[], limiting=None, sentence="")
    limiting_or_none = limiting_kind(policies, request, support_of(named))
    limiting = limiting_or_none or PolicyKind.IDENTITY
    missed = [
        statement
        for statement in _covering(policies, request, allows=True)
        if statement.kind is limiting and statement.conditions and _resource_matches(statement, request)
    ]
    sentence = f"because no {_NAMES[limiting][0]} allows the {request.action} action"
    return _explanation(request, outcome=outcome, decisive=[], missed=missed, limiting=limiting, sentence=sentence)


def _covering(policies: PolicySet, request: Request, *, allows: bool) -> Iterator[Statement]:
    for policy in policies.ordered():
        for statement in policy.for_action(request.action_key)[allows]:
            if statement.named is None or statement.named(request):
                yield statement


def _applies(statement: Statement, request: Request) -> bool:
    try:
        return statement.applies(request)
    except UnderivableKeyError:
        # The outcome does not depend on it, or `decide` would have raised.
        return False


def _resource_matches(statement: Statement, request: Request) -> bool:
    try:
        return statement.matches_resource(request)
    except UnderivableKeyError:
        return False


def _explanation(
    request: Request,
    *,
    outcome: Outcome,
    decisive: Iterable[Statement],
    missed: Iterable[Statement],
    limiting: PolicyKind | None,
    sentence: str,
) -> Explanation:
    statements, near_misses = tuple(decisive), tuple(missed)
    unsettled: set[str] = set()
    for statement in statements + near_misses:
        unsettled.update(corners_of(statement, request))
    return Explanation(
        outcome,
        tuple(_trace(statement, request) for statement in statements),
        tuple(_trace(statement, request) for statement in near_misses),
        limiting,
        sentence,
        tuple(sorted(unsettled)),
    )


def _trace(statement: Statement, request: Request) -> StatementTrace:
    return StatementTrace(
        statement.policy,
        statement.kind,
        statement.label,
        statement.index,
        "Allow" if statement.allows else "Deny",
        tuple(_condition_trace(condition, request) for condition in statement.conditions),
    )


def _condition_trace(condition: Condition, request: Request) -> ConditionTrace:
    holds: bool | None
    try:
        holds = condition.holds(request)
        values = condition.compared(request)
    except UnderivableKeyError:
        holds, values = None, condition.values
    return ConditionTrace(condition.name, condition.key, values, request.known.get(condition.key), holds)


def _plain(statement: StatementTrace) -> dict[str, Any]:
    plain = statement._asdict()
    plain["kind"] = statement.kind.value
    plain["conditions"] = [trace._asdict() for trace in statement.conditions]
    return plain
