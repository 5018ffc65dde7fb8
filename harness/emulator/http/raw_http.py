"""Plain HTTP requests to what customers put behind AWS hosts: HTTP APIs and function URLs.

Both doors hand such a request to whoever is registered for its kind in `Gateway.raw_http`, under the gateway's turn
(turn.py). Nothing has been authenticated then: an authorizer is part of what stands behind the host.

| kind | on AWS hosts | on loopback |
| --- | --- | --- |
| execute-api | `{name}.execute-api.{region}.amazonaws.com/{path}` | `/_aws/execute-api/{name}/{path}` |
| lambda-url | `{name}.lambda-url.{region}.on.aws/{path}` | `/_aws/lambda-url/{name}/{path}` |
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from harness.emulator.signatures.sigv4 import SignedRequest
    from harness.emulator.wire import Reply

_REGION = r"[a-z]{2}(?:-[a-z]+)+-\d"
_HOSTS = {
    "execute-api": re.compile(rf"([a-z0-9-]+)\.execute-api\.({_REGION})\.amazonaws\.com"),
    "lambda-url": re.compile(rf"([a-z0-9-]+)\.lambda-url\.({_REGION})\.on\.aws"),
}
_PATHS = re.compile(r"/_aws/(?P<kind>execute-api|lambda-url)/(?P<name>[A-Za-z0-9-]+)(?P<path>/.*)?")


@dataclass(frozen=True, slots=True)
class RawCall:
    """One plain HTTP request to an API or function.

    `kind` is `execute-api` or `lambda-url`, `name` the id of the API or URL. `region` is None where it was addressed by
    a path on loopback. `path` (with its leading slash, still percent-encoded) and `query` are those within the API.
    `sent` is the request as it was sent, which is what a signature covers.
    """

    kind: str
    name: str
    region: str | None
    path: str
    query: str
    sent: SignedRequest


class RawHttp(Protocol):
    """Answers the plain HTTP requests of one kind."""

    def answer(self, call: RawCall, request_id: str) -> Reply:
        """Return the answer; a ServiceError that is raised becomes one in JSON."""


def raw_call_by_host(request: SignedRequest, host: str) -> RawCall | None:
    """Return the call of a request that was sent to an AWS host (without port), or None if it is no such host."""
    for kind, pattern in _HOSTS.items():
        if found := pattern.fullmatch(host.lower()):
            parts = urlsplit(request.url)
            return RawCall(kind, found[1], found[2], parts.path or "/", parts.query, request)
    return None


def raw_call_by_path(request: SignedRequest) -> RawCall | None:
    """Return the call of a request that was sent to loopback, or None if its path names nothing of this kind."""
    parts = urlsplit(request.url)
    found = _PATHS.fullmatch(parts.path)
    if found is None:
        return None
    return RawCall(found["kind"], found["name"], None, found["path"] or "/", parts.query, request)
