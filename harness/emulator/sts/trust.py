"""Whether a role may be assumed: its trust policy, and for callers of AWS their own policies (aws-semantics 5.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.emulator.faults import Fault
from harness.emulator.global_keys import keys_of_request, underivable_keys
from harness.emulator.roles import known_caller, role_tag_keys
from harness.emulator.service import NotDerivableError
from harness.policy import Outcome, PolicySet, Request, UnderivableKeyError, decide

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from harness.emulator.clock import Clock
    from harness.emulator.principals import Principal
    from harness.emulator.roles import RoleDirectory, StoredRole


def engine_decides(policies: PolicySet, request: Request) -> bool:
    """Tell whether policies allow a request; raises NotDerivableError where that depends on an unknown key."""
    try:
        return decide(policies, request) is Outcome.ALLOW
    except UnderivableKeyError as error:
        raise NotDerivableError(f"the condition key {error.key} for {request.action}") from None


class RoleTrust:
    """Asks the policies about assuming roles. `faults` is asked every time, so it may change between calls."""

    def __init__(
        self,
        clock: Clock,
        region: str,
        roles: RoleDirectory,
        faults: Collection[Fault],
        decides: Callable[[PolicySet, Request], bool],
    ) -> None:
        self._clock = clock
        self._region = region
        self._roles = roles
        self._faults = faults
        self._decides = decides

    def lets_caller(
        self, caller: Principal, role: StoredRole, action: str, context: Mapping[str, tuple[str, ...]]
    ) -> bool:
        """Tell whether a caller with AWS credentials may perform the action on the role."""
        known = known_caller(self._roles, caller)
        policies = PolicySet(
            identity=known.policies.identity,
            boundary=known.policies.boundary,
            session=known.policies.session,
            resource=(role.trust,),
        )
        return self._allows(policies, known.arn, known.keys, caller, role, action, context)

    def lets_outsider(self, name: str, role: StoredRole, action: str, context: Mapping[str, tuple[str, ...]]) -> bool:
        """Tell whether a service, or the bearer of a provider's token, may do it: the role's trust alone decides."""
        return self._allows(PolicySet(resource=(role.trust,)), name, {}, None, role, action, context)

    def _allows(
        self,
        policies: PolicySet,
        principal: str,
        principal_keys: Mapping[str, tuple[str, ...]],
        caller: Principal | None,
        role: StoredRole,
        action: str,
        context: Mapping[str, tuple[str, ...]],
    ) -> bool:
        if Fault.SKIP_TRUST_POLICY in self._faults:
            return True
        request = Request(
            principal=principal,
            action=action,
            resource=role.arn,
            context={
                **principal_keys,
                **keys_of_request(self._clock.now(), self._region, role.account),
                **role_tag_keys(role),
                **context,
            },
            resource_account=role.account,
            underivable=underivable_keys(caller),
        )
        return self._decides(policies, request)
