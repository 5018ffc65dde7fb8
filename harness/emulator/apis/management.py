"""What managing an API asks of IAM, and what both generations of API Gateway know of functions and authorizers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from harness.emulator.authorization_check import AuthorizationCheck
from harness.emulator.checked_operations import CheckedOperation
from harness.emulator.rest_requests import rest_service
from harness.emulator.service import NotDerivableError, ServiceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from harness.emulator.service import Call

# Condition keys that API Gateway defines for calls that change an API, and that are not worked out here (Service
# Authorization Reference, "Amazon API Gateway Management" and "... Management V2").
_UNDERIVABLE = frozenset(
    f"apigateway:{place}/{key}"
    for place in ("request", "resource")
    for key in (
        "accessloggingdestination",
        "accessloggingformat",
        "apikeyrequired",
        "apiname",
        "authorizertype",
        "authorizeruri",
        "disableexecuteapiendpoint",
        "endpointtype",
        "mtlstruststoreuri",
        "mtlstruststoreversion",
        "routeauthorizationtype",
        "securitypolicy",
        "stagename",
    )
)
_FUNCTION = re.compile(r"arn:aws:lambda:[a-z0-9-]+:\d{12}:function:[a-zA-Z0-9-_]+(?::\$LATEST)?")
_INVOCATIONS = re.compile(r"arn:aws:apigateway:[a-z0-9-]+:lambda:path/2015-03-31/functions/(.+)/invocations")

Perform = "Callable[[Call], Mapping[str, Any]]"


def managed(
    service: str, region: str, operation: str, perform: Callable[[Call], Mapping[str, Any]], accepts: frozenset[str]
) -> CheckedOperation:
    """Return an operation that is authorized as API Gateway does: on its own method and path.

    A call `POST /v2/apis/x/routes` needs apigateway:POST on `arn:aws:apigateway:REGION::/v2/apis/x/routes`.
    """

    def checks(params: Mapping[str, Any]) -> Iterator[AuthorizationCheck]:
        method, path = rest_service(service).sent_as(operation, params)
        arn = f"arn:aws:apigateway:{region}::{path}"
        yield AuthorizationCheck(f"apigateway:{method}", arn, underivable=_UNDERIVABLE)

    return CheckedOperation(perform, accepts, checks)


def function_behind(uri: str) -> str:
    """Return the function ARN in an integration's or authorizer's URI; raises NotDerivableError for any other URI."""
    wrapped = _INVOCATIONS.fullmatch(uri)
    arn = wrapped[1] if wrapped is not None else uri
    if _FUNCTION.fullmatch(arn) is None:
        raise NotDerivableError(f"what is behind the URI {uri}")
    return arn


def missing(what: str) -> ServiceError:
    """Return the refusal of a call about something that does not exist."""
    return ServiceError("NotFoundException", f"Invalid {what} identifier specified", 404)


def bad_request(message: str) -> ServiceError:
    """Return the refusal of a call whose parameters do not fit together."""
    return ServiceError("BadRequestException", message, 400)
