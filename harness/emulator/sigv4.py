"""Signature Version 4 as the server checks it (aws-semantics section 7)."""

from __future__ import annotations

import hashlib
import hmac
import re
import time
from calendar import timegm
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from harness.emulator import unconfirmed
from harness.emulator.service import NotDerivableError, ServiceError
from harness.emulator.wire import Protocol
from harness.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.emulator.clock import Clock
    from harness.emulator.endpoints import Endpoint
    from harness.emulator.principals import CredentialStore, IssuedCredentials, Principal

_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 "
    r"Credential=(?P<key>[^/,\s]+)/(?P<date>\d{8})/(?P<region>[^/,]+)/(?P<service>[^/,]+)/aws4_request, ?"
    r"SignedHeaders=(?P<headers>[^,\s]+), ?Signature=(?P<signature>[0-9a-f]{64})"
)
_SKEW_SECONDS = 300
_MISMATCH = "The request signature we calculated does not match the signature you provided. "
_MISMATCH += "Check your AWS Secret Access Key and signing method."
_UNSIGNED_PAYLOADS = frozenset({"UNSIGNED-PAYLOAD", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"})
# What a signature in the query looks like, in this version and in the one before it.
_QUERY_SIGNATURES = frozenset({"X-Amz-Algorithm", "X-Amz-Signature", "X-Amz-Credential", "Signature", "AWSAccessKeyId"})


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """The parts of an HTTP request that a signature covers. Header names are lower-case."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class VerifiedSignature:
    """A signature that was checked: whose it is, and what later signatures in the same request build on.

    `signing_key` is the derived key of day, Region and service as hexadecimal text; with `signature`, `timestamp`
    (`X-Amz-Date`) and `scope` (date/region/service/aws4_request) it is what the chunks of an S3 upload are signed
    with. `presigned` tells a signature in the query, with `expires`, the seconds it is good for, from one in a header.
    """

    issued: IssuedCredentials
    signing_key: Secret
    signature: str
    timestamp: str
    scope: str
    presigned: bool = False
    expires: int | None = None

    @property
    def principal(self) -> Principal:
        """Who the request speaks for."""
        return self.issued.principal


class SignatureVerifier:
    """Tells whose request this is, or refuses it with the code and status of the service's protocol."""

    def __init__(self, store: CredentialStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._signing_keys: dict[tuple[str, str, str, str], bytes] = {}

    def verify(self, request: SignedRequest, endpoint: Endpoint) -> VerifiedSignature | None:
        """Return the signature of the request and whose it is, or None when it carries no signature at all.

        Raises ServiceError for an unknown key, a wrong or missing token, an expired session, clock skew, a wrong
        scope, headers that had to be signed and were not, or a signature that does not match. Presigned requests are
        not known yet and refused as such.
        """
        service, protocol = endpoint.service, endpoint.protocol
        header = request.headers.get("authorization")
        presigned = not _QUERY_SIGNATURES.isdisjoint(
            dict(parse_qsl(urlsplit(request.url).query, keep_blank_values=True))
        )
        if presigned:
            raise NotDerivableError("presigned requests") if header is None else _signed_twice(protocol)
        if header is None:
            return None
        parts = _AUTHORIZATION.fullmatch(header)
        if parts is None:
            if header.startswith(("AWS ", "AWS4-ECDSA")):
                raise NotDerivableError(f"the signing algorithm {header.partition(' ')[0]}")
            raise _failure("incomplete", protocol)
        issued = self._credentials(parts["key"], request.headers.get("x-amz-security-token"), protocol)
        _check_scope(parts["region"], parts["service"], endpoint)
        timestamp = request.headers.get("x-amz-date", "")
        _check_skew(timestamp, protocol)
        if timestamp[:8] != parts["date"]:
            raise _failure("scope-date", protocol, parts["date"], timestamp[:8], timestamp)
        _check_signed_headers(request, parts["headers"], protocol)
        if not hmac.compare_digest(self._signature(request, issued, parts, timestamp, service), parts["signature"]):
            raise _failure("mismatch", protocol)
        if service == "s3":
            _check_payload_hash(request)
        if issued.expiration is not None and self._clock.now() >= issued.expiration:
            raise _failure("expired", protocol)
        scope = f"{parts['date']}/{parts['region']}/{parts['service']}/aws4_request"
        key = self._signing_key(issued, parts["date"], parts["region"], parts["service"])
        return VerifiedSignature(issued, Secret(key.hex()), parts["signature"], timestamp, scope)

    def forget(self) -> None:
        """Forget the signing keys that were derived."""
        self._signing_keys.clear()

    def _credentials(self, access_key_id: str, token: str | None, protocol: Protocol) -> IssuedCredentials:
        issued = self._store.find(access_key_id)
        if issued is None:
            raise _failure("unknown-key", protocol)
        expected = None if issued.session_token is None else issued.session_token.reveal()
        if expected is None and token is None:
            return issued
        if expected is None or token is None or not hmac.compare_digest(expected.encode(), token.encode()):
            raise _failure("bad-token", protocol)
        return issued

    def _signature(
        self,
        request: SignedRequest,
        issued: IssuedCredentials,
        parts: re.Match[str],
        timestamp: str,
        service: str,
    ) -> str:
        scope = f"{parts['date']}/{parts['region']}/{parts['service']}/aws4_request"
        canonical = _canonical_request(request, parts["headers"], service)
        to_sign = f"AWS4-HMAC-SHA256\n{timestamp}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
        key = self._signing_key(issued, parts["date"], parts["region"], parts["service"])
        return hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()

    def _signing_key(self, issued: IssuedCredentials, date: str, region: str, service: str) -> bytes:
        # Four HMACs depend only on key, day, Region and service; deriving them once halves the cost of a check.
        cache_key = (issued.access_key_id, date, region, service)
        key = self._signing_keys.get(cache_key)
        if key is None:
            key = ("AWS4" + issued.secret_access_key.reveal()).encode()
            for part in (date, region, service, "aws4_request"):
                key = hmac.new(key, part.encode(), hashlib.sha256).digest()
            self._signing_keys[cache_key] = key
        return key


def _canonical_request(request: SignedRequest, signed_headers: str, service: str) -> str:
    url = urlsplit(request.url)
    path = url.path or "/"
    if service != "s3":
        path = quote(path, safe="/-_.~")
    headers = "".join(f"{name}:{_header_value(request, name, url.netloc)}\n" for name in signed_headers.split(";"))
    # Only S3 takes the client's word for the hash; elsewhere UNSIGNED-PAYLOAD would leave the body open to changes.
    declared = request.headers.get("x-amz-content-sha256") if service == "s3" else None
    payload = declared or hashlib.sha256(request.body).hexdigest()
    return f"{request.method}\n{path}\n{_canonical_query(url.query)}\n{headers}\n{signed_headers}\n{payload}"


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
        pairs.append((_encode(name), _encode(value)))
    return "&".join(f"{name}={value}" for name, value in sorted(pairs))


def _encode(part: str) -> str:
    return quote(unquote(part), safe="-_.~")


def _check_payload_hash(request: SignedRequest) -> None:
    declared = request.headers.get("x-amz-content-sha256")
    if declared is None:
        raise ServiceError("InvalidRequest", "Missing required header for this request: x-amz-content-sha256")
    if declared in _UNSIGNED_PAYLOADS:
        return
    if declared.startswith("STREAMING-"):
        raise NotDerivableError(f"the payload signing {declared}")
    if not hmac.compare_digest(declared.encode(), hashlib.sha256(request.body).hexdigest().encode()):
        text = "The provided 'x-amz-content-sha256' header does not match what was computed."
        raise ServiceError("XAmzContentSHA256Mismatch", text)


def _check_scope(region: str, service: str, endpoint: Endpoint) -> None:
    if region != endpoint.region:
        if endpoint.protocol is Protocol.REST_XML:
            wrong = f"the region '{region}' is wrong; expecting '{endpoint.region}'"
            text = f"The authorization header is malformed; {wrong}"
            raise ServiceError("AuthorizationHeaderMalformed", text)
        raise _failure("region", endpoint.protocol)
    if service != endpoint.service:
        raise _failure("service", endpoint.protocol, endpoint.service)


def _check_signed_headers(request: SignedRequest, signed_headers: str, protocol: Protocol) -> None:
    # A header that means something to AWS and is not signed could be exchanged on the way.
    needed = {"host", *(name for name in request.headers if name.startswith("x-amz-"))}
    if not needed <= set(signed_headers.split(";")):
        raise _failure("unsigned-headers", protocol)


def _signed_twice(protocol: Protocol) -> ServiceError:
    if protocol in (Protocol.JSON_1_0, Protocol.JSON_1_1):
        return ServiceError("InvalidSignatureException", unconfirmed.SIGNED_TWICE)
    return NotDerivableError("requests signed both in a header and in the query")


def _check_skew(timestamp: str, protocol: Protocol) -> None:
    try:
        seconds = timegm(time.strptime(timestamp, "%Y%m%dT%H%M%SZ"))
    except ValueError:
        raise _failure("incomplete", protocol) from None
    # The wall clock, not the emulator's: advancing the latter must not make every client look skewed.
    if abs(time.time() - seconds) > _SKEW_SECONDS:
        raise _failure("skew", protocol)


# Per failure: (code, status) of JSON services, of query services and of S3, and the text (aws-semantics section 7).
_INVALID_TOKEN = "The security token included in the request is invalid."  # noqa: S105  an error text
_FAILURES: dict[str, tuple[tuple[str, int], tuple[str, int], tuple[str, int], str]] = {
    "unknown-key": (
        ("UnrecognizedClientException", 400),
        ("InvalidClientTokenId", 403),
        ("InvalidAccessKeyId", 403),
        _INVALID_TOKEN,
    ),
    "bad-token": (
        ("UnrecognizedClientException", 400),
        ("InvalidClientTokenId", 403),
        ("InvalidToken", 400),
        _INVALID_TOKEN,
    ),
    "expired": (
        ("ExpiredTokenException", 400),
        ("ExpiredToken", 403),
        ("ExpiredToken", 400),
        "The security token included in the request is expired",
    ),
    "mismatch": (
        ("InvalidSignatureException", 400),
        ("SignatureDoesNotMatch", 403),
        ("SignatureDoesNotMatch", 403),
        _MISMATCH,
    ),
    "skew": (
        ("InvalidSignatureException", 400),
        ("SignatureDoesNotMatch", 403),
        ("RequestTimeTooSkewed", 403),
        "Signature expired or not yet current: the clock of the client differs by more than five minutes.",
    ),
    "region": (
        ("InvalidSignatureException", 400),
        ("SignatureDoesNotMatch", 403),
        ("AuthorizationHeaderMalformed", 400),
        "Credential should be scoped to a valid region. ",
    ),
    "service": (
        ("InvalidSignatureException", 400),
        ("SignatureDoesNotMatch", 403),
        ("AuthorizationHeaderMalformed", 400),
        "Credential should be scoped to correct service: '{}'. ",
    ),
    "scope-date": (
        ("InvalidSignatureException", 400),
        ("SignatureDoesNotMatch", 403),
        ("AuthorizationHeaderMalformed", 400),
        unconfirmed.SCOPE_DATE_DIFFERS,
    ),
    "unsigned-headers": (
        ("InvalidSignatureException", 400),
        ("SignatureDoesNotMatch", 403),
        ("AccessDenied", 403),
        unconfirmed.HEADERS_NOT_SIGNED,
    ),
    "incomplete": (
        ("IncompleteSignatureException", 400),
        ("IncompleteSignature", 403),
        ("AuthorizationHeaderMalformed", 400),
        "Authorization header requires a date, a credential, signed headers and a signature.",
    ),
    "missing": (
        ("MissingAuthenticationTokenException", 400),
        ("MissingAuthenticationToken", 403),
        ("AccessDenied", 403),
        "Request is missing Authentication Token",
    ),
}
_S3_TEXTS = {
    "unknown-key": "The AWS Access Key Id you provided does not exist in our records.",
    "bad-token": "The provided token is malformed or otherwise invalid.",
    "expired": "The provided token has expired.",
    "missing": "Access Denied",
    "unsigned-headers": unconfirmed.S3_HEADERS_NOT_SIGNED,
}


def _failure(kind: str, protocol: Protocol, *details: str) -> ServiceError:
    json_code, query_code, s3_code, text = _FAILURES[kind]
    if protocol is Protocol.REST_XML:
        code, status = s3_code
        text = _S3_TEXTS.get(kind, text)
    else:
        code, status = query_code if protocol is Protocol.QUERY else json_code
    return ServiceError(code, text.format(*details), status)


def unsigned(protocol: Protocol) -> ServiceError:
    """Return the refusal of a call that should have been signed and was not."""
    return _failure("missing", protocol)
