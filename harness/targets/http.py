"""Plain HTTP requests to the routes of APIs, with the token brokers behind them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from botocore.auth import S3SigV4QueryAuth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from harness.secret import Secret
from harness.targets.api import ApiResponse, AwsCredentials

if TYPE_CHECKING:
    from collections.abc import Mapping

    from botocore.awsrequest import AWSPreparedRequest, AWSResponse

_SERVICE = "execute-api"


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """One HTTP request. `url` is absolute and sent as it stands: its path is neither normalized nor encoded.

    Header values that must not show, such as a token in a form of its own, are wrapped in Secret.
    """

    method: str
    url: str
    headers: Mapping[str, str | Secret] = field(default_factory=dict)
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class BearerToken:
    """A token that is sent as `Authorization: Bearer TOKEN`."""

    token: Secret


@dataclass(frozen=True, slots=True)
class RouteCall:
    """One call of a route: with the token given, or signed by whoever makes it, or with neither."""

    request: HttpRequest
    token: BearerToken | None = None
    signed: bool = False

    @property
    def service(self) -> str:
        """Return the service by whose rules the answer is read."""
        return "execute-api"

    @property
    def operation(self) -> str:
        """Return what stands in evidence in place of an API's operation."""
        return self.request.method


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """What came back. Header names are lower-case; the body may hold credentials and does not show."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    request_id: str

    @property
    def error_type(self) -> str | None:
        """The code that AWS puts into the header `x-amzn-errortype`; None for answers of the application."""
        code = self.headers.get("x-amzn-errortype")
        return None if code is None else code.partition(":")[0]

    def json(self) -> Any:
        """Return the decoded body, or None when it is no JSON."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None


def as_api_response(answer: HttpResponse) -> ApiResponse:
    """Return the answer of a route in the shape of an API's: refused with its status unless it is 2xx.

    An object in JSON is the data; anything else stands in it as `body`.
    """
    decoded = answer.json()
    data = decoded if isinstance(decoded, dict) else {"body": answer.body.decode("utf-8", "replace")}
    if answer.status in range(200, 300):
        return ApiResponse(answer.status, data, answer.request_id, headers=answer.headers)
    said = str(data.get("message") or data.get("Message") or "")
    code = answer.error_type or str(answer.status)
    return ApiResponse(answer.status, data, answer.request_id, code, said, answer.headers)


def prepared(request: HttpRequest, caller: AwsCredentials | BearerToken | None, region: str) -> AWSPreparedRequest:
    """Return the request as it goes on the wire: signed for execute-api, with a bearer token, or as it is."""
    headers = {name: value.reveal() if isinstance(value, Secret) else value for name, value in request.headers.items()}
    if isinstance(caller, BearerToken):
        headers["Authorization"] = f"Bearer {caller.token.reveal()}"
    sent = AWSRequest(method=request.method, url=request.url, data=request.body, headers=headers)
    if isinstance(caller, AwsCredentials):
        SigV4Auth(_keys(caller), _SERVICE, region).add_auth(sent)
    return sent.prepare()


def presigned_link(bucket: str, key: str, caller: AwsCredentials, region: str) -> str:
    """Return a link to an object that is signed by the caller, good for reading it for a minute."""
    link = AWSRequest(method="GET", url=f"https://{bucket}.s3.{region}.amazonaws.com/{quote(key)}")
    S3SigV4QueryAuth(_keys(caller), "s3", region, expires=60).add_auth(link)
    return str(link.url)


def _keys(caller: AwsCredentials) -> Credentials:
    token = None if caller.session_token is None else caller.session_token.reveal()
    return Credentials(caller.access_key_id.reveal(), caller.secret_access_key.reveal(), token)


def received(answer: AWSResponse) -> HttpResponse:
    """Return an answer in our own words."""
    headers = {name.lower(): str(value) for name, value in answer.headers.items()}
    return HttpResponse(int(answer.status_code), headers, answer.content, headers.get("x-amzn-requestid", ""))
