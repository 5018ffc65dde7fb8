"""Steps that are not sent with the attacker's own credentials."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from harness.errors import TargetError
from harness.sessions import credentials_from

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.sessions import Session
    from harness.targets.api import ApiRequest, AwsCredentials
    from harness.targets.http import RouteCall


@dataclass(frozen=True, slots=True)
class ObtainedCall:
    """An API call that is signed with credentials out of the answer before it."""

    request: ApiRequest
    credentials: AwsCredentials

    @classmethod
    def from_answer(cls, answer: Mapping[str, Any], request: ApiRequest) -> Self:
        """Return the call with the credentials in an answer. Raises TargetError when there are none."""
        credentials = credentials_from(answer)
        if credentials is None:
            raise TargetError("the answer holds no credentials, although it was no refusal")
        return cls(request, credentials)


@dataclass(frozen=True, slots=True)
class ByOperator:
    """An API call that the operator makes in place of something no API does, such as following the link in a mail."""

    request: ApiRequest


@dataclass(frozen=True, slots=True)
class BySomebody:
    """A call that somebody else than the attacker makes, with a session of its own."""

    request: ApiRequest | RouteCall
    session: Session


@dataclass(frozen=True, slots=True)
class Later:
    """A call with obtained credentials, made so many seconds later. Only where the target can travel in time."""

    call: ObtainedCall
    seconds: float

    @property
    def request(self) -> ApiRequest:
        """Return what is asked."""
        return self.call.request
