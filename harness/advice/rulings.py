"""What advice needs of a decision: the policies that applied, the request with its context, and the answer."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from harness.policy import Outcome, UnderivableKeyError, decide

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.policy import Policy, PolicySet, Request


class Ruling(Protocol):
    """One decision that a target has taken; the embedded target's decisions are such."""

    @property
    def policies(self) -> PolicySet:
        """Return the policies that applied."""

    @property
    def request(self) -> Request:
        """Return the request, with its condition keys."""

    @property
    def allowed(self) -> bool:
        """Tell whether the request was allowed."""


class Edits:
    """Policies that are replaced, None where one is taken away, and what would be decided then."""

    def __init__(self, replaced: Mapping[Policy, Policy | None]) -> None:
        self.replaced = dict(replaced)
        self._sets: dict[int, tuple[PolicySet, PolicySet]] = {}

    def also(self, policy: Policy, by: Policy | None) -> Edits:
        """Return these edits and one more, of a policy as it is under these edits."""
        before = next((original for original, edited in self.replaced.items() if edited == policy), policy)
        return Edits({**self.replaced, before: by})

    def applied_to(self, policies: PolicySet) -> PolicySet:
        """Return the policies with the edits made; the same object where none of them is concerned."""
        known = self._sets.get(id(policies))
        if known is None or known[0] is not policies:
            known = self._sets[id(policies)] = (policies, self._edited(policies))
        return known[1]

    def allow(self, ruling: Ruling) -> bool:
        """Tell whether the request would be allowed; False where that cannot be said for want of a condition key."""
        return self._outcome(ruling) is Outcome.ALLOW

    def deny(self, ruling: Ruling) -> bool:
        """Tell whether the request would be denied; False where that cannot be said for want of a condition key."""
        return self._outcome(ruling) in (Outcome.EXPLICIT_DENY, Outcome.IMPLICIT_DENY)

    def _outcome(self, ruling: Ruling) -> Outcome | None:
        try:
            return decide(self.applied_to(ruling.policies), ruling.request)
        except UnderivableKeyError:
            return None

    def _edited(self, policies: PolicySet) -> PolicySet:
        if not any(policy in self.replaced for policy in policies.ordered()):
            return policies
        return replace(
            policies,
            identity=self._each(policies.identity) or (),
            session=self._each(policies.session),
            boundary=self._each(policies.boundary),
            resource=self._each(policies.resource) or (),
            scp=self._each(policies.scp),
            rcp=self._each(policies.rcp),
        )

    def _each(self, policies: tuple[Policy, ...] | None) -> tuple[Policy, ...] | None:
        # None does not limit; no policy of a kind that is there limits to nothing.
        if policies is None:
            return None
        edited = [self.replaced.get(policy, policy) for policy in policies]
        return tuple(policy for policy in edited if policy is not None)
