"""What managing an API asks of IAM, and what both generations of API Gateway know of functions and authorizers."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from harness.emulator.authorization_check import AuthorizationCheck
from harness.emulator.checked_operations import CheckedOperation, CheckedOperations
from harness.emulator.rest_requests import rest_service
from harness.emulator.service import Call, NotDerivableError, ServiceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from harness.emulator.apis.tags import ApiTags
    from harness.emulator.authorization import ScopedAuthorizer
    from harness.emulator.principals import Principal
    from harness.emulator.signatures.sigv4 import SignedRequest
    from harness.emulator.wire import Reply

    # What performs an operation, and the parameters of it that are implemented.
    ManagedOperation = tuple[Callable[[Call], Mapping[str, Any]], frozenset[str]]

_FUNCTION = re.compile(r"arn:aws:lambda:[a-z0-9-]+:\d{12}:function:[a-zA-Z0-9-_]+(?::\$LATEST)?")
_INVOCATIONS = re.compile(r"arn:aws:apigateway:[a-z0-9-]+:lambda:path/2015-03-31/functions/(.+)/invocations")


class ManagedApis:
    """The management of one generation of API Gateway, of one account in one Region: its calls, read and authorized."""

    def __init__(
        self,
        service: str,
        region: str,
        operations: Mapping[str, ManagedOperation],
        tags: ApiTags,
        authorizer: ScopedAuthorizer,
    ) -> None:
        self._rest = rest_service(service)
        self._region = region
        self._api_tags = tags
        table = {
            name: CheckedOperation(perform, accepts, partial(self._checks, name))
            for name, (perform, accepts) in {**operations, **tags.operations()}.items()
        }
        self._operations = CheckedOperations(service, table, authorizer)

    def answer(self, request: SignedRequest, principal: Principal) -> Reply:
        """Return the answer to a signed request.

        Raises the ServiceError that API Gateway would answer, or NotDerivableError for what is not implemented.
        """
        asked = self._rest.read(request)
        result = self._operations.handle(Call(asked.operation, asked.params, principal))
        return self._rest.render(asked.operation, result)

    def _checks(self, operation: str, params: Mapping[str, Any]) -> Iterator[AuthorizationCheck]:
        """Yield what API Gateway asks of IAM: leave for the method on the path.

        A call `POST /v2/apis/x/routes` needs apigateway:POST on `arn:aws:apigateway:REGION::/apis/x/routes`: in ARNs
        the second generation's paths have no version (Service Authorization Reference, "API Gateway Management V2").
        """
        method, path = self._rest.sent_as(operation, params)
        path = path.removeprefix("/v2")
        tagged = params.get(self._api_tags.arn)
        if tagged is not None:
            # In policies too it is escaped (Service Authorization Reference, resource "Tags").
            path = path.removesuffix(tagged) + quote(tagged, safe="")
        keys, underivable = self._api_tags.condition_keys(params, path)
        yield AuthorizationCheck(
            f"apigateway:{method}", f"arn:aws:apigateway:{self._region}::{path}", keys, underivable
        )


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
