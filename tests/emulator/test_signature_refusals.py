"""aws-semantics section 7, row by row and through both doors: what a request with a wrong signature is told."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest
from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth, SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSPreparedRequest, AWSRequest
from botocore.compat import HTTPHeaders
from botocore.credentials import Credentials

from harness.emulator.cloud import EmbeddedCloud
from harness.emulator.principals import root_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from doors import Door

    from harness.emulator.principals import IssuedCredentials

_REGION = "eu-west-1"


@dataclass(frozen=True)
class _Service:
    """A call that needs a signature; `column` is that of the service's protocol in the table of section 7."""

    name: str
    column: int
    method: str
    url: str
    body: bytes
    headers: dict[str, str]
    region: str = _REGION


def _json_service(name: str, target: str, body: bytes) -> _Service:
    return _Service(name, 0, "POST", f"https://{name}.{_REGION}.amazonaws.com/", body, {"X-Amz-Target": target})


_FORM = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
_SERVICES = (
    _json_service("dynamodb", "DynamoDB_20120810.ListTables", b"{}"),
    _json_service("cognito-idp", "AWSCognitoIdentityProviderService.ListUserPools", b'{"MaxResults": 1}'),
    _json_service("cognito-identity", "AWSCognitoIdentityService.ListIdentityPools", b'{"MaxResults": 1}'),
    _Service(
        "sts",
        1,
        "POST",
        f"https://sts.{_REGION}.amazonaws.com/",
        b"Action=GetCallerIdentity&Version=2011-06-15",
        _FORM,
    ),
    _Service(
        "iam",
        1,
        "POST",
        "https://iam.amazonaws.com/",
        b"Action=CreateUser&UserName=u&Version=2010-05-08",
        _FORM,
        "us-east-1",
    ),
    _Service("s3", 2, "GET", f"https://s3.{_REGION}.amazonaws.com/", b"", {}),
)


@dataclass(frozen=True)
class _Answer:
    status: int
    body: str

    @property
    def code(self) -> str:
        return str(json.loads(self.body)["__type"]).rpartition("#")[2] if self._is_json else self.member("Code")

    @property
    def message(self) -> str:
        if not self._is_json:
            return self.member("Message")
        members = {name.lower(): value for name, value in json.loads(self.body).items()}
        return str(members["message"])

    @property
    def _is_json(self) -> bool:
        return self.body.startswith("{")

    def member(self, name: str) -> str:
        root = ET.fromstring(self.body)  # noqa: S314  our own answer
        return next(element.text or "" for element in root.iter() if element.tag == name)


@dataclass(frozen=True)
class _Doors:
    """Signs requests as a client would, and sends the very same ones through one of the doors."""

    cloud: EmbeddedCloud
    door: Door
    user: IssuedCredentials
    session: IssuedCredentials

    def signed(
        self,
        service: _Service,
        *,
        key: str | None = None,
        secret: str | None = None,
        token: str | None = None,
        scope: str | None = None,
        region: str | None = None,
        at: float = 0,
        expires: int | None = None,
    ) -> AWSPreparedRequest:
        kept = self.session.session_token
        assert kept is not None
        credentials = Credentials(
            key or self.session.access_key_id,
            secret or self.session.secret_access_key.reveal(),
            kept.reveal() if token is None else token or None,
        )
        request = AWSRequest(service.method, service.url, data=service.body, headers=dict(service.headers))
        if expires is not None:
            query = service.body.decode()
            request = AWSRequest("GET", f"{service.url}{'?' if query else ''}{query}", data=b"")
        request.context["client_config"] = None
        names = (scope or service.name, region or service.region)
        is_s3 = service.name == "s3"
        if expires is None:
            signer = (S3SigV4Auth if is_s3 else SigV4Auth)(credentials, *names)
        else:
            signer = (S3SigV4QueryAuth if is_s3 else SigV4QueryAuth)(credentials, *names, expires=expires)
        with pytest.MonkeyPatch.context() as patched:
            now = time.time
            patched.setattr("botocore.auth.get_current_datetime", lambda: _datetime(now() + at))
            signer.add_auth(request)
        return request.prepare()

    def send(self, request: AWSPreparedRequest) -> _Answer:
        answered = self.door.send(self.cloud, request)
        return _Answer(answered.status_code, answered.text)


def _datetime(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _headers(request: AWSPreparedRequest) -> dict[str, str]:
    # botocore leaves some header values as bytes, whatever its types say.
    values: dict[str, Any] = dict(request.headers.items())
    return {name: value.decode() if isinstance(value, bytes) else str(value) for name, value in values.items()}


@pytest.fixture
def doors(door: Door) -> Iterator[_Doors]:
    cloud = EmbeddedCloud()
    session = cloud.credentials.issue_session(root_of(cloud.account), 3600)
    yield _Doors(cloud, door, cloud.root_credentials(), session)
    cloud.close()


def _changed(request: AWSPreparedRequest, *removed: str, **headers: str) -> AWSPreparedRequest:
    kept = {name: value for name, value in _headers(request).items() if name.lower() not in removed}
    changed = {name.replace("_", "-"): value for name, value in headers.items()}
    kept = {name: value for name, value in kept.items() if name.lower() not in {other.lower() for other in changed}}
    merged = HTTPHeaders.from_dict({**kept, **changed})
    return AWSPreparedRequest(request.method, request.url, merged, request.body, stream_output=False)


def _with_query(request: AWSPreparedRequest, query: str) -> AWSPreparedRequest:
    url = f"{request.url}{'&' if '?' in request.url else '?'}{query}"
    return AWSPreparedRequest(request.method, url, request.headers, request.body, stream_output=False)


@dataclass(frozen=True)
class _Row:
    """One row of the table: the fact, how such a request is made, and (code, status, words) by protocol."""

    fact: str
    made: Callable[[_Doors, _Service], AWSPreparedRequest]
    told: tuple[tuple[str, int, str], tuple[str, int, str], tuple[str, int, str]]


_INVALID = "The security token included in the request is invalid."
_MISMATCH = "The request signature we calculated does not match the signature you provided. Check your "
_SKEW = "The difference between the request time and the current time is too large."
_BOTH = "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header."
_SHORT = "Credential=AKIA/20260101/eu-west-1/s3/aws4_request"
_KEY_UNKNOWN = (
    ("UnrecognizedClientException", 400, _INVALID),
    ("InvalidClientTokenId", 403, _INVALID),
    ("InvalidAccessKeyId", 403, "The AWS Access Key Id you provided does not exist in our records."),
)
_TOKEN_BAD = (*_KEY_UNKNOWN[:2], ("InvalidToken", 400, "The provided token is malformed or otherwise invalid."))
_SIGNATURE_WRONG = (
    ("InvalidSignatureException", 400, f"{_MISMATCH}AWS Secret Access Key and signing method."),
    ("SignatureDoesNotMatch", 403, f"{_MISMATCH}AWS Secret Access Key and signing method."),
    ("SignatureDoesNotMatch", 403, f"{_MISMATCH}key and signing method."),
)


def _with_words(json_and_query: str, s3: tuple[str, int, str]) -> tuple[Any, Any, Any]:
    return (
        ("InvalidSignatureException", 400, json_and_query),
        ("SignatureDoesNotMatch", 403, json_and_query),
        s3,
    )


_ROWS = (
    _Row("an unknown access key", lambda d, s: d.signed(s, key="ASIAUNKNOWNUNKNOWNUN"), _KEY_UNKNOWN),
    _Row("an ASIA key with a garbled token", lambda d, s: d.signed(s, token="garbled"), _TOKEN_BAD),
    _Row(
        "an ASIA key without its token",
        lambda d, s: _changed(d.signed(s), "x-amz-security-token"),
        _TOKEN_BAD,
    ),
    _Row(
        "an ASIA key signed without its token",
        lambda d, s: d.signed(s, token=""),
        _TOKEN_BAD,
    ),
    _Row("a wrong secret", lambda d, s: d.signed(s, secret="wrong"), _SIGNATURE_WRONG),
    _Row(
        "a signed header that was changed on the way",
        lambda d, s: _changed(d.signed(s), X_Amz_Date=time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(time.time() - 60))),
        _SIGNATURE_WRONG,
    ),
    _Row(
        "a clock that is sixteen minutes late",
        lambda d, s: d.signed(s, at=-960),
        _with_words("Signature expired: ", ("RequestTimeTooSkewed", 403, _SKEW)),
    ),
    _Row(
        "a clock that is six minutes late",
        lambda d, s: d.signed(s, at=-360),
        _with_words("Signature expired: ", ("RequestTimeTooSkewed", 403, _SKEW)),
    ),
    _Row(
        "a clock that is six minutes early",
        lambda d, s: d.signed(s, at=360),
        _with_words("Signature not yet current: ", ("RequestTimeTooSkewed", 403, _SKEW)),
    ),
    _Row(
        "another Region in the scope",
        lambda d, s: d.signed(s, region="us-west-2"),
        _with_words(
            "Credential should be scoped to a valid region. ",
            (
                "AuthorizationHeaderMalformed",
                400,
                "The authorization header is malformed; the region 'us-west-2' is wrong; expecting 'eu-west-1'",
            ),
        ),
    ),
    _Row(
        "another service in the scope",
        lambda d, s: d.signed(s, scope="ec2"),
        _with_words(
            "Credential should be scoped to correct service: '{service}'. ",
            ("AuthorizationHeaderMalformed", 400, 'The authorization header is malformed; incorrect service "ec2".'),
        ),
    ),
    _Row(
        "an incomplete Authorization header",
        lambda d, s: _changed(d.signed(s), Authorization=f"AWS4-HMAC-SHA256 {_SHORT}"),
        (
            ("IncompleteSignatureException", 400, "Authorization header requires 'Signature' parameter. Auth"),
            ("IncompleteSignature", 403, "Authorization header requires 'Signature' parameter. Auth"),
            ("AuthorizationHeaderMalformed", 400, "The authorization header is malformed; "),
        ),
    ),
    _Row(
        "no Authorization header",
        lambda d, s: _changed(d.signed(s), "authorization"),
        (
            ("MissingAuthenticationTokenException", 400, "Request is missing Authentication Token"),
            ("MissingAuthenticationToken", 403, "Request is missing Authentication Token"),
            ("AccessDenied", 403, "Access Denied"),
        ),
    ),
    _Row(
        "both header and query signing",
        lambda d, s: _with_query(d.signed(s), "X-Amz-Algorithm=AWS4-HMAC-SHA256"),
        _with_words(_BOTH, ("InvalidArgument", 400, "Only one auth mechanism allowed")),
    ),
)


@pytest.mark.parametrize("service", _SERVICES, ids=lambda service: service.name)
@pytest.mark.parametrize("row", _ROWS, ids=lambda row: f"section 7: {row.fact}")
def test_each_failure_is_told_as_the_protocol_tells_it(doors: _Doors, row: _Row, service: _Service) -> None:
    answer = doors.send(row.made(doors, service))
    code, status, words = row.told[service.column]
    assert (answer.code, answer.status) == (code, status)
    assert answer.message.startswith(words.replace("{service}", service.name)), answer.message


@pytest.mark.parametrize("service", _SERVICES, ids=lambda service: service.name)
def test_the_same_requests_are_performed_when_their_signature_is_right(doors: _Doors, service: _Service) -> None:
    """Section 7, the control of every row: a session's and a user's key, with up to five minutes of skew."""
    assert doors.send(doors.signed(service)).status == 200
    user = {"key": doors.user.access_key_id, "secret": doors.user.secret_access_key.reveal(), "token": ""}
    for at in (-290, 290):
        if service.name != "iam":  # which makes the user only once
            assert doors.send(doors.signed(service, at=at, **user)).status == 200  # type: ignore[arg-type]


@pytest.mark.parametrize("service", _SERVICES, ids=lambda service: service.name)
def test_an_expired_session_is_told_so_after_its_signature_was_checked(doors: _Doors, service: _Service) -> None:
    """Section 7: expiry is judged on the emulator's clock, skew on the wall clock."""
    code = ("ExpiredTokenException", "ExpiredToken", "ExpiredToken")[service.column]
    words = "The provided token has expired." if service.column == 2 else "The security token included in the request"
    with doors.cloud.clock.shifted(3601):
        expired, forged = doors.send(doors.signed(service)), doors.send(doors.signed(service, secret="wrong"))
    assert (expired.code, expired.status) == (code, (400, 403, 400)[service.column])
    assert expired.message.startswith(words)
    assert forged.code == _SIGNATURE_WRONG[service.column][0]


@pytest.mark.parametrize("service", [each for each in _SERVICES if each.body], ids=lambda service: service.name)
def test_a_body_that_was_changed_on_the_way_breaks_the_signature(doors: _Doors, service: _Service) -> None:
    """Section 7, row "wrong secret / body changed"."""
    request = doors.signed(service)
    changed = service.body.replace(b"1", b"2") if b"1" in service.body else service.body + b" "
    sent = AWSPreparedRequest(request.method, request.url, request.headers, changed, stream_output=False)
    sent.headers["Content-Length"] = str(len(changed))
    answer = doors.send(sent)
    code, status, words = _SIGNATURE_WRONG[service.column]
    assert (answer.code, answer.status) == (code, status)
    assert answer.message.startswith(words)


def test_skew_is_told_with_the_window_that_was_exceeded(doors: _Doors) -> None:
    """Section 7: fifteen minutes in the message, five already refused."""
    for at, minutes in ((-960, "- 15 min.)"), (-360, "- 5 min.)"), (360, "+ 5 min.)"), (960, "+ 15 min.)")):
        assert doors.send(doors.signed(_SERVICES[0], at=at)).message.endswith(minutes)


def test_s3_shows_what_it_signed_but_no_token(doors: _Doors) -> None:
    """Section 7: StringToSign and CanonicalRequest, as clients print them to find their mistake."""
    request = doors.signed(_SERVICES[-1], secret="wrong")
    answer = doors.send(request)
    token = doors.session.session_token
    assert token is not None
    signature = _headers(request)["Authorization"].rpartition("=")[2]
    assert answer.member("SignatureProvided") == signature
    assert answer.member("StringToSign").startswith("AWS4-HMAC-SHA256\n20")
    assert answer.member("CanonicalRequest").startswith("GET\n/\n\nhost:s3.eu-west-1.amazonaws.com\n")
    assert bytes.fromhex(answer.member("CanonicalRequestBytes")).decode() == answer.member("CanonicalRequest")
    assert "x-amz-security-token:[redacted]\n" in answer.member("CanonicalRequest")
    for secret in (token, doors.session.secret_access_key):
        assert secret.reveal() not in answer.body
        assert secret.reveal().encode().hex(" ") not in answer.body


_PRESIGNABLE = tuple(service for service in _SERVICES if service.name in ("sts", "iam"))


@pytest.mark.parametrize("service", _PRESIGNABLE, ids=lambda service: service.name)
def test_a_presigned_call_is_performed_with_its_action_in_the_query(doors: _Doors, service: _Service) -> None:
    """Section 7, signing in the query: sts GetCallerIdentity is what clusters and vaults send."""
    answer = doors.send(doors.signed(service, expires=60))
    assert answer.status == 200
    assert "root" in answer.body or "<UserName>u</UserName>" in answer.body


_PRESIGNED: tuple[tuple[str, dict[str, Any], str, str], ...] = (
    ("it was signed too long ago", {"at": -120, "expires": 60}, "AccessDenied", "Request has expired"),
    ("it is not valid yet", {"at": 360, "expires": 60}, "AccessDenied", "Request is not valid yet"),
    (
        "it is good for more than seven days",
        {"expires": 604_801},
        "AuthorizationQueryParametersError",
        "X-Amz-Expires must be less than a week",
    ),
    ("it expired before it began", {"expires": -1}, "AuthorizationQueryParametersError", "X-Amz-Expires must be non"),
    (
        "it is for another Region",
        {"expires": 60, "region": "us-west-2"},
        "AuthorizationQueryParametersError",
        "Error parsing the X-Amz-Credential parameter; the region 'us-west-2' is wrong; expecting 'eu-west-1'",
    ),
    ("its secret is wrong", {"expires": 60, "secret": "wrong"}, "SignatureDoesNotMatch", _MISMATCH),
    ("its key is unknown", {"expires": 60, "key": "AKIAUNKNOWN"}, "InvalidAccessKeyId", "The AWS Access Key Id"),
    ("its token is garbled", {"expires": 60, "token": "garbled"}, "InvalidToken", "The provided token is malformed"),
)


@pytest.mark.parametrize(
    ("made", "code", "words"), [row[1:] for row in _PRESIGNED], ids=[f"presigned: {row[0]}" for row in _PRESIGNED]
)
def test_a_presigned_request_of_s3_is_refused(doors: _Doors, made: dict[str, Any], code: str, words: str) -> None:
    answer = doors.send(doors.signed(_SERVICES[-1], **made))
    assert answer.code == code
    assert answer.message.startswith(words)
    token = doors.session.session_token
    assert token is not None
    assert token.reveal() not in answer.body


@pytest.mark.parametrize("made", [{"at": -120, "expires": 60}, {"at": 360, "expires": 60}])
def test_a_presigned_call_out_of_its_time_is_refused_by_query_services(doors: _Doors, made: dict[str, int]) -> None:
    answer = doors.send(doors.signed(_PRESIGNABLE[0], **made))  # type: ignore[arg-type]
    assert (answer.code, answer.status) == ("SignatureDoesNotMatch", 403)
    assert answer.message.startswith(("Signature expired: ", "Signature not yet current: "))
