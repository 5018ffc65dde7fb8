"""HTTP messages as the server hands them over (ASGI), read into requests and written from replies."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from harness.emulator.headers import joined_headers
from harness.emulator.service import ServiceError
from harness.emulator.signatures.sigv4 import SignedRequest

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from harness.emulator.wire import Reply

_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_NO_CONTENT = 204


async def read_body(receive: Callable[[], Awaitable[Mapping[str, Any]]], limit: int) -> bytes | None:
    """Return the body of a request, or None when the client went away.

    Raises ServiceError for a body of more than `limit` bytes, of which the rest is not read.
    """
    parts, size = [], 0
    while True:
        event = await receive()
        if event["type"] != "http.request":
            return None
        part: bytes = event.get("body", b"")
        parts.append(part)
        size += len(part)
        if size > limit:
            raise ServiceError("RequestEntityTooLarge", f"The emulator takes bodies of up to {limit} bytes.", 413)
        if not event.get("more_body"):
            return parts[0] if len(parts) == 1 else b"".join(parts)


def request_of(scope: Mapping[str, Any], body: bytes) -> SignedRequest:
    """Return the request with its path and query as they were sent.

    Raises ServiceError when it cannot be read, NotDerivableError for headers that contradict each other.
    """
    try:
        given = [(name.decode("ascii"), value.decode("utf-8").strip()) for name, value in scope["headers"]]
    except UnicodeDecodeError:
        raise _bad("a header is not UTF-8") from None
    if [name for name, _ in given].count("host") != 1:
        raise _bad("there is not exactly one Host header")
    headers = joined_headers(given)
    host = headers["host"]
    if not re.fullmatch(r"[A-Za-z0-9._-]+(?::\d{1,5})?|\[[0-9a-f:]+\](?::\d{1,5})?", host):
        raise _bad("the Host header is malformed")
    path = scope["raw_path"].decode("ascii")
    if not path.startswith("/"):
        raise _bad("the path does not start with a slash")
    query = scope["query_string"].decode("latin-1")
    return SignedRequest(scope["method"], f"http://{host}{path}{'?' if query else ''}{query}", headers, body)


def start_event(reply: Reply, request_id: str, *, close: bool) -> dict[str, Any]:
    """Return the head of a reply, with the request id in the headers every service uses."""
    headers = [(name.lower().encode(), _header_value(value)) for name, value in reply.headers.items()]
    kept = [(name, value) for name, value in headers if name not in (b"content-length", b"transfer-encoding")]
    if reply.status != _NO_CONTENT:
        length = next((value for name, value in headers if name == b"content-length" and not reply.body), None)
        kept.append((b"content-length", length or str(len(reply.body)).encode()))
    kept += [(b"x-amzn-requestid", request_id.encode()), (b"x-amz-request-id", request_id.encode())]
    if close:
        kept.append((b"connection", b"close"))
    return {"type": "http.response.start", "status": reply.status, "headers": kept}


def body_event(reply: Reply) -> dict[str, Any]:
    """Return the body of a reply."""
    return {"type": "http.response.body", "body": b"" if reply.status == _NO_CONTENT else reply.body}


def _header_value(value: str) -> bytes:
    return _CONTROL.sub(" ", value).encode("utf-8", "replace")


def _bad(what: str) -> ServiceError:
    return ServiceError("MalformedHttpRequest", f"The HTTP request is malformed: {what}.", 400)
