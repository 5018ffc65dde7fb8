"""The two calls of the second seed article, sent as plain HTTP, with its headers and with its mistakes."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest

from harness.blueprints.registry import BLUEPRINTS
from harness.emulator.http.door import HttpDoor
from harness.population import Caller
from harness.stage import set_up

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from harness.stage import Stage

_SERVICE = "com.amazonaws.cognito.identity.model.AWSCognitoIdentityService"
_TYPE = "application/x-amz-json-1.1"
_IDENTITY_POOLS = "cognito-identity.us-east-1.amazonaws.com"
_USER_POOLS = "cognito-idp.us-east-1.amazonaws.com"


class _Article:
    """The design group-roles with a reader in it, behind an HTTP door."""

    def __init__(self, stage: Stage, door: HttpDoor) -> None:
        self.stage = stage
        self._door = door
        reader = stage.execution.aiming.session(Caller("t1", "reader"))
        assert reader.id_token is not None
        self.logins = {stage.deployment.provider: reader.id_token.reveal()}
        self.pool = stage.deployment.identity_pool

    def post(self, operation: str, host: str = _IDENTITY_POOLS, **changed: str | None) -> tuple[int, dict[str, Any]]:
        """Send the call with the article's headers, some of them changed or (None) left out; dashes are underscores."""
        headers: dict[str, str | None] = {"Content-Type": _TYPE, "X-Amz-Target": f"{_SERVICE}.{operation}"}
        headers |= {name.replace("_", "-"): value for name, value in changed.items()}
        return self._send(host, {name: value for name, value in headers.items() if value is not None}, operation)

    def _send(self, host: str, headers: Mapping[str, str], operation: str) -> tuple[int, dict[str, Any]]:
        body: dict[str, Any] = {"Logins": self.logins}
        if operation == "GetId":
            body["IdentityPoolId"] = self.pool
        else:
            body["IdentityId"] = self.post("GetId")[1]["IdentityId"]
        request = urllib.request.Request(  # noqa: S310  our own server
            self._door.url + "/", json.dumps(body).encode(), {**headers, "Host": host}, method="POST"
        )
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310  our own server
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as refused:
            return refused.code, json.loads(refused.read())


@pytest.fixture(scope="module")
def article() -> Iterator[_Article]:
    stage = set_up(BLUEPRINTS["group-roles"], [], tenants=2, seed=1)
    with HttpDoor(stage.target.cloud) as door:
        yield _Article(stage, door)
    stage.close()


def test_the_two_calls_give_the_credentials_of_the_preferred_role(article: _Article) -> None:
    status, identity = article.post("GetId")
    assert (status, list(identity)) == (200, ["IdentityId"])
    status, answer = article.post("GetCredentialsForIdentity")
    assert status == 200
    assert answer["IdentityId"] == identity["IdentityId"]
    assert set(answer["Credentials"]) == {"AccessKeyId", "SecretKey", "SessionToken", "Expiration"}
    assert answer["Credentials"]["AccessKeyId"].startswith("ASIA")


@pytest.mark.parametrize(
    ("host", "changed"),
    [
        (_USER_POOLS, {}),
        (_IDENTITY_POOLS, {"X_Amz_Target": None}),
        (_IDENTITY_POOLS, {"X_Amz_Target": "GetId"}),
        (_IDENTITY_POOLS, {"Content_Type": "application/json"}),
    ],
    ids=["the endpoint of user pools", "no target", "a target without its service", "the type that tools add"],
)
def test_its_mistakes_are_answered_as_it_says(article: _Article, host: str, changed: dict[str, str | None]) -> None:
    status, answer = article.post("GetId", host, **changed)
    assert status == 400
    assert answer["message"] == "The server did not understand the operation that was requested."
