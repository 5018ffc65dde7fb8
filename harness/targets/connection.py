"""What a remote target is reached by, once it is known that it may be attacked."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from harness.errors import TargetError
from harness.targets.remote import RemoteTarget

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.targets.api import ApiResponse, AwsCredentials
    from harness.targets.limits import RunLimits
    from harness.targets.pace import Pace
    from harness.targets.remote import Place


@dataclass(frozen=True)
class Connection:
    """A place, and who provisions there: `operator` gives the credentials, `operator_arn` is who signs with them.

    `alias` is the name of the account, empty where it has none.
    """

    place: Place
    operator: Callable[[], AwsCredentials] = field(repr=False)
    operator_arn: str
    alias: str = ""

    @property
    def is_root(self) -> bool:
        """Tell whether the operator is the root user, who can do anything but assume roles."""
        return self.operator_arn.endswith(":root")

    def target(
        self, *, pace: Pace | None = None, limits: RunLimits | None = None, settling_seconds: float = 0.0
    ) -> RemoteTarget:
        """Return the target, as this process uses it."""
        return RemoteTarget(
            self.place,
            self.operator,
            self.operator_arn,
            pace=pace,
            limits=limits,
            settling_seconds=settling_seconds,
        )


def caller_of(answer: ApiResponse) -> tuple[str, str]:
    """Return account and ARN of what GetCallerIdentity answered. Raises TargetError when it says neither."""
    account, arn = str(answer.data.get("Account") or ""), str(answer.data.get("Arn") or "")
    if not account or not arn:
        raise TargetError("GetCallerIdentity answered without an account and an ARN; the endpoint is not like AWS")
    return account, arn
