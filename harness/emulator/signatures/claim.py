"""What a signature claims, before anything of it is checked: read from the Authorization header or from the query."""

from __future__ import annotations

import re
import time
from calendar import timegm
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote, urlsplit

from harness.emulator.service import NotDerivableError, ServiceError
from harness.emulator.signatures.refusals import incomplete, signed_twice
from harness.emulator.unconfirmed import signatures as unconfirmed
from harness.emulator.wire import Protocol
from harness.secret import Secret

if TYPE_CHECKING:
    from harness.emulator.signatures.sigv4 import SignedRequest

_ALGORITHM = "AWS4-HMAC-SHA256"
_OTHER_ALGORITHMS = ("AWS ", "AWS4-ECDSA")
# What a signature in the query looks like, in this version and in the one before it.
_QUERY_SIGNATURES = frozenset({"X-Amz-Algorithm", "X-Amz-Signature", "X-Amz-Credential", "Signature", "AWSAccessKeyId"})
_OLD_QUERY_SIGNATURES = frozenset({"Signature", "AWSAccessKeyId"})
_SIGNING_PARAMETERS = frozenset(
    {
        "X-Amz-Algorithm",
        "X-Amz-Content-Sha256",
        "X-Amz-Credential",
        "X-Amz-Date",
        "X-Amz-Expires",
        "X-Amz-Security-Token",
        "X-Amz-Signature",
        "X-Amz-SignedHeaders",
    }
)
_CREDENTIAL = re.compile(r"(?P<key>[^/\s]+)/(?P<date>\d{8})/(?P<region>[^/\s]+)/(?P<service>[^/\s]+)/aws4_request")
# How clients write the header; other orders and blanks are read too, more slowly.
_USUAL = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([^/\s,]+)/(\d{8})/([^/\s,]+)/([^/\s,]+)/aws4_request, ?"
    r"SignedHeaders=([^\s,=]+), ?Signature=([0-9a-f]{64})"
)
_SIGNATURE = re.compile(r"[0-9a-f]{64}")
_TIMESTAMP = re.compile(r"\d{8}T\d{6}Z")
_WEEK = 7 * 24 * 3600
_MANY_DIGITS = 18


@dataclass(frozen=True, slots=True)
class SignatureClaim:
    """A signature that is complete in form. `seconds` is `timestamp` as epoch seconds.

    `expires` is None for a signature in the header, and the seconds it is good for when it stands in the query.
    """

    access_key_id: str
    date: str
    region: str
    service: str
    signed_headers: str
    signature: str
    timestamp: str
    seconds: int
    token: Secret | None
    expires: int | None = None
    payload_hash: str | None = None

    @property
    def presigned(self) -> bool:
        """Whether the signature stands in the query."""
        return self.expires is not None

    @property
    def scope(self) -> str:
        """The credential scope, as it is signed."""
        return f"{self.date}/{self.region}/{self.service}/aws4_request"


def read_claim(request: SignedRequest, protocol: Protocol) -> SignatureClaim | None:
    """Return what the request's signature claims, or None when there is none.

    Raises ServiceError for a signature in both places or an incomplete one, NotDerivableError for other algorithms.
    """
    header = request.headers.get("authorization")
    query = urlsplit(request.url).query
    parameters = parse_qsl(query, keep_blank_values=True) if query else []
    in_query = not _QUERY_SIGNATURES.isdisjoint(name for name, _ in parameters)
    if header is not None:
        if in_query:
            raise signed_twice(protocol)
        return _from_header(request, header, protocol)
    return _from_query(parameters, protocol) if in_query else None


def without_signature(url: str) -> str:
    """Return the URL of a presigned request without what signs it: the URL of the request that was meant."""
    before, _, query = url.partition("?")
    kept = "&".join(part for part in query.split("&") if unquote(part.partition("=")[0]) not in _SIGNING_PARAMETERS)
    return f"{before}?{kept}" if kept else before


def _from_header(request: SignedRequest, header: str, protocol: Protocol) -> SignatureClaim:
    token = request.headers.get("x-amz-security-token")
    secret_token = None if token is None else Secret(token)
    timestamp = _timestamp(request)
    usual = _USUAL.fullmatch(header)
    if usual is not None and timestamp is not None:
        key, date, region, service, headers, signature = usual.groups()
        return SignatureClaim(key, date, region, service, headers, signature, *timestamp, secret_token)
    if header.startswith(_OTHER_ALGORITHMS):
        raise NotDerivableError(f"the signing algorithm {header.partition(' ')[0]}")
    algorithm, _, rest = header.partition(" ")
    parts = [part.strip().partition("=") for part in rest.split(",")]
    given = {name: value for name, _, value in parts}
    missing = [name for name in ("Credential", "Signature", "SignedHeaders") if name not in given]
    if algorithm != _ALGORITHM or missing or timestamp is None or len(given) != len(parts):
        raise incomplete(protocol, missing, dated=timestamp is not None)
    credential = _CREDENTIAL.fullmatch(given["Credential"])
    if credential is None or not _SIGNATURE.fullmatch(given["Signature"]) or not given["SignedHeaders"]:
        raise incomplete(protocol, [], dated=True)
    return SignatureClaim(
        credential["key"],
        credential["date"],
        credential["region"],
        credential["service"],
        given["SignedHeaders"],
        given["Signature"],
        timestamp[0],
        timestamp[1],
        secret_token,
    )


def _timestamp(request: SignedRequest) -> tuple[str, int] | None:
    """Return the time of the request as it is signed and as epoch seconds, or None when there is none."""
    given = request.headers.get("x-amz-date")
    if given is not None:
        return _read_timestamp(given)
    date = request.headers.get("date")
    if date is None:
        return None
    try:
        seconds = int(parsedate_to_datetime(date).timestamp())
    except (ValueError, OverflowError):
        return _read_timestamp(date)
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(seconds)), seconds


@lru_cache(maxsize=256)
def _read_timestamp(text: str) -> tuple[str, int] | None:
    if not _TIMESTAMP.fullmatch(text):
        return None
    try:
        return text, timegm(time.strptime(text, "%Y%m%dT%H%M%SZ"))
    except ValueError:
        return None


def _from_query(parameters: list[tuple[str, str]], protocol: Protocol) -> SignatureClaim:
    given = dict(parameters)
    if not _OLD_QUERY_SIGNATURES.isdisjoint(given):
        raise NotDerivableError("presigned requests of Signature Version 2")
    if len(given) != len(parameters):
        raise NotDerivableError("a presigned request that gives a parameter twice")
    if given.get("X-Amz-Algorithm", _ALGORITHM) != _ALGORITHM:
        raise NotDerivableError("a signing algorithm other than AWS4-HMAC-SHA256 in the query")
    names = ("X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Signature", "X-Amz-Date", "X-Amz-SignedHeaders")
    if any(not given.get(name) for name in (*names, "X-Amz-Expires")):
        raise _query_error(protocol, unconfirmed.PRESIGNED_INCOMPLETE)
    credential = _CREDENTIAL.fullmatch(given["X-Amz-Credential"])
    timestamp = _read_timestamp(given["X-Amz-Date"])
    if credential is None or timestamp is None or not _SIGNATURE.fullmatch(given["X-Amz-Signature"]):
        raise _query_error(protocol, unconfirmed.PRESIGNED_INCOMPLETE)
    token = given.get("X-Amz-Security-Token")
    return SignatureClaim(
        credential["key"],
        credential["date"],
        credential["region"],
        credential["service"],
        given["X-Amz-SignedHeaders"],
        given["X-Amz-Signature"],
        timestamp[0],
        timestamp[1],
        None if token is None else Secret(token),
        _expires(given["X-Amz-Expires"], protocol),
        given.get("X-Amz-Content-Sha256"),
    )


def _expires(text: str, protocol: Protocol) -> int:
    if not re.fullmatch(rf"-?[0-9]{{1,{_MANY_DIGITS}}}", text):
        raise _query_error(protocol, "X-Amz-Expires should be a number")
    seconds = int(text)
    if seconds < 0:
        raise _query_error(protocol, "X-Amz-Expires must be non-negative")
    if seconds > _WEEK:
        raise _query_error(protocol, unconfirmed.PRESIGNED_TOO_LONG)
    return seconds


def _query_error(protocol: Protocol, text: str) -> ServiceError:
    if protocol is Protocol.REST_XML:
        return ServiceError("AuthorizationQueryParametersError", text)
    return incomplete(protocol, [], dated=True, text=text)
