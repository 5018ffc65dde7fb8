"""The front door of the embedded target: every request is authenticated, authorized and only then performed."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from botocore.exceptions import ConnectionClosedError

from harness.emulator.endpoints import FORMER_TARGETS, TARGETS, Address, endpoint_of
from harness.emulator.headers import joined_headers
from harness.emulator.http.raw_http import raw_call_by_host
from harness.emulator.injection import InjectedResetError
from harness.emulator.service import Call, NotDerivableError, ServiceError
from harness.emulator.signatures.claim import without_signature
from harness.emulator.signatures.sigv4 import SignedRequest, unsigned
from harness.emulator.unconfirmed import calls as unconfirmed
from harness.emulator.user_pools.documents import document_of, pool_document
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

    from harness.emulator.account import Account, RegionalServices
    from harness.emulator.cloud import EmbeddedCloud
    from harness.emulator.endpoints import Endpoint
    from harness.emulator.http.raw_http import RawCall, RawHttp
    from harness.emulator.injection import Injector
    from harness.emulator.principals import Principal

# The type that general tools add to JSON by themselves, which Cognito does not understand.
_PLAIN_JSON = "application/json"


class Gateway:
    """Answers requests to AWS endpoints; nothing it does opens a connection.

    `raw_http` has, by kind, who answers plain HTTP requests to APIs and function URLs (raw_http.py).
    """

    def __init__(self, cloud: EmbeddedCloud) -> None:
        self._cloud = cloud
        self.turn = cloud.turn
        self.raw_http: dict[str, RawHttp] = {}
        self.injector: Injector | None = None

    def before_send(self, request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        """Answer a request instead of sending it; registered for botocore's `before-send` event."""
        request_id = new_request_id()
        try:
            reply = self.answer(_as_received(request), request_id)
        except NotDerivableError as error:
            reply = error_reply(_protocol_of(request), "unknown", error, request_id)
        except InjectedResetError as error:
            raise ConnectionClosedError(endpoint_url=request.url) from error
        return to_botocore(request.url, reply, request_id)

    def answer(self, request: SignedRequest, request_id: str) -> Reply:
        """Return the answer to a request that was sent to an AWS host, whoever sent it and however it came here."""
        endpoint = endpoint_of(request.url)
        if endpoint is not None:
            return self.answer_at(Address(endpoint, request.url), request, request_id)
        call = raw_call_by_host(request, urlsplit(request.url).netloc.removesuffix(":443"))
        if call is not None:
            return self.answer_raw(call, request_id)
        unknown = NotDerivableError(f"the endpoint {urlsplit(request.url).netloc}")
        return error_reply(_protocol_of(request), "unknown", unknown, request_id)

    def answer_at(self, address: Address, request: SignedRequest, request_id: str) -> Reply:
        """Return the answer to a request of which is known to which service it goes; the signature covers `request`."""
        endpoint = address.endpoint
        try:
            with self.turn.taken(), self._cloud.decisions.recording(request_id):
                if self.injector is None:
                    return self._perform(address, request, request_id)
                return self.injector.answer(endpoint, request, lambda: self._perform(address, request, request_id))
        except ServiceError as error:
            reply = error_reply(endpoint.protocol, endpoint.service, error, request_id)
            if request.method == "HEAD" and not isinstance(error, NotDerivableError):
                # An answer to HEAD has no body, so AWS's code is lost on the way.
                return Reply(reply.status, reply.headers, b"")
            return reply

    def answer_raw(self, call: RawCall, request_id: str) -> Reply:
        """Return the answer to a plain HTTP request to an API or a function URL."""
        handler = self.raw_http.get(call.kind)
        try:
            if handler is None:
                raise NotDerivableError(f"{call.kind} hosts")
            with self.turn.taken(), self._cloud.decisions.recording(request_id):
                return handler.answer(call, request_id)
        except ServiceError as error:
            return error_reply(Protocol.JSON_1_1, call.kind, error, request_id)

    def _perform(self, address: Address, request: SignedRequest, request_id: str) -> Reply:
        endpoint = address.endpoint
        document = document_of(request) if endpoint.service == "cognito-idp" else None
        if document is not None:
            return pool_document(document, request, self._cloud)
        verified = self._cloud.verifier.verify(request, endpoint)
        principal = None if verified is None else verified.principal
        meant = request if address.url == request.url else replace(request, url=address.url)
        if endpoint.service == "s3":
            return self._account(principal).region(endpoint.region).s3.answer(meant, verified)
        if verified is not None and verified.presigned:
            meant = replace(meant, url=without_signature(meant.url))
        if endpoint.protocol is Protocol.REST_JSON:
            return self._rest(endpoint, meant, principal)
        parts = urlsplit(meant.url)
        if parts.path not in ("", "/"):
            raise NotDerivableError(f"the path {parts.path} of {endpoint.service}")
        if endpoint.protocol is Protocol.QUERY:
            return self._query(endpoint, meant, principal, request_id)
        if request.method != "POST" or parts.query:
            raise NotDerivableError(f"{endpoint.service} calls other than by POST with everything in the body")
        return self._json(address, request, principal)

    def _json(self, address: Address, request: SignedRequest, principal: Principal | None) -> Reply:
        endpoint = address.endpoint
        if endpoint.service == "dynamodb" and principal is None:
            raise unsigned(endpoint.protocol)
        target, _, operation = request.headers.get("x-amz-target", "").rpartition(".")
        if target not in (TARGETS[endpoint.service], FORMER_TARGETS.get(endpoint.service)):
            if endpoint.service != "dynamodb":
                raise ServiceError(unconfirmed.UNKNOWN_OPERATION_CODE, unconfirmed.UNKNOWN_OPERATION)
            raise NotDerivableError(f"the target {target}.{operation} of {endpoint.service}")
        if endpoint.service != "dynamodb" and request.headers.get("content-type", "").startswith(_PLAIN_JSON):
            raise ServiceError(unconfirmed.UNKNOWN_OPERATION_CODE, unconfirmed.UNKNOWN_OPERATION)
        call = Call(operation, _json_body(request), principal)
        services = self._services(address, call)
        if endpoint.service == "dynamodb":
            return services.dynamodb.answer(call)
        handler = services.user_pools if endpoint.service == "cognito-idp" else services.identity_pools
        return json_reply(Protocol.JSON_1_1, handler.handle(call))

    def _rest(self, endpoint: Endpoint, request: SignedRequest, principal: Principal | None) -> Reply:
        if principal is None:
            raise unsigned(endpoint.protocol)
        service = self._account(principal).region(endpoint.region).rest.get(endpoint.service)
        if service is None:
            raise NotDerivableError(f"the service {endpoint.service}")
        return service.answer(request, principal)

    def _query(self, endpoint: Endpoint, request: SignedRequest, principal: Principal | None, request_id: str) -> Reply:
        parameters = _query_parameters(request)
        call = Call(parameters.pop("Action", ""), parameters, principal)
        account = self._account(principal)
        if endpoint.service == "iam":
            result = account.iam.handle(call)
            self._cloud.iam.note_changes()
            return query_reply("iam", call.operation, result, request_id)
        return query_reply("sts", call.operation, account.region(endpoint.region).sts.handle(call), request_id)

    def _account(self, principal: Principal | None) -> Account:
        return self._cloud.account_of(self._cloud.account if principal is None else principal.account)

    def _services(self, address: Address, call: Call) -> RegionalServices:
        if call.principal is not None:
            return self._cloud.account_of(call.principal.account).region(address.endpoint.region)
        return self._cloud.services_meant_by(
            address.endpoint.service, call.params, None if address.anywhere else address.endpoint.region
        )


def _protocol_of(sent: AWSPreparedRequest | SignedRequest) -> Protocol:
    """Return the protocol in which the sender of a request to an unknown endpoint expects an answer."""
    names = {name.lower() for name in sent.headers}
    if "x-amz-target" in names:
        return Protocol.JSON_1_1
    return Protocol.REST_XML if "x-amz-content-sha256" in names else Protocol.QUERY


def _as_received(sent: AWSPreparedRequest) -> SignedRequest:
    headers = joined_headers((name, _text(value)) for name, value in sent.headers.items())
    netloc = urlsplit(sent.url).netloc
    if headers.get("host", netloc) != netloc:
        raise NotDerivableError("a Host header that names another endpoint")
    return SignedRequest(sent.method, sent.url, headers, _bytes(sent.body))


def _text(value: Any) -> str:
    return value.decode("utf-8") if isinstance(value, bytes) else str(value)


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
    """Return the parameters of a query call, which stand in the form, or in the query where there is no form."""
    query = urlsplit(request.url).query
    if request.method not in ("GET", "POST") or (request.body and (query or request.method == "GET")):
        raise NotDerivableError(f"a {request.method} request with parameters both in its query and in its body")
    try:
        text = query or request.body.decode("utf-8")
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict")
    except UnicodeDecodeError:
        raise NotDerivableError("a form that is not UTF-8") from None
    parameters = dict(pairs)
    if len(parameters) != len(pairs):
        raise NotDerivableError("a form that gives a parameter twice")
    parameters.pop("Version", None)
    return parameters
