"""The decision: which policies limit, grant and deny (IAM page "Policy evaluation logic"; aws-semantics 6.1, 6.2)."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from harness.policy.conditions import Test
from harness.policy.documents import Policy
from harness.policy.errors import UnderivableKeyError
from harness.policy.kinds import Outcome, PolicyKind
from harness.policy.principals import Named
from harness.policy.requests import CallerKind, Request
from harness.policy.statements import Statement

Decide = Callable[[Request], Outcome]

_CACHED_PLANS: Final = 1024
# AWS reports one kind of policy only; see unsettled.DENIAL_REPORTED_FIRST.
_FIELDS: Final = ("rcp", "scp", "resource", "identity", "boundary", "session")


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """The statements of a policy set whose Action covers one action, and the decision over them."""

    denies: tuple[Statement, ...]
    allows: tuple[Statement, ...]
    decide: Decide


@dataclass(frozen=True, slots=True)
class PolicySet:
    """All policies that apply to one request; None where no policy of that type is present, so that it does not limit.

    Several policies of one type count together: what any of them allows, the type allows.
    """

    identity: tuple[Policy, ...] = ()
    session: tuple[Policy, ...] | None = None
    boundary: tuple[Policy, ...] | None = None
    resource: tuple[Policy, ...] = ()
    scp: tuple[Policy, ...] | None = None
    rcp: tuple[Policy, ...] | None = None
    plans: dict[str, Plan] = field(default_factory=dict, init=False, compare=False, repr=False)

    def ordered(self) -> Iterator[Policy]:
        """Return every policy, in the order in which AWS names the kind that denies."""
        for name in _FIELDS:
            yield from getattr(self, name) or ()


@dataclass(frozen=True, slots=True)
class Support:
    """What speaks for a request: the kinds of policy that allow it, and how the resource's policies name the caller."""

    kinds: frozenset[PolicyKind]
    named: int


def decide(policies: PolicySet, request: Request) -> Outcome:
    """Return the decision.

    Raises UnderivableKeyError when it depends on a key that could not be derived; a key that decides nothing does not
    matter, in whatever order the policies stand.
    """
    plan = policies.plans.get(request.action_key) or plan_for(policies, request.action_key)
    try:
        return plan.decide(request)
    except UnderivableKeyError:
        return _settle(policies, plan, request)


def limiting_kind(  # noqa: PLR0911 - one return per step of the documented order
    policies: PolicySet, request: Request, support: Support
) -> PolicyKind | None:
    """Return the kind of policy for want of whose Allow the request is denied, or None when it is allowed."""
    allowing, named, caller = support.kinds, support.named, request.caller
    outside = request.outside_iam
    if policies.scp is not None and not outside and PolicyKind.SCP not in allowing:
        return PolicyKind.SCP
    if outside:
        return None if named else resource_kind(policies, request)
    if not request.crosses_accounts:
        if named & (Named.DIRECTLY | Named.EVERYBODY):
            return None
        if needs_grant(policies, request) and not named:
            return resource_kind(policies, request)
    # In its account, a grant to the role (or to the user behind a federated user) is as good as an identity policy.
    stands_in = caller.kind is CallerKind.ROOT or (named & Named.ISSUER and not request.crosses_accounts)
    if PolicyKind.IDENTITY not in allowing and not stands_in:
        return PolicyKind.IDENTITY
    if policies.boundary is not None and PolicyKind.BOUNDARY not in allowing:
        return PolicyKind.BOUNDARY
    # A federated user has no permissions but those its session policy passes on.
    limited = policies.session is not None or caller.kind is CallerKind.FEDERATED_USER
    if limited and PolicyKind.SESSION not in allowing:
        return PolicyKind.SESSION
    return resource_kind(policies, request) if request.crosses_accounts and not named else None


def needs_grant(policies: PolicySet, request: Request) -> bool:
    """Whether the resource's own policy must allow even in its account: always for a role's trust policy."""
    if request.needs_grant or not policies.resource:
        return request.needs_grant
    return any(policy.kind is PolicyKind.TRUST for policy in policies.resource)


def resource_kind(policies: PolicySet, request: Request) -> PolicyKind:
    """Return what the resource's own policy is called: a trust policy when it belongs to a role."""
    if any(policy.kind is PolicyKind.TRUST for policy in policies.resource):
        return PolicyKind.TRUST
    is_role = request.needs_grant and request.action_key.startswith("sts:")
    return PolicyKind.TRUST if is_role else PolicyKind.RESOURCE


NO_SUPPORT: Final = Support(frozenset(), Named.NOBODY)


def support_of(statements: Iterable[tuple[Statement, int]]) -> Support:
    """Return what Allow statements that apply amount to; each comes with how it names the caller."""
    kinds: set[PolicyKind] = set()
    named = Named.NOBODY
    for statement, name in statements:
        kinds.add(statement.kind)
        if statement.kind in {PolicyKind.RESOURCE, PolicyKind.TRUST}:
            named |= name
    return Support(frozenset(kinds), named)


def names(statement: Statement, request: Request) -> int:
    """Return how the statement names the caller; one without a Principal element is about whoever carries it."""
    return Named.DIRECTLY if statement.named is None else statement.named(request)


def plan_for(policies: PolicySet, action_key: str) -> Plan:
    """Return the plan for a lower-case action name, made once per policy set."""
    plan = policies.plans.get(action_key)
    if plan is None:
        if len(policies.plans) >= _CACHED_PLANS:
            policies.plans.clear()
        plan = policies.plans[action_key] = _plan(policies, action_key)
    return plan


def _plan(policies: PolicySet, action_key: str) -> Plan:
    splits = [policy.for_action(action_key) for policy in policies.ordered()]
    denies = tuple(statement for split in splits for statement in split[0])
    allows = tuple(statement for split in splits for statement in split[1])

    def general(request: Request) -> Outcome:
        for statement in denies:
            if names(statement, request) and statement.applies(request):
                return Outcome.EXPLICIT_DENY
        support = support_of(
            (statement, named)
            for statement in allows
            if (named := names(statement, request)) and statement.applies(request)
        )
        return Outcome.IMPLICIT_DENY if limiting_kind(policies, request, support) else Outcome.ALLOW

    if policies.resource or policies.rcp:
        return Plan(denies, allows, general)
    return Plan(denies, allows, _without_principals(policies, action_key, general))


def _without_principals(policies: PolicySet, action_key: str, general: Decide) -> Decide:
    """Return the short way for callers whom only their own policies limit, which is nearly every request."""
    kinds = (policies.identity, policies.scp, policies.boundary, policies.session)
    splits = [[policy.for_action(action_key) for policy in kind] for kind in kinds if kind is not None]
    denies = tuple(statement.applies for kind in splits for split in kind for statement in split[0])
    limits = tuple(tuple(statement.applies for split in kind for statement in split[1]) for kind in splits)
    if not denies and [len(kind) for kind in limits] == [1]:
        return _of_one_statement(limits[0][0], general)
    allow, explicit, implicit = Outcome.ALLOW, Outcome.EXPLICIT_DENY, Outcome.IMPLICIT_DENY

    def decision(request: Request) -> Outcome:
        if not request.limited_by_identity:
            return general(request)
        for applies in denies:
            if applies(request):
                return explicit
        for kind in limits:
            for applies in kind:
                if applies(request):
                    break
            else:
                return implicit
        return allow

    return decision


def _of_one_statement(applies: Test, general: Decide) -> Decide:
    allow, implicit = Outcome.ALLOW, Outcome.IMPLICIT_DENY

    def decision(request: Request) -> Outcome:
        if request.limited_by_identity:
            return allow if applies(request) else implicit
        return general(request)

    return decision


def _settle(policies: PolicySet, plan: Plan, request: Request) -> Outcome:
    """Return the decision if it is the same whatever the underivable keys hold, else raise for one of them."""
    certain: list[tuple[Statement, int]] = []
    possible: list[tuple[Statement, int]] = []
    unknown: UnderivableKeyError | None = None
    unknown_deny = False
    for statement in plan.denies + plan.allows:
        named = names(statement, request)
        if not named:
            continue
        try:
            applies = statement.applies(request)
        except UnderivableKeyError as error:
            unknown = error
            unknown_deny = unknown_deny or not statement.allows
            possible.append((statement, named))
            continue
        if applies and not statement.allows:
            return Outcome.EXPLICIT_DENY
        if applies:
            certain.append((statement, named))
    at_least = limiting_kind(policies, request, support_of(certain))
    at_most = limiting_kind(policies, request, support_of([*certain, *possible]))
    if unknown is not None and (unknown_deny or (at_least is None) != (at_most is None)):
        raise unknown
    return Outcome.ALLOW if at_least is None else Outcome.IMPLICIT_DENY
