"""Plain HTTP requests to the routes of APIs, with the token brokers behind them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from harness.secret import Secret
from harness.targets.api import AwsCredentials

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


def prepared(request: HttpRequest, caller: AwsCredentials | BearerToken | None, region: str) -> AWSPreparedRequest:
    """Return the request as it goes on the wire: signed for execute-api, with a bearer token, or as it is."""
    headers = {name: value.reveal() if isinstance(value, Secret) else value for name, value in request.headers.items()}
    if isinstance(caller, BearerToken):
        headers["Authorization"] = f"Bearer {caller.token.reveal()}"
    sent = AWSRequest(method=request.method, url=request.url, data=request.body, headers=headers)
    if isinstance(caller, AwsCredentials):
        token = None if caller.session_token is None else caller.session_token.reveal()
        keys = Credentials(caller.access_key_id.reveal(), caller.secret_access_key.reveal(), token)
        SigV4Auth(keys, _SERVICE, region).add_auth(sent)
    return sent.prepare()


def received(answer: AWSResponse) -> HttpResponse:
    """Return an answer in our own words."""
    headers = {name.lower(): str(value) for name, value in answer.headers.items()}
    return HttpResponse(int(answer.status_code), headers, answer.content, headers.get("x-amzn-requestid", ""))
