"""The one place where the embedded target asks the policy engine about an API call, and words the refusal."""

from __future__ import annotations

from collections import OrderedDict
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from harness.emulator.authorization_check import AuthorizationCheck
from harness.emulator.condition_keys import keys_of
from harness.emulator.global_keys import keys_of_request, underivable_keys
from harness.emulator.roles import known_caller, role_tag_keys
from harness.emulator.service import NotDerivableError, ServiceError
from harness.policy import Outcome, PolicySet, Request, UnderivableKeyError, decide, explain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from harness.emulator.clock import Clock
    from harness.emulator.iam.directory import Directories
    from harness.emulator.principals import Principal
    from harness.emulator.roles import KnownCaller
    from harness.policy import Explanation, Policy

_KEPT_DECISIONS = 4096
_KEPT_POLICY_SETS = 1024
# Who nobody is to a policy (IAM pages "Policy variables" and "Global condition context keys").
_NOBODY = {
    "aws:userid": ("anonymous",),
    "aws:principaltype": ("Anonymous",),
    "aws:principalaccount": ("anonymous",),
}
_NO_POLICIES = PolicySet()
# The status of AccessDeniedException; services that are not named here answer AccessDenied with 403.
_ACCESS_DENIED_EXCEPTION = {
    "dynamodb": 400,
    "cognito-idp": 400,
    "cognito-identity": 400,
    "lambda": 403,
    "apigateway": 403,
    "execute-api": 403,
}


class Enforcement(StrEnum):
    """How the embedded target enforces IAM. The two switches exist for the proof: both must turn the suites red."""

    NORMAL = "normal"
    ALLOW_ALL = "allow-all"
    DENY_ALL = "deny-all"


@dataclass(frozen=True, slots=True)
class Decision:
    """One answer of the policy engine, kept with its question so that it can be explained when somebody asks."""

    policies: PolicySet
    request: Request
    allowed: bool

    def explanation(self) -> Explanation:
        """Return the full explanation of the decision that was taken."""
        return explain(self.policies, self.request)


class DecisionLog:
    """The decisions behind the latest calls, by request id, oldest forgotten first."""

    def __init__(self) -> None:
        self._by_request: OrderedDict[str, tuple[Decision, ...]] = OrderedDict()
        self._current: ContextVar[list[Decision] | None] = ContextVar("decisions of the current call", default=None)

    @contextmanager
    def recording(self, request_id: str) -> Iterator[None]:
        """Keep every decision noted in the block, in this thread, as one of the call with this request id."""
        taken: list[Decision] = []
        before = self._current.set(taken)
        try:
            yield
        finally:
            self._current.reset(before)
            self._by_request[request_id] = tuple(taken)
            if len(self._by_request) > _KEPT_DECISIONS:
                self._by_request.popitem(last=False)

    def forget(self) -> None:
        """Forget every decision."""
        self._by_request.clear()

    def note(self, decision: Decision) -> None:
        """Keep a decision for the call being recorded, if any."""
        taken = self._current.get()
        if taken is not None:
            taken.append(decision)

    def request_ids(self) -> tuple[str, ...]:
        """Return the request ids of the calls whose decisions are kept, the oldest first."""
        return tuple(self._by_request)

    def of(self, request_id: str) -> tuple[Decision, ...]:
        """Return the decisions taken for a call; empty when it needed none or was long ago."""
        return self._by_request.get(request_id, ())


class Authorizer:
    """Decides the calls of one embedded cloud, whichever of its accounts they come from and go to."""

    def __init__(self, directories: Directories, clock: Clock, log: DecisionLog) -> None:
        self._directories = directories
        self._clock = clock
        self._log = log
        self._callers: dict[int, tuple[int, Principal, KnownCaller]] = {}
        self._joined: dict[tuple[int, int], tuple[PolicySet, tuple[Policy, ...], PolicySet]] = {}
        self.enforcement = Enforcement.NORMAL
        self.exempt_arns: set[str] = set()

    def within(self, account: str, region: str) -> ScopedAuthorizer:
        """Return the authorizer as the services of one account in one Region ask it."""
        return ScopedAuthorizer(self, account, region)

    def require(self, principal: Principal | None, check: AuthorizationCheck, account: str, region: str) -> None:
        """Return when the principal may do it; raise the denial as a ServiceError otherwise.

        `account` and `region` are where the call was sent. Raises NotDerivableError when the answer depends on a
        condition key that could not be derived.
        """
        service = check.action.partition(":")[0]
        owner = check.resource_account or account
        if principal is None:
            self._require_for_anybody(check, owner, region)
            return
        # What a resource's policy denies, it denies to the root user too.
        if principal.is_root and principal.account == owner and not check.resource_policies:
            return
        if self._switched(principal, service, check.action, check.resource):
            return
        caller = self._known(principal)
        policies = caller.policies
        if check.resource_policies:
            policies = self._with_resource(policies, check.resource_policies)
        request = Request(
            principal=caller.arn,
            action=check.action,
            resource=check.resource,
            context={
                **caller.keys,
                **keys_of_request(self._clock.now(), region, owner),
                **self._keys_of_passed_role(check),
                **check.context,
            },
            resource_account=owner,
            underivable=check.underivable
            | underivable_keys(principal)
            | keys_of(check.action).missing_from(check.context),
            issuer=caller.issuer,
        )
        decision = self._decide(policies, request)
        if not decision.allowed:
            if service == "s3" and principal.account != owner:
                # S3 tells its reasons within one account only (aws-semantics 2.3).
                raise _plain_denial()
            raise _denial(service, principal.arn, check.action, check.resource, decision.explanation().sentence)

    def _require_for_anybody(self, check: AuthorizationCheck, owner: str, region: str) -> None:
        """Return when the policies of the resource let anybody do it; nothing else can speak for nobody."""
        if not check.resource_policies or self.enforcement is not Enforcement.NORMAL:
            raise _plain_denial()
        request = Request(
            principal="*",
            action=check.action,
            resource=check.resource,
            context={**_NOBODY, **keys_of_request(self._clock.now(), region, owner), **check.context},
            resource_account=owner,
            underivable=check.underivable | underivable_keys(None) | keys_of(check.action).missing_from(check.context),
        )
        if not self._decide(self._with_resource(_NO_POLICIES, check.resource_policies), request).allowed:
            raise _plain_denial()

    def _with_resource(self, policies: PolicySet, resource: tuple[Policy, ...]) -> PolicySet:
        # Kept, because a policy set remembers the plan of every action it was asked about.
        known = (id(policies), id(resource))
        kept = self._joined.get(known)
        if kept is None or kept[0] is not policies or kept[1] is not resource:
            if len(self._joined) >= _KEPT_POLICY_SETS:
                self._joined.clear()
            kept = self._joined[known] = (policies, resource, replace(policies, resource=resource))
        return kept[2]

    def decides_trust(self, policies: PolicySet, request: Request) -> bool:
        """Tell whether a role may be assumed; asked by STS, whose refusals name no reason."""
        if self.enforcement is not Enforcement.NORMAL and request.principal not in self.exempt_arns:
            return self.enforcement is Enforcement.ALLOW_ALL
        return self._decide(policies, request).allowed

    def decides_for_service(self, policies: PolicySet, request: Request) -> bool:
        """Tell whether an AWS service may do something; the switches of enforcement are for people and their roles."""
        return self._decide(policies, request).allowed

    def _decide(self, policies: PolicySet, request: Request) -> Decision:
        try:
            allowed = decide(policies, request) is Outcome.ALLOW
        except UnderivableKeyError as error:
            raise NotDerivableError(f"the condition key {error.key} for {request.action}") from None
        decision = Decision(policies, request, allowed)
        self._log.note(decision)
        return decision

    def _switched(self, principal: Principal, service: str, action: str, resource: str) -> bool:
        if self.enforcement is Enforcement.NORMAL or principal.arn in self.exempt_arns:
            return False
        if self.enforcement is Enforcement.DENY_ALL:
            sentence = f"because no identity-based policy allows the {action} action"
            raise _denial(service, principal.arn, action, resource, sentence)
        return True

    def _keys_of_passed_role(self, check: AuthorizationCheck) -> dict[str, tuple[str, ...]]:
        """Return the tags of a role that is passed: each service asks about iam:PassRole, none of them knows IAM."""
        role = self._directories.role(check.resource) if check.action.lower() == "iam:passrole" else None
        return {} if role is None else role_tag_keys(role)

    def _known(self, principal: Principal) -> KnownCaller:
        generation = self._directories.generation
        cached = self._callers.get(id(principal))
        if cached is not None and cached[0] == generation and cached[1] is principal:
            return cached[2]
        known = known_caller(self._directories, principal)
        self._callers[id(principal)] = (generation, principal, known)
        return known


@dataclass(frozen=True, slots=True)
class ScopedAuthorizer:
    """The authorizer of calls that were sent to one account and Region."""

    authorizer: Authorizer
    account: str
    region: str

    def __call__(
        self,
        principal: Principal | None,
        action: str,
        resource: str,
        context: Mapping[str, tuple[str, ...]] | None = None,
    ) -> None:
        """Return when the principal may perform the action; raise the denial as a ServiceError otherwise."""
        self.require_all(principal, [AuthorizationCheck(action, resource, context or {})])

    def require_all(self, principal: Principal | None, checks: Iterable[AuthorizationCheck]) -> None:
        """Return when every check is allowed; raise the first denial otherwise, before anything was touched."""
        for check in checks:
            self.authorizer.require(principal, check, self.account, self.region)


def _plain_denial() -> ServiceError:
    return ServiceError("AccessDenied", "Access Denied", 403)


def _denial(service: str, arn: str, action: str, resource: str, sentence: str) -> ServiceError:
    # S3 puts the resource in double quotes, the others do not (aws-semantics 2.3 and 1.4).
    quoted = f'"{resource}"' if service == "s3" else resource
    message = f"User: {arn} is not authorized to perform: {action} on resource: {quoted} {sentence}".rstrip()
    if service in _ACCESS_DENIED_EXCEPTION:
        return ServiceError("AccessDeniedException", message, _ACCESS_DENIED_EXCEPTION[service])
    return ServiceError("AccessDenied", message, 403)
