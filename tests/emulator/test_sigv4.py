"""Every way a signature or credential can be wrong, with the code and status of each protocol."""

from __future__ import annotations

import hmac
import time
from dataclasses import replace
from email.utils import formatdate
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from harness.emulator.clock import Clock
from harness.emulator.endpoints import Endpoint
from harness.emulator.headers import joined_headers
from harness.emulator.principals import CredentialStore, IssuedCredentials, Principal
from harness.emulator.service import NOT_DERIVABLE, ServiceError
from harness.emulator.signatures.claim import without_signature
from harness.emulator.signatures.sigv4 import SignatureVerifier, SignedRequest, unsigned
from harness.emulator.wire import Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

_REGION = "eu-west-1"
_PRINCIPAL = Principal("arn:aws:iam::1:user/u", "arn:aws:iam::1:user/u", "AIDA", "1")
_PROTOCOLS = {
    "dynamodb": Protocol.JSON_1_0,
    "cognito-idp": Protocol.JSON_1_1,
    "sts": Protocol.QUERY,
    "iam": Protocol.QUERY,
    "s3": Protocol.REST_XML,
}
_URLS = {
    service: "https://iam.amazonaws.com/" if service == "iam" else f"https://{service}.{_REGION}.amazonaws.com/"
    for service in _PROTOCOLS
}
_REGIONS = {service: "us-east-1" if service == "iam" else _REGION for service in _PROTOCOLS}
_JSON, _QUERY, _S3 = "dynamodb", "sts", "s3"


class _Signatures:
    """A verifier with one long-term key and one session, and requests signed by botocore."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.store = CredentialStore(self.clock)
        self.verifier = SignatureVerifier(self.store, self.clock)
        self.user = self.store.issue_long_term(_PRINCIPAL)
        self.session = self.store.issue_session(_PRINCIPAL, 3600)

    def signed(
        self,
        service: str,
        issued: IssuedCredentials | None = None,
        *,
        url: str | None = None,
        method: str = "POST",
        body: bytes = b"{}",
        secret: str | None = None,
        token: str | None = None,
        key: str | None = None,
        region: str | None = None,
        scope: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> SignedRequest:
        issued = issued or self.session
        kept = None if issued.session_token is None else issued.session_token.reveal()
        credentials = Credentials(
            key or issued.access_key_id, secret or issued.secret_access_key.reveal(), token or kept
        )
        request = AWSRequest(method=method, url=url or _URLS[service], data=body, headers=headers or {})
        signer = (S3SigV4Auth if service == "s3" else SigV4Auth)(
            credentials, scope or service, region or _REGIONS[service]
        )
        if service == "s3":
            request.context["client_config"] = None
        signer.add_auth(request)
        prepared = request.prepare()
        # botocore leaves some header values as bytes, whatever its types say.
        values: dict[str, Any] = dict(prepared.headers.items())
        sent = {
            name.lower(): value.decode() if isinstance(value, bytes) else str(value) for name, value in values.items()
        }
        return SignedRequest(method, str(request.url), sent, body)

    def verify(self, request: SignedRequest, service: str) -> IssuedCredentials | None:
        verified = self.verifier.verify(request, Endpoint(service, _REGIONS[service]))
        return None if verified is None else verified.issued

    def refusal(self, request: SignedRequest, service: str) -> tuple[str, int]:
        with pytest.raises(ServiceError) as refusal:
            self.verify(request, service)
        return refusal.value.code, refusal.value.status


@pytest.fixture
def signatures() -> _Signatures:
    return _Signatures()


def _changed(request: SignedRequest, body: bytes | None = None, **headers: str | None) -> SignedRequest:
    merged = {**request.headers, **{name.replace("_", "-"): value for name, value in headers.items()}}
    kept = {name: value for name, value in merged.items() if value is not None}
    return SignedRequest(request.method, request.url, kept, request.body if body is None else body)


@pytest.mark.parametrize("service", _PROTOCOLS)
def test_what_botocore_signs_is_accepted(signatures: _Signatures, service: str) -> None:
    for issued in (signatures.user, signatures.session):
        assert signatures.verify(signatures.signed(service, issued), service) is issued


@pytest.mark.parametrize(
    "path",
    ["/b/k", "/b//k", "/b/a%2Fb", "/b/a%20b%2Bc", "/b/%C3%A9", "/b/k?x=%20&a=1&a=%2B&list-type=2", "/b/..", "/b/~-._"],
)
def test_paths_and_queries_of_s3_are_signed_as_they_are(signatures: _Signatures, path: str) -> None:
    request = signatures.signed("s3", url=_URLS["s3"][:-1] + path, method="GET", body=b"")
    assert signatures.verify(request, "s3") is signatures.session


_FAILURES: list[tuple[str, Callable[[_Signatures, str], SignedRequest], tuple[tuple[str, int], ...]]] = [
    (
        "unknown key",
        lambda s, service: s.signed(service, key="ASIAUNKNOWNUNKNOWNUN"),
        (("UnrecognizedClientException", 400), ("InvalidClientTokenId", 403), ("InvalidAccessKeyId", 403)),
    ),
    (
        "garbled token",
        lambda s, service: s.signed(service, token="garbled"),
        (("UnrecognizedClientException", 400), ("InvalidClientTokenId", 403), ("InvalidToken", 400)),
    ),
    (
        "missing token",
        lambda s, service: _changed(s.signed(service), x_amz_security_token=None),
        (("UnrecognizedClientException", 400), ("InvalidClientTokenId", 403), ("InvalidToken", 400)),
    ),
    (
        "token with a long-term key",
        lambda s, service: s.signed(service, s.user, token="some"),
        (("UnrecognizedClientException", 400), ("InvalidClientTokenId", 403), ("InvalidToken", 400)),
    ),
    (
        "wrong secret",
        lambda s, service: s.signed(service, secret="wrong"),
        (("InvalidSignatureException", 400), ("SignatureDoesNotMatch", 403), ("SignatureDoesNotMatch", 403)),
    ),
    (
        "changed body",
        lambda s, service: _changed(s.signed(service), body=b"other"),
        (("InvalidSignatureException", 400), ("SignatureDoesNotMatch", 403), ("XAmzContentSHA256Mismatch", 400)),
    ),
    (
        "wrong Region",
        lambda s, service: s.signed(service, region="us-west-2"),
        (("InvalidSignatureException", 400), ("SignatureDoesNotMatch", 403), ("AuthorizationHeaderMalformed", 400)),
    ),
    (
        "wrong service",
        lambda s, service: s.signed(service, scope="ec2"),
        (("InvalidSignatureException", 400), ("SignatureDoesNotMatch", 403), ("AuthorizationHeaderMalformed", 400)),
    ),
    (
        "incomplete header",
        lambda s, service: _changed(s.signed(service), authorization="AWS4-HMAC-SHA256 Credential=a/b"),
        (
            ("IncompleteSignatureException", 400),
            ("IncompleteSignature", 403),
            ("AuthorizationHeaderMalformed", 400),
        ),
    ),
    (
        "no date",
        lambda s, service: _changed(s.signed(service), x_amz_date=None),
        (
            ("IncompleteSignatureException", 400),
            ("IncompleteSignature", 403),
            ("AuthorizationHeaderMalformed", 400),
        ),
    ),
    (
        "another day in the scope",
        lambda s, service: _with_scope_of_another_day(s.signed(service)),
        (("InvalidSignatureException", 400), ("SignatureDoesNotMatch", 403), ("AuthorizationHeaderMalformed", 400)),
    ),
    *(
        (
            f"{name} is not signed",
            lambda s, service, name=name: _without_signed(s.signed(service), name),
            (("InvalidSignatureException", 400), ("SignatureDoesNotMatch", 403), ("AccessDenied", 403)),
        )
        for name in ("host", "x-amz-date", "x-amz-security-token")
    ),
    (
        "a header added on the way",
        lambda s, service: _changed(s.signed(service), x_amz_target="DynamoDB_20120810.Scan"),
        (("InvalidSignatureException", 400), ("SignatureDoesNotMatch", 403), ("AccessDenied", 403)),
    ),
]


def _with_scope_of_another_day(request: SignedRequest) -> SignedRequest:
    day = request.headers["x-amz-date"][:8]
    return _changed(request, authorization=request.headers["authorization"].replace(f"/{day}/", "/20200101/"))


def _without_signed(request: SignedRequest, name: str) -> SignedRequest:
    before, names, after = request.headers["authorization"].partition("SignedHeaders=")
    listed, _, rest = after.partition(",")
    others = ";".join(entry for entry in listed.split(";") if entry != name)
    return _changed(request, authorization=f"{before}{names}{others},{rest}")


@pytest.mark.parametrize(("request_of", "expected"), [row[1:] for row in _FAILURES], ids=[row[0] for row in _FAILURES])
@pytest.mark.parametrize(("service", "column"), [(_JSON, 0), ("cognito-idp", 0), (_QUERY, 1), ("iam", 1), (_S3, 2)])
def test_each_failure_has_the_code_of_its_protocol(
    signatures: _Signatures,
    service: str,
    column: int,
    request_of: Callable[[_Signatures, str], SignedRequest],
    expected: tuple[tuple[str, int], ...],
) -> None:
    assert signatures.refusal(request_of(signatures, service), service) == expected[column]


@pytest.mark.parametrize(
    ("service", "expected"),
    [(_JSON, ("ExpiredTokenException", 400)), (_QUERY, ("ExpiredToken", 403)), (_S3, ("ExpiredToken", 400))],
)
def test_an_expired_session_is_told_so(signatures: _Signatures, service: str, expected: tuple[str, int]) -> None:
    request = signatures.signed(service)
    with signatures.clock.shifted(3599):
        assert signatures.verify(request, service) is signatures.session
    with signatures.clock.shifted(3601):
        assert signatures.refusal(request, service) == expected
        # Long-term keys do not expire, and nobody looks skewed because the emulator's clock was advanced.
        assert signatures.verify(signatures.signed(service, signatures.user), service) is signatures.user


@pytest.mark.parametrize("seconds", [-301, 301, -86_400])
@pytest.mark.parametrize(
    ("service", "expected"),
    [
        (_JSON, ("InvalidSignatureException", 400)),
        (_QUERY, ("SignatureDoesNotMatch", 403)),
        (_S3, ("RequestTimeTooSkewed", 403)),
    ],
)
def test_a_skewed_client_is_refused(
    signatures: _Signatures, service: str, expected: tuple[str, int], seconds: int
) -> None:
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(time.time() + seconds))
    assert signatures.refusal(_changed(signatures.signed(service), x_amz_date=stamp), service) == expected


@pytest.mark.parametrize("service", [_JSON, "cognito-idp", _QUERY, "iam"])
def test_only_s3_lets_the_client_leave_its_body_unsigned(signatures: _Signatures, service: str) -> None:
    request = signatures.signed(service, headers={"X-Amz-Content-SHA256": "UNSIGNED-PAYLOAD"})
    assert request.headers["x-amz-content-sha256"] == "UNSIGNED-PAYLOAD"
    code, _ = signatures.refusal(request, service)
    assert code in ("InvalidSignatureException", "SignatureDoesNotMatch")


@pytest.mark.parametrize("declared", ["UNSIGNED-PAYLOAD", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"])
def test_s3_takes_an_unsigned_body(signatures: _Signatures, declared: str) -> None:
    request = _s3_with_payload(signatures, declared)
    assert signatures.verify(_changed(request, body=b"changed"), "s3") is signatures.session


@pytest.mark.parametrize("trailer", ["", "-TRAILER"])
def test_s3_chunks_with_signatures_are_checked_one_by_one_later(signatures: _Signatures, trailer: str) -> None:
    request = _s3_with_payload(signatures, f"STREAMING-AWS4-HMAC-SHA256-PAYLOAD{trailer}")
    assert signatures.verify(request, "s3") is signatures.session


def test_s3_chunks_with_unknown_signatures_are_refused(signatures: _Signatures) -> None:
    request = _s3_with_payload(signatures, "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD")
    assert signatures.refusal(request, "s3") == (NOT_DERIVABLE, 501)


def test_s3_demands_a_content_hash(signatures: _Signatures) -> None:
    # The signer of the other services leaves the header out.
    signed = signatures.signed("s3")
    request = AWSRequest(method="GET", url=signed.url, data=b"")
    issued = signatures.user
    SigV4Auth(Credentials(issued.access_key_id, issued.secret_access_key.reveal()), "s3", _REGION).add_auth(request)
    headers = {name.lower(): str(value) for name, value in request.headers.items()}
    assert signatures.refusal(SignedRequest("GET", signed.url, headers, b""), "s3") == ("InvalidRequest", 400)


def _s3_with_payload(signatures: _Signatures, declared: str) -> SignedRequest:
    class _Signer(S3SigV4Auth):
        def payload(self, _: Any) -> str:
            return declared

    session = signatures.session
    assert session.session_token is not None
    credentials = Credentials(session.access_key_id, session.secret_access_key.reveal(), session.session_token.reveal())
    request = AWSRequest(method="PUT", url=f"{_URLS['s3']}b/k", data=b"content")
    _Signer(credentials, "s3", _REGION).add_auth(request)
    headers = {name.lower(): str(value) for name, value in request.headers.items()}
    return SignedRequest("PUT", str(request.url), {**headers, "x-amz-content-sha256": declared}, b"content")


@pytest.mark.parametrize("service", _PROTOCOLS)
def test_an_unsigned_request_is_nobodys(signatures: _Signatures, service: str) -> None:
    assert signatures.verify(SignedRequest("POST", _URLS[service], {}, b"{}"), service) is None


@pytest.mark.parametrize(
    ("protocol", "expected"),
    [
        (Protocol.JSON_1_0, ("MissingAuthenticationTokenException", 400)),
        (Protocol.QUERY, ("MissingAuthenticationToken", 403)),
        (Protocol.REST_XML, ("AccessDenied", 403)),
    ],
)
def test_what_an_unsigned_request_is_told(protocol: Protocol, expected: tuple[str, int]) -> None:
    refusal = unsigned(protocol)
    assert (refusal.code, refusal.status) == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("X-Amz-Algorithm=AWS4-HMAC-SHA256", ("AuthorizationQueryParametersError", 400)),
        ("X-Amz-Signature=", ("AuthorizationQueryParametersError", 400)),
        ("X%2DAmz-Algorithm=AWS4-ECDSA-P256-SHA256", (NOT_DERIVABLE, 501)),
        ("X-Amz-Signature=a&X-Amz-Signature=b", (NOT_DERIVABLE, 501)),
        ("AWSAccessKeyId=a&Signature=b", (NOT_DERIVABLE, 501)),
    ],
)
def test_presigned_requests_that_are_incomplete_or_of_another_kind(
    signatures: _Signatures, query: str, expected: tuple[str, int]
) -> None:
    request = SignedRequest("GET", f"{_URLS['s3']}b/k?{query}", {}, b"")
    assert signatures.refusal(request, "s3") == expected


def _presigned(signatures: _Signatures, url: str, expires: int = 60, **headers: str) -> SignedRequest:
    session = signatures.session
    assert session.session_token is not None
    credentials = Credentials(session.access_key_id, session.secret_access_key.reveal(), session.session_token.reveal())
    request = AWSRequest("PUT", url, data=b"", headers={name.replace("_", "-"): v for name, v in headers.items()})
    S3SigV4QueryAuth(credentials, "s3", _REGION, expires=expires).add_auth(request)
    return SignedRequest("PUT", str(request.url), {name.lower(): v for name, v in headers.items()}, b"any content")


def test_a_presigned_upload_leaves_its_body_open_and_nothing_else(signatures: _Signatures) -> None:
    """Section 7, signing in the query: UNSIGNED-PAYLOAD, the session token in the query, seven days at most."""
    request = _presigned(signatures, f"{_URLS['s3']}b/own/k?x-id=PutObject", 604_800)
    verified = signatures.verifier.verify(request, Endpoint("s3", _REGION))
    assert verified is not None
    assert (verified.presigned, verified.expires, verified.issued) == (True, 604_800, signatures.session)
    for changed in (
        replace(request, method="GET"),
        replace(request, url=request.url.replace("own", "foreign")),
        replace(request, url=request.url.replace("604800", "604799")),
        replace(request, url=request.url + "&x-amz-acl=public-read"),
        replace(request, headers={"host": "other"}),
    ):
        assert signatures.refusal(changed, "s3") == ("SignatureDoesNotMatch", 403)
    added = replace(request, headers={"x-amz-acl": "public-read"})
    assert signatures.refusal(added, "s3") == ("AccessDenied", 403)
    declared = replace(request, headers={"x-amz-content-sha256": "0" * 64})
    assert signatures.refusal(declared, "s3") == ("AccessDenied", 403)


def test_what_is_said_without_the_signature_of_a_presigned_request(signatures: _Signatures) -> None:
    request = _presigned(signatures, f"{_URLS['s3']}b/k?a=%20b&X-Other=1")
    assert without_signature(request.url) == f"{_URLS['s3']}b/k?a=%20b&X-Other=1"
    assert without_signature(_presigned(signatures, f"{_URLS['s3']}b/k").url) == f"{_URLS['s3']}b/k"


@pytest.mark.parametrize(
    ("service", "expected"),
    [
        (_JSON, ("InvalidSignatureException", 400)),
        (_QUERY, ("SignatureDoesNotMatch", 403)),
        (_S3, ("InvalidArgument", 400)),
    ],
)
def test_signing_twice_is_refused(signatures: _Signatures, service: str, expected: tuple[str, int]) -> None:
    request = signatures.signed(service, url=f"{_URLS[service]}?X-Amz-Algorithm=AWS4-HMAC-SHA256")
    assert signatures.refusal(request, service) == expected


def test_a_date_header_serves_in_place_of_x_amz_date(signatures: _Signatures) -> None:
    """Section 7: botocore signs the Date header where one is given, as older clients send it."""
    request = signatures.signed("dynamodb", headers={"Date": formatdate(usegmt=True)})
    assert "x-amz-date" not in request.headers
    assert signatures.verify(request, "dynamodb") is signatures.session


def test_values_of_a_header_given_twice_are_signed_together(signatures: _Signatures) -> None:
    """Signature Version 4: values of one name are joined by commas, in their order, and blanks are reduced."""
    request = signatures.signed("sts", headers={"X-Amz-Meta-A": "one,two  three"})
    pairs = [(name, value) for name, value in request.headers.items() if name != "x-amz-meta-a"]
    twice = [*pairs, ("X-Amz-Meta-A", "one"), ("x-amz-meta-a", "two three")]
    assert signatures.verify(replace(request, headers=joined_headers(twice)), "sts") is signatures.session
    swapped = [*pairs, ("x-amz-meta-a", "two three"), ("X-Amz-Meta-A", "one")]
    other = replace(request, headers=joined_headers(swapped))
    assert signatures.refusal(other, "sts") == ("SignatureDoesNotMatch", 403)


@pytest.mark.parametrize("path", ["/a/../b", "/a//b/", "/./a%20b", "/a%2Fb", "/é"])
def test_paths_outside_s3_are_cleaned_before_they_are_signed(signatures: _Signatures, path: str) -> None:
    request = signatures.signed("dynamodb", url=_URLS["dynamodb"][:-1] + path)
    assert signatures.verify(request, "dynamodb") is signatures.session


@pytest.mark.parametrize("header", ["AWS AKIA:c2ln", "AWS4-ECDSA-P256-SHA256 Credential=a"])
def test_other_signing_algorithms_are_not_known(signatures: _Signatures, header: str) -> None:
    assert signatures.refusal(_changed(signatures.signed("s3"), authorization=header), "s3") == (NOT_DERIVABLE, 501)


def test_a_changed_path_query_method_or_signed_header_breaks_the_signature(signatures: _Signatures) -> None:
    signed = signatures.signed("s3", url=f"{_URLS['s3']}b/k?prefix=own", method="GET", body=b"")
    split = urlsplit(signed.url)
    others = [
        SignedRequest("DELETE", signed.url, signed.headers, b""),
        SignedRequest("GET", signed.url.replace("/b/k", "/b/other"), signed.headers, b""),
        SignedRequest("GET", signed.url.replace("own", "foreign"), signed.headers, b""),
        SignedRequest("GET", signed.url, {**signed.headers, "host": f"other.{split.netloc}"}, b""),
    ]
    assert signatures.verify(signed, "s3") is signatures.session
    assert [signatures.refusal(other, "s3") for other in others] == [("SignatureDoesNotMatch", 403)] * 4


def test_what_is_verified_carries_what_chunks_are_signed_with(signatures: _Signatures) -> None:
    request = signatures.signed("s3", method="PUT", url=f"{_URLS['s3']}b/k")
    verified = signatures.verifier.verify(request, Endpoint("s3", _REGION))
    assert verified is not None
    assert verified.issued is signatures.session
    assert request.headers["authorization"].endswith(f"Signature={verified.signature}")
    assert verified.timestamp == request.headers["x-amz-date"]
    assert verified.scope == f"{verified.timestamp[:8]}/{_REGION}/s3/aws4_request"
    assert not verified.presigned
    # The key of the day is derived from the secret as the documentation of Signature Version 4 says.
    key = ("AWS4" + signatures.session.secret_access_key.reveal()).encode()
    for part in verified.scope.split("/"):
        key = hmac.new(key, part.encode(), "sha256").digest()
    assert verified.signing_key.reveal() == key.hex()
    assert key.hex() not in repr(verified)


def test_a_revoked_key_is_unknown(signatures: _Signatures) -> None:
    signatures.store.register_long_term("AKIAREVOKED", signatures.user.secret_access_key, _PRINCIPAL)
    request = signatures.signed("sts", signatures.user, key="AKIAREVOKED")
    issued = signatures.verify(request, "sts")
    assert issued is not None
    signatures.store.revoke("AKIAREVOKED")
    assert signatures.refusal(request, "sts") == ("InvalidClientTokenId", 403)
