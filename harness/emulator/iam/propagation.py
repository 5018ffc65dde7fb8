"""IAM whose changes take a while to be seen by whoever decides, as on AWS (aws-semantics 6.7).

Reading IAM itself (GetRole, ListRoles) shows a change at once; policies, trust and unique ids are looked up in what is
visible. Access keys and sessions that were issued are known at once.
"""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING

from harness.emulator.iam.directory import Directories

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.emulator.clock import Clock
    from harness.emulator.iam.state import OidcProvider
    from harness.emulator.roles import StoredRole, StoredUser
    from harness.policy import Policy


class PropagatedIam(Directories):
    """The IAM of all accounts as it is visible now: at once, unless `delay_changes` was called."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock
        self._delay: Callable[[], float] | None = None
        # What is and will be visible, and from when on; the first entry is the one that counts now.
        self._views: list[tuple[float, Directories]] = []
        self._noted = 0

    def delay_changes(self, delay: Callable[[], float] | None) -> None:
        """Let every change from now on be visible only so many seconds later; None makes all visible at once.

        Changes become visible in their order. Time is the emulator's clock.
        """
        self._delay = delay
        self._views = [] if delay is None else [(self._clock.now(), self._frozen())]
        self._noted = super().generation

    def note_changes(self) -> None:
        """Take down what a call changed; to be called after every call that may change IAM."""
        if self._delay is None or self._noted == super().generation:
            return
        self._noted = super().generation
        visible = max(self._views[-1][0], self._clock.now() + self._delay())
        self._views.append((visible, self._frozen()))

    def clear(self) -> None:
        """Forget every account, at once."""
        super().clear()
        if self._delay is not None:
            self.delay_changes(self._delay)

    @property
    def generation(self) -> int:
        """A number that changes whenever what is visible changes."""
        seen = self._seen()
        return super().generation if seen is None else seen.generation

    def role(self, arn: str) -> StoredRole | None:
        """Return the role with this ARN as it is visible, or None."""
        seen = self._seen()
        return super().role(arn) if seen is None else seen.role(arn)

    def user(self, arn: str) -> StoredUser | None:
        """Return the IAM user with this ARN as it is visible, or None."""
        seen = self._seen()
        return super().user(arn) if seen is None else seen.user(arn)

    def session_policy(self, arn: str) -> Policy | None:
        """Return a managed policy as it is visible, as a session policy; None when there is none."""
        seen = self._seen()
        return super().session_policy(arn) if seen is None else seen.session_policy(arn)

    def oidc_provider(self, arn: str) -> OidcProvider | None:
        """Return the OIDC provider with this ARN as it is visible, or None."""
        seen = self._seen()
        return super().oidc_provider(arn) if seen is None else seen.oidc_provider(arn)

    def id_of(self, arn: str) -> str | None:
        """Return the unique id of the visible role or user that has this ARN, or None."""
        seen = self._seen()
        return super().id_of(arn) if seen is None else seen.id_of(arn)

    def arn_of(self, entity_id: str) -> str | None:
        """Return the ARN of the visible role or user with this unique id, or None."""
        seen = self._seen()
        return super().arn_of(entity_id) if seen is None else seen.arn_of(entity_id)

    def _seen(self) -> Directories | None:
        if not self._views:
            return None
        now = self._clock.now()
        while len(self._views) > 1 and self._views[1][0] <= now:
            del self._views[0]
        return self._views[0][1]

    def _frozen(self) -> Directories:
        return Directories(deepcopy(self._states), self._before)
