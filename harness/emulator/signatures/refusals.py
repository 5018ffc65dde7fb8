"""How requests with a wrong signature are refused: codes, statuses and words by protocol (aws-semantics section 7)."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from harness.emulator.service import ServiceError
from harness.emulator.unconfirmed import signatures as unconfirmed
from harness.emulator.wire import Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.emulator.endpoints import Endpoint
    from harness.emulator.signatures.claim import SignatureClaim

LATEST_SKEW = 300
_LONG_SKEW = 900
_MINUTE = 60

_INVALID_TOKEN = "The security token included in the request is invalid."  # noqa: S105  an error text
_MISMATCH = (
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key "
    "and signing method. Consult the service documentation for details."
)
_INVALID_SIGNATURE = (("InvalidSignatureException", 400), ("SignatureDoesNotMatch", 403))
# Per failure: code and status of JSON services, of query services and of S3, and the text.
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
    "mismatch": (*_INVALID_SIGNATURE, ("SignatureDoesNotMatch", 403), _MISMATCH),
    "skew": (*_INVALID_SIGNATURE, ("RequestTimeTooSkewed", 403), "{}"),
    "presigned-expired": (*_INVALID_SIGNATURE, ("AccessDenied", 403), "{}"),
    "region": (
        *_INVALID_SIGNATURE,
        ("AuthorizationHeaderMalformed", 400),
        "Credential should be scoped to a valid region. ",
    ),
    "service": (
        *_INVALID_SIGNATURE,
        ("AuthorizationHeaderMalformed", 400),
        "Credential should be scoped to correct service: '{}'. ",
    ),
    "scope-date": (
        *_INVALID_SIGNATURE,
        ("AuthorizationHeaderMalformed", 400),
        unconfirmed.SCOPE_DATE_DIFFERS,
    ),
    "unsigned-headers": (*_INVALID_SIGNATURE, ("AccessDenied", 403), unconfirmed.HEADERS_NOT_SIGNED),
    "twice": (*_INVALID_SIGNATURE, ("InvalidArgument", 400), unconfirmed.SIGNED_TWICE),
    "incomplete": (
        ("IncompleteSignatureException", 400),
        ("IncompleteSignature", unconfirmed.INCOMPLETE_SIGNATURE_STATUS),
        ("AuthorizationHeaderMalformed", 400),
        "{}",
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
    "mismatch": "The request signature we calculated does not match the signature you provided. "
    "Check your key and signing method.",
    "missing": "Access Denied",
    "twice": unconfirmed.S3_SIGNED_TWICE,
    "unsigned-headers": unconfirmed.S3_HEADERS_NOT_SIGNED,
}


def refusal(kind: str, protocol: Protocol, *details: str, members: dict[str, str] | None = None) -> ServiceError:
    """Return the refusal of one of the kinds of failure, in the words of the protocol."""
    json_code, query_code, s3_code, text = _FAILURES[kind]
    if protocol is Protocol.REST_XML:
        code, status = s3_code
        text = _S3_TEXTS.get(kind, text)
    else:
        code, status = query_code if protocol is Protocol.QUERY else json_code
        if protocol is Protocol.REST_JSON:
            status = unconfirmed.REST_JSON_SIGNATURE_STATUS
    return ServiceError(code, text.format(*details), status, members)


def unsigned(protocol: Protocol) -> ServiceError:
    """Return the refusal of a call that should have been signed and was not."""
    return refusal("missing", protocol)


def signed_twice(protocol: Protocol) -> ServiceError:
    """Return the refusal of a request with a signature in the header and one in the query."""
    return refusal("twice", protocol)


def incomplete(protocol: Protocol, missing: Sequence[str], *, dated: bool, text: str = "") -> ServiceError:
    """Return the refusal of a signature without one of its parts; `dated` tells whether the request has a time."""
    told = [f"Authorization header requires '{name}' parameter." for name in missing]
    if not dated:
        told.append("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.")
    words = text or " ".join(told) or unconfirmed.SIGNATURE_MALFORMED
    if protocol is Protocol.REST_XML:
        words = f"The authorization header is malformed; {words}"
    return refusal("incomplete", protocol, words)


def mismatch(protocol: Protocol, to_sign: str, canonical: str, given: str) -> ServiceError:
    """Return the refusal of a signature that is another one. S3 shows what it signed; nothing shown may be secret."""
    members = {
        "StringToSign": to_sign,
        "SignatureProvided": given,
        "StringToSignBytes": to_sign.encode().hex(" "),
        "CanonicalRequest": canonical,
        "CanonicalRequestBytes": canonical.encode().hex(" "),
    }
    return refusal("mismatch", protocol, members=members if protocol is Protocol.REST_XML else None)


def wrong_region(claim: SignatureClaim, endpoint: Endpoint) -> ServiceError:
    """Return the refusal of a scope with another Region than the endpoint's."""
    if endpoint.protocol is not Protocol.REST_XML:
        return refusal("region", endpoint.protocol)
    return _s3_scope(claim, f"the region '{claim.region}' is wrong; expecting '{endpoint.region}'", endpoint.region)


def wrong_service(claim: SignatureClaim, endpoint: Endpoint) -> ServiceError:
    """Return the refusal of a scope with another service than the endpoint's."""
    if endpoint.protocol is not Protocol.REST_XML:
        return refusal("service", endpoint.protocol, endpoint.service)
    return _s3_scope(claim, f'incorrect service "{claim.service}". This endpoint belongs to "s3".')


def _s3_scope(claim: SignatureClaim, wrong: str, region: str | None = None) -> ServiceError:
    members = {} if region is None else {"Region": region}
    if claim.presigned:
        text = f"Error parsing the X-Amz-Credential parameter; {wrong}"
        return ServiceError("AuthorizationQueryParametersError", text, 400, members)
    return ServiceError("AuthorizationHeaderMalformed", f"The authorization header is malformed; {wrong}", 400, members)


def skewed(claim: SignatureClaim, now: float, protocol: Protocol) -> ServiceError:
    """Return the refusal of a request whose time is too far from ours."""
    if protocol is Protocol.REST_XML:
        members = {
            "RequestTime": claim.timestamp,
            "ServerTime": _iso(now),
            "MaxAllowedSkewMilliseconds": str(LATEST_SKEW * 1000),
        }
        text = "The difference between the request time and the current time is too large."
        return ServiceError("RequestTimeTooSkewed", text, 403, members)
    return refusal("skew", protocol, _skew_words(claim, now))


def _skew_words(claim: SignatureClaim, now: float) -> str:
    # AWS names a window of five minutes for some services and of fifteen for others. Five are documented, and decide;
    # fifteen are told wherever they too were exceeded.
    window = _LONG_SKEW if abs(now - claim.seconds) > _LONG_SKEW else LATEST_SKEW
    minutes = window // _MINUTE
    if claim.seconds < now:
        bound = f"{_basic(now - window)} ({_basic(now)} - {minutes} min.)"
        return f"Signature expired: {claim.timestamp} is now earlier than {bound}"
    bound = f"{_basic(now + window)} ({_basic(now)} + {minutes} min.)"
    return f"Signature not yet current: {claim.timestamp} is still later than {bound}"


def expired_presigned(claim: SignatureClaim, now: float, protocol: Protocol) -> ServiceError:
    """Return the refusal of a presigned request that came too late."""
    expires = claim.expires or 0
    if protocol is not Protocol.REST_XML:
        text = f"Signature expired: {claim.timestamp} is now earlier than {_basic(now - expires)}"
        return refusal("presigned-expired", protocol, f"{text} ({_basic(now)} - {expires // _MINUTE} min.)")
    members = {
        "X-Amz-Expires": str(expires),
        "Expires": _iso(claim.seconds + expires),
        "ServerTime": _iso(now),
    }
    return refusal("presigned-expired", protocol, "Request has expired", members=members)


def not_yet_valid(claim: SignatureClaim, now: float, protocol: Protocol) -> ServiceError:
    """Return the refusal of a presigned request that came too early."""
    if protocol is Protocol.REST_XML:
        members = {"X-Amz-Date": claim.timestamp, "ServerTime": _iso(now)}
        return refusal("presigned-expired", protocol, "Request is not valid yet", members=members)
    return refusal("skew", protocol, _skew_words(claim, now))


def _basic(seconds: float) -> str:
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(seconds))


def _iso(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
