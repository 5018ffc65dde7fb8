"""The one place where the embedded target asks the policy engine about an API call, and words the refusal."""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from harness.emulator.service import NotDerivableError, ServiceError
from harness.policy import Outcome, PolicySet, Request, UnderivableKeyError, decide, explain

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from harness.emulator.authorization_check import AuthorizationCheck
    from harness.emulator.clock import Clock
    from harness.emulator.iam_directory import IamDirectory
    from harness.emulator.principals import Principal
    from harness.policy import Explanation

# Global condition keys that AWS may set on requests like these, and that depend on a network, an organization or an
# MFA device, none of which is here.
_GLOBAL_UNDERIVABLE = frozenset(
    {
        "aws:multifactorauthage",
        "aws:principalorgid",
        "aws:principalorgpaths",
        "aws:referer",
        "aws:resourceorgid",
        "aws:resourceorgpaths",
        "aws:sourceip",
        "aws:sourcevpc",
        "aws:sourcevpcarn",
        "aws:sourcevpce",
        "aws:useragent",
        "aws:vpceaccount",
        "aws:vpceorgid",
        "aws:vpceorgpaths",
        "aws:vpcsourceip",
    }
)
# Absent for long-term keys; what a session holds depends on how its first caller signed in.
_SESSION_UNDERIVABLE = _GLOBAL_UNDERIVABLE | {"aws:multifactorauthpresent"}
_KEPT_DECISIONS = 4096
_ACCESS_DENIED_EXCEPTION = frozenset({"dynamodb", "cognito-idp", "cognito-identity"})


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

    def record(self, request_id: str, decisions: tuple[Decision, ...]) -> None:
        """Keep the decisions of one call."""
        self._by_request[request_id] = decisions
        if len(self._by_request) > _KEPT_DECISIONS:
            self._by_request.popitem(last=False)

    def of(self, request_id: str) -> tuple[Decision, ...]:
        """Return the decisions taken for a call; empty when it needed none or was long ago."""
        return self._by_request.get(request_id, ())


class Authorizer:
    """Decides calls for one embedded cloud."""

    def __init__(self, directory: IamDirectory, clock: Clock, region: str, account: str) -> None:
        self._directory = directory
        self._clock = clock
        self._region = region
        self._account = account
        self._policy_sets: dict[int, tuple[int, Principal, PolicySet]] = {}
        self.enforcement = Enforcement.NORMAL
        self.exempt_arns: set[str] = set()
        self.taken: list[Decision] = []

    def __call__(
        self,
        principal: Principal | None,
        action: str,
        resource: str,
        context: Mapping[str, tuple[str, ...]] | None = None,
    ) -> None:
        """Return when the principal may perform the action; raise the denial as a ServiceError otherwise."""
        self.require(principal, action, resource, context or {}, frozenset())

    def require_all(self, principal: Principal | None, checks: Iterable[AuthorizationCheck]) -> None:
        """Return when every check is allowed; raise the first denial otherwise, before anything was touched."""
        for check in checks:
            self.require(principal, check.action, check.resource, check.context, check.underivable)

    def require(
        self,
        principal: Principal | None,
        action: str,
        resource: str,
        context: Mapping[str, tuple[str, ...]],
        underivable: frozenset[str],
    ) -> None:
        """Ask one question. Raises NotDerivableError when the answer depends on a key that could not be derived."""
        service = action.partition(":")[0]
        if principal is None:
            # No resource policy is stored in this cut, so nothing can speak for an anonymous caller.
            raise ServiceError("AccessDenied", "Access Denied", 403)
        if principal.arn == f"arn:aws:iam::{self._account}:root" or self._switched(
            principal, service, action, resource
        ):
            return
        policies = self._policies_of(principal)
        request = Request(
            principal=principal.arn,
            action=action,
            resource=resource,
            context={**principal.context, **self._global_context(principal), **context},
            resource_account=self._account,
            underivable=underivable
            | (_SESSION_UNDERIVABLE if ":assumed-role/" in principal.arn else _GLOBAL_UNDERIVABLE),
        )
        decision = self._decide(policies, request)
        if not decision.allowed:
            raise _denial(service, principal.arn, action, resource, decision.explanation().sentence)

    def decides_trust(self, policies: PolicySet, request: Request) -> bool:
        """Tell whether a role may be assumed; asked by STS, whose refusals name no reason."""
        if self.enforcement is not Enforcement.NORMAL and request.principal not in self.exempt_arns:
            return self.enforcement is Enforcement.ALLOW_ALL
        return self._decide(policies, request).allowed

    def _decide(self, policies: PolicySet, request: Request) -> Decision:
        try:
            allowed = decide(policies, request) is Outcome.ALLOW
        except UnderivableKeyError as error:
            raise NotDerivableError(f"the condition key {error.key} for {request.action}") from None
        decision = Decision(policies, request, allowed)
        self.taken.append(decision)
        return decision

    def _switched(self, principal: Principal, service: str, action: str, resource: str) -> bool:
        if self.enforcement is Enforcement.NORMAL or principal.arn in self.exempt_arns:
            return False
        if self.enforcement is Enforcement.DENY_ALL:
            sentence = f"because no identity-based policy allows the {action} action"
            raise _denial(service, principal.arn, action, resource, sentence)
        return True

    def _policies_of(self, principal: Principal) -> PolicySet:
        generation = self._directory.generation
        cached = self._policy_sets.get(id(principal))
        if cached is not None and cached[0] == generation and cached[1] is principal:
            return cached[2]
        role, user = self._directory.role(principal.owner_arn), self._directory.user(principal.owner_arn)
        owner = role or user
        # IAM knows principals by their unique ids: a role or user made again under the name of a deleted one is
        # another, and what was issued before has no permissions left.
        owner_id = role.role_id if role is not None else None if user is None else user.user_id
        policies = (
            PolicySet(session=principal.session_policies)
            if owner is None or owner_id != principal.user_id.partition(":")[0]
            else PolicySet(
                identity=owner.identity_policies, boundary=owner.boundary, session=principal.session_policies
            )
        )
        self._policy_sets[id(principal)] = (generation, principal, policies)
        return policies

    def _global_context(self, principal: Principal) -> dict[str, tuple[str, ...]]:
        now = self._clock.now()
        return {
            "aws:currenttime": (time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now)),),
            "aws:epochtime": (str(int(now)),),
            "aws:securetransport": ("true",),
            "aws:viaawsservice": ("false",),
            "aws:principalisawsservice": ("false",),
            "aws:requestedregion": (self._region,),
            "aws:principalaccount": (principal.account,),
            "aws:resourceaccount": (self._account,),
        }


def _denial(service: str, arn: str, action: str, resource: str, sentence: str) -> ServiceError:
    # S3 puts the resource in double quotes, the others do not (aws-semantics 2.3 and 1.4).
    quoted = f'"{resource}"' if service == "s3" else resource
    message = f"User: {arn} is not authorized to perform: {action} on resource: {quoted} {sentence}".rstrip()
    if service in _ACCESS_DENIED_EXCEPTION:
        return ServiceError("AccessDeniedException", message, 400)
    return ServiceError("AccessDenied", message, 403)
