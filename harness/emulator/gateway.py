"""The front door of the embedded target: every request is authenticated, authorized and only then performed."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

from harness.emulator.iam_requests import read_iam_request
from harness.emulator.s3_requests import S3Request, delete_check, list_check, read_s3_request
from harness.emulator.service import Call, NotDerivableError, ServiceError
from harness.emulator.sigv4 import SignedRequest, unsigned
from harness.emulator.wire import Protocol, Reply, error_reply, json_reply, new_request_id, query_reply, to_botocore

if TYPE_CHECKING:
    from collections.abc import Mapping

    from botocore.awsrequest import AWSPreparedRequest, AWSResponse

    from harness.emulator.cloud import EmbeddedCloud
    from harness.emulator.principals import Principal

_PROTOCOLS = {
    "dynamodb": Protocol.JSON_1_0,
    "cognito-idp": Protocol.JSON_1_1,
    "cognito-identity": Protocol.JSON_1_1,
    "sts": Protocol.QUERY,
    "iam": Protocol.QUERY,
    "s3": Protocol.REST_XML,
}
_NOT_FOUND = 404


class Gateway:
    """Answers the requests of botocore clients; nothing it does opens a connection."""

    def __init__(self, cloud: EmbeddedCloud) -> None:
        self._cloud = cloud
        self._turn = threading.RLock()

    def before_send(self, request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        """Answer a request instead of sending it; registered for botocore's `before-send` event."""
        signed = SignedRequest(request.method, request.url, _lower(request.headers), _bytes(request.body))
        request_id = new_request_id()
        with self._turn:
            reply = self._answer(signed, request_id)
        return to_botocore(request.url, reply, request_id)

    def _answer(self, request: SignedRequest, request_id: str) -> Reply:
        service = _service_of(urlsplit(request.url).netloc)
        if service is None:
            unknown = NotDerivableError(f"the endpoint {urlsplit(request.url).netloc}")
            return error_reply(Protocol.JSON_1_1, "unknown", unknown, request_id)
        protocol = _PROTOCOLS[service]
        decisions = self._cloud.authorizer.taken
        decisions.clear()
        try:
            issued = self._cloud.verifier.verify(request, service, protocol)
            principal = None if issued is None else issued.principal
            return self._perform(service, request, principal, request_id)
        except ServiceError as error:
            return error_reply(protocol, service, error, request_id)
        finally:
            self._cloud.decisions.record(request_id, tuple(decisions))

    def _perform(self, service: str, request: SignedRequest, principal: Principal | None, request_id: str) -> Reply:
        if service == "s3":
            return self._s3(request, principal)
        if service == "iam":
            return self._iam(request, principal)
        if service == "sts":
            parameters = _query_parameters(request)
            operation = parameters.pop("Action", "")
            result = self._cloud.sts.handle(Call(operation, parameters, principal))
            return query_reply(operation, result, request_id)
        operation = request.headers.get("x-amz-target", "").rpartition(".")[2]
        params = _json_body(request)
        if service == "dynamodb":
            return self._dynamodb(request, operation, params, principal)
        handler = self._cloud.user_pools if service == "cognito-idp" else self._cloud.identity_pools
        return json_reply(Protocol.JSON_1_1, handler.handle(Call(operation, params, principal)))

    def _dynamodb(
        self, request: SignedRequest, operation: str, params: Mapping[str, Any], principal: Principal | None
    ) -> Reply:
        if principal is None:
            raise unsigned(Protocol.JSON_1_0)
        self._cloud.authorizer.require_all(principal, self._cloud.dynamodb.checks(operation, params))
        return self._cloud.moto.dynamodb(request.url, request.headers, request.body)

    def _iam(self, request: SignedRequest, principal: Principal | None) -> Reply:
        if principal is None:
            raise unsigned(Protocol.QUERY)
        iam_request = read_iam_request(_query_parameters(request), self._cloud.account)
        self._cloud.authorizer(principal, iam_request.action, iam_request.resource)
        reply = self._cloud.moto.iam(request.url, request.headers, request.body)
        self._cloud.iam_changed(iam_request.operation, reply)
        return reply

    def _s3(self, request: SignedRequest, principal: Principal | None) -> Reply:
        asked = read_s3_request(request.method, request.url, request.headers, self._cloud.account)
        self._cloud.authorizer.require_all(principal, asked.checks)
        if asked.operation == "DeleteObjects":
            return self._delete_objects(asked, request, principal)
        reply = self._cloud.moto.s3(request.method, asked.bucket, asked.key, request.url, request.headers, request.body)
        if reply.status == _NOT_FOUND and asked.operation in ("GetObject", "HeadObject"):
            # Whoever may not list is not told whether a key exists (aws-semantics 2.3).
            self._cloud.authorizer.require_all(principal, [list_check(asked.bucket, self._cloud.account)])
        return reply

    def _delete_objects(self, asked: S3Request, request: SignedRequest, principal: Principal | None) -> Reply:
        entries = []
        for key in _keys_to_delete(request.body):
            try:
                check = delete_check(asked.bucket, key, self._cloud.account)
                self._cloud.authorizer.require_all(principal, [check])
            except NotDerivableError:
                raise
            except ServiceError as error:
                entries.append(
                    f"<Error><Key>{escape(key)}</Key><Code>{error.code}</Code>"
                    f"<Message>{escape(error.message)}</Message></Error>"
                )
                continue
            self._cloud.delete_object(asked.bucket, key)
            entries.append(f"<Deleted><Key>{escape(key)}</Key></Deleted>")
        body = f'<?xml version="1.0" encoding="UTF-8"?><DeleteResult>{"".join(entries)}</DeleteResult>'
        return Reply(200, {"Content-Type": "application/xml"}, body.encode())


def _service_of(netloc: str) -> str | None:
    host = netloc.split(":", maxsplit=1)[0]
    if not host.endswith(".amazonaws.com"):
        return None
    labels = host.removesuffix(".amazonaws.com").split(".")
    if labels[0] in _PROTOCOLS:
        return labels[0]
    return "s3" if "s3" in labels else None


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
    try:
        decoded = json.loads(request.body or b"{}")
    except ValueError:
        raise ServiceError("SerializationException", "The request body is not valid JSON.") from None
    if not isinstance(decoded, dict):
        raise ServiceError("SerializationException", "The request body is not a JSON object.")
    return decoded


def _query_parameters(request: SignedRequest) -> dict[str, str]:
    parsed = parse_qs(request.body.decode("utf-8"), keep_blank_values=True)
    return {name: values[0] for name, values in parsed.items() if name != "Version"}


def _keys_to_delete(body: bytes) -> list[str]:
    try:
        root = ET.fromstring(body)  # noqa: S314  our own client's body; expat refuses entity bombs
    except ET.ParseError:
        raise ServiceError("MalformedXML", "The XML you provided was not well-formed.") from None
    keys = []
    for element in root.iter():
        name = element.tag.rpartition("}")[2]
        if name == "VersionId":
            raise NotDerivableError("DeleteObjects with versions")
        if name == "Key":
            keys.append(element.text or "")
    return keys
