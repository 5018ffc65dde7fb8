"""The answers of API Gateway itself, without the function behind a route (aws-semantics section 8)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from harness.emulator.apis.apis import ApiKind
from harness.emulator.unconfirmed import apis as unconfirmed
from harness.emulator.wire import Reply

if TYPE_CHECKING:
    from collections.abc import Mapping

_REST_ERROR_TYPES = {
    401: "UnauthorizedException",
    403: "ForbiddenException",
    500: "InternalServerErrorException",
    502: "InternalServerErrorException",
    504: "GatewayTimeoutException",
}


class ApiRefusal(Exception):  # noqa: N818  it is an answer, not an error of ours
    """Raised where API Gateway answers instead of the function; `reply` is the answer."""

    def __init__(self, status: int, body: Mapping[str, str | None], headers: Mapping[str, str] | None = None) -> None:
        super().__init__(f"HTTP {status}")
        content = {"Content-Type": "application/json"}
        self.reply = Reply(status, {**content, **(headers or {})}, json.dumps(body, separators=(",", ":")).encode())


def refusal(kind: ApiKind, status: int, message: str | None, error_type: str | None = None) -> ApiRefusal:
    """Return a refusal with the body `{"message": ...}`; REST APIs name the exception in a header."""
    if kind is ApiKind.HTTP:
        return ApiRefusal(status, {"message": message})
    return ApiRefusal(status, {"message": message}, {"x-amzn-ErrorType": error_type or _REST_ERROR_TYPES[status]})


def unauthorized(kind: ApiKind) -> ApiRefusal:
    """Return the refusal of a request without credentials, or with wrong ones."""
    return refusal(kind, 401, "Unauthorized")


def bearer_refusal(status: int, message: str, scopes: tuple[str, ...], error: str, description: str) -> ApiRefusal:
    """Return the refusal of a token by a JWT authorizer, with the reason in `www-authenticate`."""
    challenge = f'Bearer scope="{" ".join(scopes)}" error="{error}" error_description="{description}"'
    return ApiRefusal(status, {"message": message}, {"www-authenticate": challenge})


def missing_bearer() -> ApiRefusal:
    """Return what a JWT authorizer answers where there is no token at all."""
    return ApiRefusal(401, {"message": "Unauthorized"}, {"www-authenticate": "Bearer"})


def no_route(kind: ApiKind) -> ApiRefusal:
    """Return the refusal of a path or method that the stage does not have."""
    if kind is ApiKind.HTTP:
        return refusal(kind, 404, unconfirmed.HTTP_API_NOT_FOUND)
    return missing_signature(kind)


def missing_signature(kind: ApiKind) -> ApiRefusal:
    """Return the refusal of a request that should have been signed."""
    if kind is ApiKind.HTTP:
        return refusal(kind, 403, "Forbidden")
    return refusal(kind, 403, "Missing Authentication Token", "MissingAuthenticationTokenException")


def internal_error(kind: ApiKind) -> ApiRefusal:
    """Return the answer where API Gateway could not call the function."""
    return refusal(kind, 500, unconfirmed.INTERNAL_ERROR[kind.value])


def bad_integration(kind: ApiKind) -> ApiRefusal:
    """Return the answer where the function failed, or answered in a form that is no HTTP answer."""
    return refusal(kind, unconfirmed.FUNCTION_FAILED_STATUS[kind.value], unconfirmed.INTERNAL_ERROR[kind.value])


def authorizer_failed(kind: ApiKind) -> ApiRefusal:
    """Return the answer where a Lambda authorizer could not be called, failed or answered nonsense."""
    if kind is ApiKind.HTTP:
        return internal_error(kind)
    return refusal(kind, 500, None, "AuthorizerConfigurationException")
