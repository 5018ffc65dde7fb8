"""How answers look on the wire: one renderer per AWS protocol the embedded target speaks."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from io import BytesIO
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders

from harness.emulator.service import NotDerivableError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.emulator.service import ServiceError

# DynamoDB's errors that come from the framework in front of it (aws-semantics sections 1.4 and 7).
_IN_FRONT_OF_DYNAMODB = frozenset(
    {
        "AccessDeniedException",
        "ExpiredTokenException",
        "IncompleteSignatureException",
        "InvalidSignatureException",
        "MissingAuthenticationTokenException",
        "SerializationException",
        "UnrecognizedClientException",
    }
)
_NAMESPACES = {
    "iam": "https://iam.amazonaws.com/doc/2010-05-08/",
    "sts": "https://sts.amazonaws.com/doc/2011-06-15/",
}


class Protocol(Enum):
    """The wire protocol of a service, which also decides how refusals are coded (aws-semantics section 7)."""

    JSON_1_0 = "json-1.0"
    JSON_1_1 = "json-1.1"
    QUERY = "query"
    REST_XML = "rest-xml"
    REST_JSON = "rest-json"


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP answer before it is handed to the client."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class _RawBody(BytesIO):
    """What botocore expects of a urllib3 response."""

    def stream(self, **_: object) -> Iterator[bytes]:
        contents = self.read()
        while contents:
            yield contents
            contents = self.read()


def new_request_id() -> str:
    """Return a request id such as AWS puts into its headers."""
    return str(uuid.uuid4())


def to_botocore(url: str, reply: Reply, request_id: str) -> AWSResponse:
    """Return the reply as the object botocore parses, with the request id in the headers every service uses."""
    headers = {**reply.headers, "x-amzn-requestid": request_id, "x-amz-request-id": request_id}
    return AWSResponse(url, reply.status, HTTPHeaders.from_dict(headers), _RawBody(reply.body))


def without_nulls(value: Any) -> Any:
    """Return decoded JSON without its null members, which mean the same to a service as none at all."""
    if isinstance(value, dict):
        return {name: without_nulls(item) for name, item in value.items() if item is not None}
    return [without_nulls(item) for item in value] if isinstance(value, list) else value


def json_reply(protocol: Protocol, result: Mapping[str, Any]) -> Reply:
    """Return a successful answer of a JSON service."""
    return Reply(200, {"Content-Type": _json_type(protocol)}, json.dumps(result).encode())


def query_reply(service: str, operation: str, result: Mapping[str, Any], request_id: str) -> Reply:
    """Return a successful answer of a query service (IAM, STS)."""
    body = (
        f'<{operation}Response xmlns="{_NAMESPACES[service]}"><{operation}Result>{_xml(result)}</{operation}Result>'
        f"<ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata></{operation}Response>"
    )
    return Reply(200, {"Content-Type": "text/xml"}, body.encode())


def error_reply(protocol: Protocol, service: str, error: ServiceError, request_id: str) -> Reply:
    """Return a refusal in the shape of the service's protocol (aws-semantics 1.4, 2.3, 3.7 and 5.3)."""
    if protocol in (Protocol.JSON_1_0, Protocol.JSON_1_1):
        return _json_error(protocol, service, error)
    if protocol is Protocol.REST_JSON:
        # The SDKs read the code from the header.
        headers = {"Content-Type": "application/json", "x-amzn-ErrorType": error.code}
        return Reply(error.status, headers, json.dumps({"message": error.message}).encode())
    code, message = escape(error.code), escape(error.message)
    if protocol is Protocol.QUERY:
        body = (
            f"<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>"
            f"<RequestId>{request_id}</RequestId></ErrorResponse>"
        )
        return Reply(error.status, {"Content-Type": "text/xml"}, body.encode())
    body = (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f"<Error><Code>{code}</Code><Message>{message}</Message>{_xml(error.members)}"
        f"<RequestId>{request_id}</RequestId><HostId>embedded</HostId></Error>"
    )
    return Reply(error.status, {"Content-Type": "application/xml"}, body.encode())


def _json_error(protocol: Protocol, service: str, error: ServiceError) -> Reply:
    payload: dict[str, Any]
    if service != "dynamodb":
        payload = {"__type": error.code, "message": error.message, **error.members}
    elif error.code in _IN_FRONT_OF_DYNAMODB or isinstance(error, NotDerivableError):
        # Authorization errors come from the framework in front of DynamoDB, with a capital M (aws-semantics 1.4).
        payload = {"__type": f"com.amazon.coral.service#{error.code}", "Message": error.message}
    else:
        kind = f"com.amazonaws.dynamodb.v20120810#{error.code}"
        payload = {"__type": kind, "message": error.message, **error.members}
    headers = {
        "Content-Type": _json_type(protocol),
        "x-amzn-ErrorType": f"{error.code}:",
        "x-amzn-ErrorMessage": " ".join(error.message.splitlines()),
    }
    return Reply(error.status, headers, json.dumps(payload).encode())


def _json_type(protocol: Protocol) -> str:
    return "application/x-amz-json-1.0" if protocol is Protocol.JSON_1_0 else "application/x-amz-json-1.1"


def _xml(value: Any) -> str:
    if isinstance(value, Mapping):
        return "".join(f"<{name}>{_xml(item)}</{name}>" for name, item in value.items())
    if isinstance(value, list | tuple):
        return "".join(f"<member>{_xml(item)}</member>" for item in value)
    return escape(str(value).lower() if isinstance(value, bool) else str(value))
