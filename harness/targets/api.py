"""What a call of an AWS API is and what came back of it, in words that no client library has a part in."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.secret import Secret


@dataclass(frozen=True, slots=True)
class AwsCredentials:
    """What a caller signs with. `session_token` is None for long-term keys. Nothing secret shows in the repr."""

    access_key_id: Secret
    secret_access_key: Secret
    session_token: Secret | None = None


@dataclass(frozen=True, slots=True)
class ApiRequest:
    """One API call: botocore's service name, the API's operation name, and its parameters."""

    service: str
    operation: str
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ApiResponse:
    """What came back. `error_code` is None when the call succeeded.

    `data` is the parsed answer, bodies read whole; of an error it is what that says beside its message. `headers` are
    there of the answers of routes alone, their names in lower case.
    Answers that never became an AWS answer (no connection, unreadable body) have the status 0.
    """

    status: int
    data: Mapping[str, Any]
    request_id: str
    error_code: str | None = None
    message: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def succeeded(self) -> bool:
        """Tell whether the call was performed."""
        return self.error_code is None
