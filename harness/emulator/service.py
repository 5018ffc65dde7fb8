"""What a request is once its signature has been checked, and what a service answers: the seam inside the emulator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.emulator.principals import Principal

# The code of every refusal that is the emulator's own inability, never an answer AWS would give. The harness reads
# it as INCONCLUSIVE (design.md, "Targets").
NOT_DERIVABLE = "IsolationHarnessNotDerivable"


class ServiceError(Exception):
    """An error answer of a service: code, message and HTTP status as AWS gives them.

    `members` is what an error says beside its message, such as CancellationReasons or StringToSign.
    """

    def __init__(self, code: str, message: str, status: int = 400, members: Mapping[str, Any] | None = None) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.members = members or {}


class NotDerivableError(ServiceError):
    """The emulator does not know this operation, parameter or condition key, and refuses rather than guess."""

    def __init__(self, what: str) -> None:
        super().__init__(NOT_DERIVABLE, f"the embedded target does not know {what}; this is not an AWS answer", 501)


@dataclass(frozen=True, slots=True)
class Call:
    """One API call of a service whose state is our own (user pools, identity pools, STS).

    `principal` is None for an unsigned call. `params` is the decoded request with the API's own member names.
    """

    operation: str
    params: Mapping[str, Any]
    principal: Principal | None


class Authorizer(Protocol):
    """Decides whether a principal may perform an action on a resource; raises ServiceError AccessDenied* if not."""

    def __call__(
        self,
        principal: Principal | None,
        action: str,
        resource: str,
        context: Mapping[str, tuple[str, ...]] = ...,
    ) -> None:
        """Return when the call is allowed; raise a ServiceError worded as AWS words it when it is denied."""
