"""Signature Version 4 as the server checks it, in the header or in the query (aws-semantics section 7)."""

from __future__ import annotations

import hashlib
import hmac
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.emulator.s3.chunk_signatures import SIGNED_STREAMS
from harness.emulator.service import NotDerivableError, ServiceError
from harness.emulator.signatures.canonical import canonical_request, without_token
from harness.emulator.signatures.claim import read_claim
from harness.emulator.signatures.refusals import (
    LATEST_SKEW,
    expired_presigned,
    mismatch,
    not_yet_valid,
    refusal,
    skewed,
    unsigned,
    wrong_region,
    wrong_service,
)
from harness.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.emulator.clock import Clock
    from harness.emulator.endpoints import Endpoint
    from harness.emulator.principals import CredentialStore, IssuedCredentials, Principal
    from harness.emulator.signatures.claim import SignatureClaim
    from harness.emulator.wire import Protocol

__all__ = ["SignatureVerifier", "SignedRequest", "VerifiedSignature", "unsigned"]

_UNSIGNED_PAYLOAD = "UNSIGNED-PAYLOAD"
_UNSIGNED_PAYLOADS = frozenset({_UNSIGNED_PAYLOAD, "STREAMING-UNSIGNED-PAYLOAD-TRAILER"})
_KEPT_KEYS = 10_000


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


@dataclass(frozen=True, slots=True)
class _SigningKey:
    raw: bytes
    hexadecimal: Secret


class SignatureVerifier:
    """Tells whose request this is, or refuses it with the code and status of the service's protocol."""

    def __init__(self, store: CredentialStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._signing_keys: dict[tuple[str, str, str, str], _SigningKey] = {}

    def verify(self, request: SignedRequest, endpoint: Endpoint) -> VerifiedSignature | None:
        """Return the signature of the request and whose it is, or None when it carries no signature at all.

        Raises ServiceError for an incomplete signature, or two of them, an unknown key, a wrong or missing token, an
        expired session or presigned URL, clock skew, a wrong scope, headers that had to be signed and were not, or a
        signature that does not match; NotDerivableError for other signing algorithms.
        """
        protocol = endpoint.protocol
        claim = read_claim(request, protocol)
        if claim is None:
            return None
        issued = self._credentials(claim, protocol)
        _check_scope(claim, endpoint)
        _check_time(claim, protocol)
        _check_signed_headers(request, claim, protocol)
        key = self._signing_key(issued, claim)
        payload = _payload_hash(request, claim, endpoint.service)
        canonical = canonical_request(request, claim.signed_headers, payload, endpoint.service)
        to_sign = (
            f"AWS4-HMAC-SHA256\n{claim.timestamp}\n{claim.scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
        )
        expected = hmac.new(key.raw, to_sign.encode(), hashlib.sha256).hexdigest()
        if not hmac.compare_digest(expected, claim.signature):
            raise mismatch(protocol, to_sign, without_token(canonical), claim.signature)
        if endpoint.service == "s3":
            _check_payload_hash(request, claim)
        if issued.expiration is not None and self._clock.now() >= issued.expiration:
            raise refusal("expired", protocol)
        return VerifiedSignature(
            issued, key.hexadecimal, claim.signature, claim.timestamp, claim.scope, claim.presigned, claim.expires
        )

    def forget(self) -> None:
        """Forget the signing keys that were derived."""
        self._signing_keys.clear()

    def _credentials(self, claim: SignatureClaim, protocol: Protocol) -> IssuedCredentials:
        issued = self._store.find(claim.access_key_id)
        if issued is None:
            raise refusal("unknown-key", protocol)
        expected = None if issued.session_token is None else issued.session_token.reveal()
        given = None if claim.token is None else claim.token.reveal()
        if expected is None and given is None:
            return issued
        if expected is None or given is None or not hmac.compare_digest(expected.encode(), given.encode()):
            raise refusal("bad-token", protocol)
        return issued

    def _signing_key(self, issued: IssuedCredentials, claim: SignatureClaim) -> _SigningKey:
        # Four HMACs depend only on key, day, Region and service; deriving them once halves the cost of a check.
        cache_key = (issued.access_key_id, claim.date, claim.region, claim.service)
        key = self._signing_keys.get(cache_key)
        if key is None:
            derived = ("AWS4" + issued.secret_access_key.reveal()).encode()
            for part in (claim.date, claim.region, claim.service, "aws4_request"):
                derived = hmac.new(derived, part.encode(), hashlib.sha256).digest()
            if len(self._signing_keys) >= _KEPT_KEYS:
                self._signing_keys.clear()
            key = self._signing_keys[cache_key] = _SigningKey(derived, Secret(derived.hex()))
        return key


def _payload_hash(request: SignedRequest, claim: SignatureClaim, service: str) -> str:
    # Only S3 takes the client's word for the hash; elsewhere UNSIGNED-PAYLOAD would leave the body open to changes.
    if service == "s3":
        declared = _declared_hash(request, claim)
        if declared is not None:
            return declared
    return hashlib.sha256(request.body).hexdigest()


def _declared_hash(request: SignedRequest, claim: SignatureClaim) -> str | None:
    in_header = request.headers.get("x-amz-content-sha256")
    if in_header is not None or not claim.presigned:
        return in_header
    return claim.payload_hash or _UNSIGNED_PAYLOAD


def _check_payload_hash(request: SignedRequest, claim: SignatureClaim) -> None:
    declared = _declared_hash(request, claim)
    if declared is None:
        raise ServiceError("InvalidRequest", "Missing required header for this request: x-amz-content-sha256")
    if declared in _UNSIGNED_PAYLOADS or declared in SIGNED_STREAMS:
        # Chunks are checked one by one where they are put together.
        return
    if declared.startswith("STREAMING-"):
        raise NotDerivableError(f"the payload signing {declared}")
    if not hmac.compare_digest(declared.encode(), hashlib.sha256(request.body).hexdigest().encode()):
        text = "The provided 'x-amz-content-sha256' header does not match what was computed."
        raise ServiceError("XAmzContentSHA256Mismatch", text)


def _check_scope(claim: SignatureClaim, endpoint: Endpoint) -> None:
    if claim.region != endpoint.region:
        raise wrong_region(claim, endpoint)
    if claim.service != endpoint.service:
        raise wrong_service(claim, endpoint)


def _check_signed_headers(request: SignedRequest, claim: SignatureClaim, protocol: Protocol) -> None:
    # A header that means something to AWS and is not signed could be exchanged on the way.
    signed = set(claim.signed_headers.split(";"))
    if "host" not in signed or any(name.startswith("x-amz-") and name not in signed for name in request.headers):
        raise refusal("unsigned-headers", protocol)


def _check_time(claim: SignatureClaim, protocol: Protocol) -> None:
    # The wall clock, not the emulator's: advancing the latter must not make every client look skewed.
    now = time.time()
    if claim.expires is None:
        if abs(now - claim.seconds) > LATEST_SKEW:
            raise skewed(claim, now, protocol)
    elif now > claim.seconds + claim.expires:
        raise expired_presigned(claim, now, protocol)
    elif claim.seconds > now + LATEST_SKEW:
        raise not_yet_valid(claim, now, protocol)
    if claim.timestamp[:8] != claim.date:
        raise refusal("scope-date", protocol, claim.date, claim.timestamp[:8], claim.timestamp)
