"""The front door of the embedded target: every request is authenticated, authorized and only then performed."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

from harness.emulator import unconfirmed
from harness.emulator.iam_requests import read_iam_request
from harness.emulator.s3_requests import S3Request, delete_check, list_check, read_content, read_s3_request
from harness.emulator.service import Call, NotDerivableError, ServiceError
from harness.emulator.sigv4 import SignedRequest, unsigned
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
# What stands before the operation in X-Amz-Target. Another service's or version's target is another API.
_TARGETS = {
    "dynamodb": "DynamoDB_20120810",
    "cognito-idp": "AWSCognitoIdentityProviderService",
    "cognito-identity": "AWSCognitoIdentityService",
}
_NOT_FOUND = 404
_KEYS_PER_DELETE = 1000
# Blanks that a reader of XML would turn into others.
_XML_BLANKS = {"\r": "&#13;"}


class Gateway:
    """Answers the requests of botocore clients; nothing it does opens a connection."""

    def __init__(self, cloud: EmbeddedCloud) -> None:
        self._cloud = cloud
        self._turn = threading.RLock()

    def before_send(self, request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        """Answer a request instead of sending it; registered for botocore's `before-send` event."""
        request_id = new_request_id()
        with self._turn:
            reply = self._answer(request, request_id)
        return to_botocore(request.url, reply, request_id)

    def _answer(self, sent: AWSPreparedRequest, request_id: str) -> Reply:
        service = _service_of(sent.url, self._cloud.region)
        if service is None:
            unknown = NotDerivableError(f"the endpoint {urlsplit(sent.url).netloc}")
            return error_reply(_protocol_of(sent), "unknown", unknown, request_id)
        protocol = _PROTOCOLS[service]
        decisions = self._cloud.authorizer.taken
        decisions.clear()
        try:
            request = _as_received(sent)
            issued = self._cloud.verifier.verify(request, service, protocol)
            principal = None if issued is None else issued.principal
            return self._perform(service, request, principal, request_id)
        except NotDerivableError as error:
            return error_reply(protocol, service, error, request_id)
        except ServiceError as error:
            reply = error_reply(protocol, service, error, request_id)
            # An answer to HEAD has no body, so AWS's code is lost on the way.
            return Reply(reply.status, reply.headers, b"") if sent.method == "HEAD" else reply
        finally:
            self._cloud.decisions.record(request_id, tuple(decisions))

    def _perform(self, service: str, request: SignedRequest, principal: Principal | None, request_id: str) -> Reply:
        if service == "s3":
            return self._s3(request, principal)
        if request.method != "POST" or urlsplit(request.url).path not in ("", "/") or urlsplit(request.url).query:
            raise NotDerivableError(f"{service} calls other than by POST to / with everything in the body")
        if service == "iam":
            return self._iam(request, principal)
        if service == "sts":
            parameters = _query_parameters(request)
            operation = parameters.pop("Action", "")
            result = self._cloud.sts.handle(Call(operation, parameters, principal))
            return query_reply(operation, result, request_id)
        target, _, operation = request.headers.get("x-amz-target", "").rpartition(".")
        if target != _TARGETS[service]:
            raise NotDerivableError(f"the target {target}.{operation} of {service}")
        if service == "dynamodb" and principal is None:
            raise unsigned(Protocol.JSON_1_0)
        params = _json_body(request)
        if service == "dynamodb":
            self._cloud.authorizer.require_all(principal, self._cloud.dynamodb.checks(operation, params))
            return self._cloud.moto.dynamodb(operation, params)
        handler = self._cloud.user_pools if service == "cognito-idp" else self._cloud.identity_pools
        return json_reply(Protocol.JSON_1_1, handler.handle(Call(operation, params, principal)))

    def _iam(self, request: SignedRequest, principal: Principal | None) -> Reply:
        if principal is None:
            raise unsigned(Protocol.QUERY)
        parameters = _query_parameters(request)
        iam_request = read_iam_request(parameters, self._cloud.account, self._cloud.directory.path_of)
        self._cloud.authorizer(principal, iam_request.action, iam_request.resource)
        reply = self._cloud.moto.iam(parameters)
        self._cloud.iam_changed(iam_request.operation, reply)
        return reply

    def _s3(self, request: SignedRequest, principal: Principal | None) -> Reply:
        if principal is None:
            # No bucket policy is stored in this cut, so nothing can speak for an anonymous caller.
            raise unsigned(Protocol.REST_XML)
        asked = read_s3_request(request, self._cloud.account)
        content, trailers = read_content(request)
        self._cloud.authorizer.require_all(principal, asked.checks)
        for bucket in {asked.bucket, *(asked.source or ())[:1]} - {""}:
            if asked.operation != "CreateBucket" and not self._cloud.moto.has_bucket(bucket):
                raise ServiceError("NoSuchBucket", "The specified bucket does not exist", _NOT_FOUND)
        if asked.operation == "DeleteObjects":
            return self._delete_objects(asked, content, principal)
        if asked.operation == "PutObject":
            asked = replace(asked, headers=_without_chunking({**asked.headers, **trailers}))
        reply = self._cloud.moto.s3(request.method, asked, content)
        if reply.status == _NOT_FOUND and unconfirmed.MISSING_KEY_NEEDS_LIST_BUCKET and asked.key:
            # Whoever may not list is not told whether a key exists (aws-semantics 2.3).
            self._cloud.authorizer.require_all(principal, [list_check(asked, (asked.source or (asked.bucket,))[0])])
        return reply

    def _delete_objects(self, asked: S3Request, content: bytes, principal: Principal) -> Reply:
        entries = []
        keys, quiet = _keys_to_delete(content)
        for key in keys:
            shown = f"<Key>{escape(key, _XML_BLANKS)}</Key>"
            try:
                self._cloud.authorizer.require_all(principal, [delete_check(asked, key)])
            except NotDerivableError:
                raise
            except ServiceError as error:
                entries.append(
                    f"<Error>{shown}<Code>{error.code}</Code><Message>{escape(error.message)}</Message></Error>"
                )
                continue
            self._cloud.moto.s3("DELETE", replace(asked, key=key))
            if not quiet:
                entries.append(f"<Deleted>{shown}</Deleted>")
        body = f'<?xml version="1.0" encoding="UTF-8"?><DeleteResult>{"".join(entries)}</DeleteResult>'
        return Reply(200, {"Content-Type": "application/xml"}, body.encode())


def _service_of(url: str, region: str) -> str | None:
    parts = urlsplit(url)
    host = parts.netloc.lower().removesuffix(":443")
    if parts.scheme != "https" or parts.fragment:
        return None
    hosts = {f"{service}.{region}.amazonaws.com": service for service in _PROTOCOLS if service != "iam"}
    hosts["iam.amazonaws.com"] = "iam"
    if region == "us-east-1":
        hosts |= {"sts.amazonaws.com": "sts", "s3.amazonaws.com": "s3"}
    buckets = tuple(f".{name}" for name, service in hosts.items() if service == "s3")
    return hosts.get(host) or ("s3" if host.endswith(buckets) else None)


def _protocol_of(sent: AWSPreparedRequest) -> Protocol:
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


def _without_chunking(headers: Mapping[str, str]) -> dict[str, str]:
    # S3 stores the encodings of the object, not that of its way here.
    encodings = [part.strip() for part in headers.get("content-encoding", "").split(",")]
    kept = ",".join(part for part in encodings if part not in ("", "aws-chunked"))
    others = {name: value for name, value in headers.items() if name != "content-encoding"}
    return {**others, "content-encoding": kept} if kept else others


def _keys_to_delete(body: bytes) -> tuple[list[str], bool]:
    """Return the keys, and whether only errors shall be reported. Anything but plain keys is refused."""
    malformed = ServiceError("MalformedXML", "The XML you provided was not well-formed or did not validate.")
    try:
        root = ET.fromstring(body)  # noqa: S314  our own client's body; expat refuses entity bombs
    except ET.ParseError:
        raise malformed from None
    keys, quiet = [], False
    for child in root:
        if _local(child) == "Quiet":
            quiet = (child.text or "").strip().lower() == "true"
            continue
        members = [_local(member) for member in child]
        if _local(child) != "Object" or members.count("Key") != 1 or not child[members.index("Key")].text:
            raise malformed
        if len(members) != 1:
            raise NotDerivableError("DeleteObjects with versions or conditions")
        keys.append(child[0].text or "")
    if _local(root) != "Delete" or not 0 < len(keys) <= _KEYS_PER_DELETE:
        raise malformed
    return keys, quiet


def _local(element: ET.Element) -> str:
    return element.tag.rpartition("}")[2]
