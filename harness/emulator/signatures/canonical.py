"""The canonical form of a request, which is what Signature Version 4 signs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, urlsplit

from harness.secret import REDACTED

if TYPE_CHECKING:
    from harness.emulator.signatures.sigv4 import SignedRequest

_SIGNATURE = "X-Amz-Signature"
_TOKEN = re.compile(r"(?<=x-amz-security-token[:=])[^\n&]*", re.IGNORECASE)


def canonical_request(request: SignedRequest, signed_headers: str, payload_hash: str, service: str) -> str:
    """Return the canonical request: method, path, query, the headers named in `signed_headers`, hash of the body."""
    url = urlsplit(request.url)
    path = url.path or "/"
    if service != "s3":
        # Everywhere but in S3 the path is cleaned, and encoded once more than it is on its way.
        path = "/" if path == "/" else quote(_without_dots(path), safe="/-_.~")
    headers = "".join(f"{name}:{_header_value(request, name, url.netloc)}\n" for name in signed_headers.split(";"))
    return f"{request.method}\n{path}\n{_canonical_query(url.query)}\n{headers}\n{signed_headers}\n{payload_hash}"


def without_token(canonical: str) -> str:
    """Return a canonical request that may be shown: without the session token, wherever it stands."""
    return _TOKEN.sub(REDACTED, canonical)


def _without_dots(path: str) -> str:
    kept: list[str] = []
    for part in path.split("/"):
        if part == "..":
            if kept:
                kept.pop()
        elif part not in ("", "."):
            kept.append(part)
    ending = "/" if kept and path.endswith("/") else ""
    return f"/{'/'.join(kept)}{ending}"


def _header_value(request: SignedRequest, name: str, host: str) -> str:
    value = request.headers.get(name)
    if value is None:
        return host if name == "host" else ""
    return " ".join(value.split())


def _canonical_query(query: str) -> str:
    if not query:
        return ""
    pairs = []
    for part in query.split("&"):
        name, _, value = part.partition("=")
        if name != _SIGNATURE:
            pairs.append((_encode(name), _encode(value)))
    return "&".join(f"{name}={value}" for name, value in sorted(pairs))


def _encode(part: str) -> str:
    return quote(unquote(part), safe="-_.~")
