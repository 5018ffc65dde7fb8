"""A page of another origin calls Cognito and DynamoDB over HTTP as a browser lets it, and nothing else."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conftest import Served

_ORIGIN = "https://app.example"
_WANTED = "authorization,content-type,x-amz-date,x-amz-security-token,x-amz-target,x-amz-user-agent"
_GET_ID = "AWSCognitoIdentityService.GetId"
_LIST_TABLES = "DynamoDB_20120810.ListTables"


def _sent(
    served: Served, method: str, path: str = "/", body: bytes | None = None, /, **headers: str
) -> tuple[int, dict[str, str], bytes]:
    """Return status, headers (in lower case) and body of the answer to what a browser sends for a page."""
    named = {"Origin": _ORIGIN, **{name.replace("_", "-"): value for name, value in headers.items()}}
    request = urllib.request.Request(served.door.url + path, body, named, method=method)  # noqa: S310  our own server
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310  as above
            return answer.status, _lower(answer.headers), answer.read()
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, _lower(refused.headers), refused.read()


def _lower(headers: Any) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _preflight(
    served: Served, path: str = "/", wanted: str = _WANTED, method: str = "POST", **headers: str
) -> tuple[int, dict[str, str], bytes]:
    asking = {"Access_Control_Request_Method": method, "Access_Control_Request_Headers": wanted}
    return _sent(served, "OPTIONS", path, None, **asking, **headers)


@pytest.mark.parametrize("host", ["", "cognito-identity.us-east-1.amazonaws.com", "dynamodb.us-east-1.amazonaws.com"])
def test_a_preflight_is_answered_for_any_origin(served: Served, host: str) -> None:
    status, headers, body = _preflight(served, **({"Host": host} if host else {}))

    assert (status, body) == (200, b"")
    assert headers["access-control-allow-origin"] == "*"
    assert "POST" in headers["access-control-allow-methods"].split(",")
    assert headers["access-control-allow-headers"] == _WANTED
    assert headers["access-control-max-age"] == "172800"
    assert "access-control-allow-credentials" not in headers


def test_the_page_reads_answers_and_refusals(served: Served) -> None:
    pools = served.client("cognito-identity")
    pool = pools.create_identity_pool(IdentityPoolName="p", AllowUnauthenticatedIdentities=True)["IdentityPoolId"]
    body = json.dumps({"IdentityPoolId": pool}).encode()

    served_status, served_headers, answer = _sent(served, "POST", "/", body, X_Amz_Target=_GET_ID)
    refused_status, refused_headers, refusal = _sent(served, "POST", "/", b"{}", X_Amz_Target=_LIST_TABLES)

    assert (served_status, "IdentityId" in json.loads(answer)) == (200, True)
    assert (refused_status, "MissingAuthenticationTokenException" in refusal.decode()) == (400, True)
    for headers in (served_headers, refused_headers):
        assert headers["access-control-allow-origin"] == "*"
        assert "x-amzn-ErrorType" in headers["access-control-expose-headers"].split(",")


@pytest.mark.parametrize(
    ("path", "wanted", "method"),
    [
        ("/_isolation/reset", "x-isolation-reset", "POST"),
        ("/_isolation/reset", "x-amz-target", "POST"),
        ("/bucket/key", "authorization,x-amz-date", "PUT"),
        ("/", "authorization,x-amz-date", "POST"),
        ("/2015-03-31/functions", "authorization,x-amz-date", "POST"),
    ],
    ids=["reset", "reset as a call", "an object", "a query service", "a function"],
)
def test_nothing_else_is_opened_to_pages(served: Served, path: str, wanted: str, method: str) -> None:
    status, headers, _ = _preflight(served, path, wanted, method)

    assert status >= 400
    assert not [name for name in headers if name.startswith("access-control-")]


def test_the_answers_of_other_services_stay_closed(served: Served) -> None:
    status, headers, _ = _sent(served, "GET", "/bucket/key")
    _, health, _ = _sent(served, "GET", "/_isolation/health")

    assert status == 404
    assert not [name for name in (*headers, *health) if name.startswith("access-control-")]


def test_a_page_under_a_name_of_its_own_is_refused_before_it_is_answered(served: Served) -> None:
    status, headers, _ = _preflight(served, Host="rebound.example")

    assert status == 421
    assert "access-control-allow-origin" not in headers


def test_who_sends_no_origin_is_told_nothing_of_it(served: Served) -> None:
    response = served.client("dynamodb").list_tables()

    assert not [name for name in response["ResponseMetadata"]["HTTPHeaders"] if name.startswith("access-control-")]
