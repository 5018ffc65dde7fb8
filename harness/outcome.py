"""What came back of an attempt, before it is held against the contract."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from harness.targets.api import ApiResponse

_NAMED = re.compile(
    r"is not authorized to perform: (?P<action>[\w-]+:[\w*]+)(?: on resource: \"?(?P<resource>[^\s\"]+))?"
)
_DENIED_BY_IAM = "AccessDeniedException"
# The codes by which each service says that authorization refused the call (aws-semantics 6.4 and 3.7).
_REFUSED = {
    "dynamodb": frozenset({"AccessDeniedException"}),
    "s3": frozenset({"AccessDenied", "403"}),
    "sts": frozenset({"AccessDenied"}),
    "lambda": frozenset({"AccessDeniedException"}),
    "iam": frozenset({"AccessDenied"}),
    # By the rules of Cognito itself, in words that each technique names, or by IAM where the call is signed.
    "cognito-identity": frozenset({"NotAuthorizedException", "InvalidParameterException", _DENIED_BY_IAM}),
    "cognito-idp": frozenset(
        {
            "AliasExistsException",
            "InvalidParameterException",
            "NotAuthorizedException",
            "UserLambdaValidationException",
            "UserNotConfirmedException",
            "UsernameExistsException",
            _DENIED_BY_IAM,
        }
    ),
    # A route is refused by its authorizer, or by the function behind it (aws-semantics section 8).
    "execute-api": frozenset(
        {
            "401",
            "403",
            "AccessDeniedException",
            "ForbiddenException",
            "MissingAuthenticationTokenException",
            "UnauthorizedException",
        }
    ),
}
# A role's trust policy refused the identity pool: an own session withheld, but never proof of isolation.
_TRUST_REFUSED = "InvalidIdentityPoolConfigurationException"
# Credentials are too old, which is a refusal for techniques alone that are about their age.
_EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException"})
_IDENTITY_SERVICES = frozenset({"cognito-identity", "cognito-idp"})


class Outcome(StrEnum):
    """The four things that can come back."""

    REFUSED = "refused"
    ALLOWED = "allowed"
    CROSSED = "crossed"
    TROUBLE = "trouble"


@dataclass(frozen=True, slots=True)
class Observation:
    """An outcome with the sentence that says why it was read that way."""

    outcome: Outcome
    reason: str


class Readable(Protocol):
    """What the answer to a request is read by; techniques have it (`attacks.technique`), and calls of probes."""

    @property
    def operation(self) -> str:
        """What the request is called in reasons."""

    @property
    def actions(self) -> tuple[str, ...]:
        """The IAM actions that a refusal may name."""

    @property
    def refusals(self) -> tuple[str, ...]:
        """Patterns of the messages by which Cognito refuses."""

    @property
    def passes(self) -> tuple[str, ...]:
        """Patterns of `Code: message`, of errors that are met only behind authorization."""

    @property
    def reads(self) -> Callable[[ApiResponse], Outcome | None] | None:
        """What says of the answer what it means, where success and failure do not tell."""


def observe(technique: Readable, service: str, response: ApiResponse, *, control: bool) -> Observation:
    """Read the answer to the attempt itself: refused by authorization, allowed, or trouble.

    A refused attack counts only when it is worded as authorization words it and, where it names an action, names one
    that the technique asks for. An error that the technique names as one behind authorization means that it was
    allowed; everything else that failed is trouble (attacks catalogue, x-deny-for-the-wrong-reason). A control that is
    refused any action it needs is refused.
    """
    read = technique.reads(response) if technique.reads is not None and not control else None
    if read is not None:
        meaning = "gives nothing away" if read is Outcome.REFUSED else "gives away what it should not"
        return Observation(read, f"the answer, {response.error_code or 'success'}, {meaning}")
    return _observed(technique, service, response, control=control)


def _observed(technique: Readable, service: str, response: ApiResponse, *, control: bool) -> Observation:
    if response.succeeded:
        return _observe_success(technique, response)
    told = f"{response.error_code}: {response.message}"
    if any(re.search(pattern, told) for pattern in technique.passes):
        return Observation(Outcome.ALLOWED, f"{technique.operation} passed authorization and met {response.error_code}")
    return _observe_failure(technique, service, response, control=control)


def _observe_failure(technique: Readable, service: str, response: ApiResponse, *, control: bool) -> Observation:
    withheld = control and response.error_code == _TRUST_REFUSED
    if withheld or (response.error_code in _EXPIRED and _in_words_of(technique, response)):
        return Observation(Outcome.REFUSED, response.message)
    if response.error_code not in _REFUSED.get(service, frozenset()):
        return Observation(Outcome.TROUBLE, f"{response.error_code}: {response.message}".strip(": "))
    if service in _IDENTITY_SERVICES and response.error_code != _DENIED_BY_IAM:
        return _observe_refusal(technique, response)
    return _observe_denial(technique, response, control=control)


def _observe_refusal(technique: Readable, response: ApiResponse) -> Observation:
    """Read what Cognito itself refuses, which it does for many reasons."""
    if _in_words_of(technique, response):
        return Observation(Outcome.REFUSED, response.message)
    return Observation(Outcome.TROUBLE, f"refused for a reason that proves nothing: {response.message}")


def _in_words_of(technique: Readable, response: ApiResponse) -> bool:
    """Tell whether the refusal is one in the words that the technique names."""
    return any(re.search(pattern, response.message) for pattern in technique.refusals)


def _observe_denial(technique: Readable, response: ApiResponse, *, control: bool) -> Observation:
    named = _NAMED.search(response.message)
    if named is not None and named["action"] not in technique.actions and not control:
        wanted = " or ".join(technique.actions)
        return Observation(Outcome.TROUBLE, f"the refusal names {named['action']}, while the attempt needs {wanted}")
    return Observation(Outcome.REFUSED, _without_names(response.message or str(response.error_code)))


def _observe_success(technique: Readable, response: ApiResponse) -> Observation:
    left_over = [name for name in ("UnprocessedKeys", "UnprocessedItems") if response.data.get(name)]
    if left_over:
        return Observation(Outcome.TROUBLE, f"the target left {left_over[0]} behind, as it does when throttling")
    errors = [*(response.data.get("Errors") or []), *_errors_of_statements(response.data.get("Responses"))]
    if any(error.get("Code") != "AccessDenied" for error in errors):
        return Observation(Outcome.TROUBLE, f"part of the call failed with {errors[0].get('Code')}")
    if errors:
        return Observation(Outcome.REFUSED, f"{technique.operation} answered AccessDenied for the key")
    return Observation(Outcome.ALLOWED, f"{technique.operation} was allowed")


def _errors_of_statements(responses: object) -> list[dict[str, str]]:
    """Return the errors of single statements of BatchExecuteStatement; other batches answer by table."""
    return [each["Error"] for each in responses if "Error" in each] if isinstance(responses, list) else []


def _without_names(message: str) -> str:
    # Records are the same for the same seed, so the names that a target made up are left out of reasons.
    tail = re.search(r"(because no .*|with an explicit deny .*)$", message)
    return tail[1] if tail else "AccessDenied"


def searchable(responses: Iterable[ApiResponse]) -> bytes:
    """Return everything the answers hold as one text, in which canaries are looked for.

    Error messages do not count: they may echo what the request itself named.
    """
    return b"\n".join(json.dumps(response.data, default=_readable).encode() for response in responses)


def holds(text: bytes, marker: str) -> bool:
    """Tell whether a canary stands in the text, in plain or in base64 of whatever it is a part of."""
    return any(spelling in text for spelling in _spellings(marker))


@lru_cache(maxsize=4096)
def _spellings(marker: str) -> tuple[bytes, ...]:
    plain = marker.encode()
    # Base64 depends on where the marker begins; digits that also hold bits of its neighbours are left out.
    encoded = (base64.b64encode(bytes(before) + plain) for before in range(3))
    inner = (digits[-(-before * 8 // 6) : (before + len(plain)) * 8 // 6] for before, digits in enumerate(encoded))
    return plain, *inner


def _readable(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
