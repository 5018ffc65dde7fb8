"""The front door of the embedded target: every request is authenticated, authorized and only then performed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from harness.emulator.endpoints import endpoint_of
from harness.emulator.service import Call, NotDerivableError, ServiceError
from harness.emulator.sigv4 import SignedRequest, unsigned
from harness.emulator.turn import Turn
from harness.emulator.wire import (
    Protocol,
    Reply,
    error_reply,
    json_reply,
    new_request_id,
    query_reply,
    to_botocore,
    without_nulls,
)

if TYPE_CHECKING:
    from botocore.awsrequest import AWSPreparedRequest, AWSResponse

    from harness.emulator.account import Account
    from harness.emulator.cloud import EmbeddedCloud
    from harness.emulator.endpoints import Endpoint
    from harness.emulator.principals import Principal

# What stands before the operation in X-Amz-Target. Another service's or version's target is another API.
_TARGETS = {
    "dynamodb": "DynamoDB_20120810",
    "cognito-idp": "AWSCognitoIdentityProviderService",
    "cognito-identity": "AWSCognitoIdentityService",
}


class Gateway:
    """Answers requests to AWS endpoints; nothing it does opens a connection."""

    def __init__(self, cloud: EmbeddedCloud) -> None:
        self._cloud = cloud
        self.turn = Turn()

    def before_send(self, request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        """Answer a request instead of sending it; registered for botocore's `before-send` event."""
        request_id = new_request_id()
        try:
            reply = self.answer(_as_received(request), request_id)
        except NotDerivableError as error:
            reply = error_reply(_protocol_of(request), "unknown", error, request_id)
        return to_botocore(request.url, reply, request_id)

    def answer(self, request: SignedRequest, request_id: str) -> Reply:
        """Return the answer to a request, whoever sent it and however it came here."""
        endpoint = endpoint_of(request.url)
        if endpoint is None:
            unknown = NotDerivableError(f"the endpoint {urlsplit(request.url).netloc}")
            return error_reply(_protocol_of(request), "unknown", unknown, request_id)
        try:
            with self.turn.taken(), self._cloud.decisions.recording(request_id):
                return self._perform(endpoint, request, request_id)
        except ServiceError as error:
            reply = error_reply(endpoint.protocol, endpoint.service, error, request_id)
            if request.method == "HEAD" and not isinstance(error, NotDerivableError):
                # An answer to HEAD has no body, so AWS's code is lost on the way.
                return Reply(reply.status, reply.headers, b"")
            return reply

    def _perform(self, endpoint: Endpoint, request: SignedRequest, request_id: str) -> Reply:
        issued = self._cloud.verifier.verify(request, endpoint)
        principal = None if issued is None else issued.principal
        if endpoint.service == "s3":
            return self._account(principal).region(endpoint.region).s3.answer(request, principal)
        if request.method != "POST" or urlsplit(request.url).path not in ("", "/") or urlsplit(request.url).query:
            raise NotDerivableError(f"{endpoint.service} calls other than by POST to / with everything in the body")
        if endpoint.protocol is Protocol.QUERY:
            return self._query(endpoint, request, principal, request_id)
        if endpoint.service == "dynamodb" and principal is None:
            raise unsigned(endpoint.protocol)
        target, _, operation = request.headers.get("x-amz-target", "").rpartition(".")
        if target != _TARGETS[endpoint.service]:
            raise NotDerivableError(f"the target {target}.{operation} of {endpoint.service}")
        call = Call(operation, _json_body(request), principal)
        services = self._account(principal, endpoint, call).region(endpoint.region)
        if endpoint.service == "dynamodb":
            return services.dynamodb.answer(call)
        handler = services.user_pools if endpoint.service == "cognito-idp" else services.identity_pools
        return json_reply(Protocol.JSON_1_1, handler.handle(call))

    def _query(self, endpoint: Endpoint, request: SignedRequest, principal: Principal | None, request_id: str) -> Reply:
        parameters = _query_parameters(request)
        call = Call(parameters.pop("Action", ""), parameters, principal)
        account = self._account(principal)
        if endpoint.service == "iam":
            return account.iam.answer(call)
        return query_reply(call.operation, account.region(endpoint.region).sts.handle(call), request_id)

    def _account(
        self, principal: Principal | None, endpoint: Endpoint | None = None, call: Call | None = None
    ) -> Account:
        if principal is not None:
            return self._cloud.account_of(principal.account)
        if endpoint is None or call is None or endpoint.service == "dynamodb":
            return self._cloud.account_of(self._cloud.account)
        return self._cloud.account_meant_by(endpoint.service, call.params, endpoint.region)


def _protocol_of(sent: AWSPreparedRequest | SignedRequest) -> Protocol:
    """Return the protocol in which the sender of a request to an unknown endpoint expects an answer."""
    names = {name.lower() for name in sent.headers}
    if "x-amz-target" in names:
        return Protocol.JSON_1_1
    return Protocol.REST_XML if "x-amz-content-sha256" in names else Protocol.QUERY


def _as_received(sent: AWSPreparedRequest) -> SignedRequest:
    headers = _lower(sent.headers)
    if len(headers) != len(list(sent.headers.items())):
        raise NotDerivableError("a header that is given twice")
    netloc = urlsplit(sent.url).netloc
    if headers.get("host", netloc) != netloc:
        raise NotDerivableError("a Host header that names another endpoint")
    return SignedRequest(sent.method, sent.url, headers, _bytes(sent.body))


def _lower(headers: Any) -> dict[str, str]:
    return {
        name.lower(): value.decode("utf-8") if isinstance(value, bytes) else str(value)
        for name, value in headers.items()
    }


def _bytes(body: Any) -> bytes:
    if body is None:
        return b""
    if isinstance(body, str):
        return body.encode()
    if isinstance(body, bytes | bytearray):
        return bytes(body)
    content = body.read()
    return content if isinstance(content, bytes) else str(content).encode()


def _json_body(request: SignedRequest) -> dict[str, Any]:
    if "content-encoding" in request.headers:
        raise NotDerivableError("a request body with a Content-Encoding")
    try:
        decoded = json.loads(request.body.decode("utf-8") or "{}")
    except (ValueError, RecursionError):
        raise ServiceError("SerializationException", "The request body is not valid JSON.") from None
    if not isinstance(decoded, dict):
        raise ServiceError("SerializationException", "The request body is not a JSON object.")
    cleaned: dict[str, Any] = without_nulls(decoded)
    return cleaned


def _query_parameters(request: SignedRequest) -> dict[str, str]:
    try:
        pairs = parse_qsl(request.body.decode("utf-8"), keep_blank_values=True, errors="strict")
    except UnicodeDecodeError:
        raise NotDerivableError("a form that is not UTF-8") from None
    parameters = dict(pairs)
    if len(parameters) != len(pairs):
        raise NotDerivableError("a form that gives a parameter twice")
    parameters.pop("Version", None)
    return parameters
