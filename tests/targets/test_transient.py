"""What a call that was throttled, failed or lost comes to: it never becomes a verdict (aws-semantics 4.6 and 6.7)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import stamina

from harness.emulator.injection import Injections
from harness.persistence import performed
from harness.targets.api import ApiRequest, ApiResponse
from harness.targets.localstack import connect_to_localstack
from harness.targets.transient import Disturbance, disturbance_of, repeated

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import Served
    from harness.targets.remote import RemoteTarget


@pytest.fixture(autouse=True)
def _no_pauses() -> Iterator[None]:
    with stamina.set_testing(True, attempts=12):
        yield


@pytest.fixture
def remote(served: Served) -> Iterator[RemoteTarget]:
    target = connect_to_localstack(served.door.url, "us-east-1", {}).target()
    yield target
    served.cloud.inject(Injections())
    target.close()


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (ApiResponse(400, {}, "", "TooManyRequestsException", "Rate exceeded"), Disturbance.NOT_PERFORMED),
        (ApiResponse(503, {}, "", "SlowDown", "Please reduce your request rate."), Disturbance.NOT_PERFORMED),
        (ApiResponse(429, {}, "", "429", ""), Disturbance.NOT_PERFORMED),
        (ApiResponse(0, {}, "", "EndpointConnectionError", ""), Disturbance.NOT_PERFORMED),
        (ApiResponse(0, {}, "", "ConnectionClosedError", ""), Disturbance.UNKNOWN),
        (ApiResponse(500, {}, "", "InternalError", "We encountered an internal error."), Disturbance.UNKNOWN),
        (ApiResponse(500, {}, "", "InternalFailure", "API action is not yet implemented"), None),
        (ApiResponse(501, {}, "", "IsolationHarnessNotDerivable", ""), None),
        (ApiResponse(400, {}, "", "LimitExceededException", "too many pools"), None),
        (ApiResponse(403, {}, "", "AccessDenied", ""), None),
        (ApiResponse(0, {}, "", "SigningError", ""), None),
        (ApiResponse(200, {}, ""), None),
    ],
    ids=lambda value: value.error_code or "success" if isinstance(value, ApiResponse) else "",
)
def test_answers_that_say_nothing_are_told_from_those_that_count(
    answer: ApiResponse, expected: Disturbance | None
) -> None:
    assert disturbance_of(answer) is expected


def test_the_last_answer_is_returned_when_all_tries_are_in_vain() -> None:
    answers = [ApiResponse(500, {}, str(number), "InternalError") for number in range(20)]
    sent = iter(answers)
    assert repeated(lambda: next(sent), lambda _: True) is answers[11]


def test_throttled_and_lost_reads_are_sent_again_and_every_sending_is_counted(
    served: Served, remote: RemoteTarget
) -> None:
    served.cloud.inject(Injections(3, throttles=0.3, errors=0.2, resets=0.1))
    answers = [remote.send_as_operator(ApiRequest("iam", "ListRoles")) for _ in range(20)]
    assert all(answer.succeeded for answer in answers)
    counted = remote.log.by_operation()["iam:ListRoles"]
    assert counted == remote.calls > len(answers)


def test_a_write_whose_answer_was_lost_is_not_sent_again_by_itself(served: Served, remote: RemoteTarget) -> None:
    served.cloud.inject(Injections(1, errors=1.0))
    answer = remote.send_as_operator(ApiRequest("cognito-idp", "CreateUserPool", {"PoolName": "one"}))
    assert remote.disturbance_of(answer) is Disturbance.UNKNOWN
    assert remote.calls == 1


@pytest.mark.parametrize("seed", range(6))
def test_a_creation_is_performed_once_however_often_its_answer_is_lost(
    served: Served, remote: RemoteTarget, seed: int
) -> None:
    served.cloud.inject(Injections(seed, throttles=0.2, errors=0.3, resets=0.2))

    def make(service: str, operation: str, **params: object) -> ApiResponse:
        answer = performed(remote, ApiRequest(service, operation, params))
        assert answer.succeeded, answer
        return answer

    pool = make("cognito-idp", "CreateUserPool", PoolName="pool").data["UserPool"]["Id"]
    client = make("cognito-idp", "CreateUserPoolClient", UserPoolId=pool, ClientName="web")
    user = make("cognito-idp", "AdminCreateUser", UserPoolId=pool, Username="ann", MessageAction="SUPPRESS")
    identities = {"IdentityPoolName": "identities", "AllowUnauthenticatedIdentities": False}
    made = make("cognito-identity", "CreateIdentityPool", **identities)
    make("iam", "CreateUser", UserName="bob")
    key = make("iam", "CreateAccessKey", UserName="bob").data["AccessKey"]
    api = make("apigatewayv2", "CreateApi", Name="api", ProtocolType="HTTP")
    route = make("apigatewayv2", "CreateRoute", ApiId=api.data["ApiId"], RouteKey="GET /notes").data["RouteId"]
    served.cloud.inject(Injections())

    def listed(service: str, operation: str, items: str, **params: object) -> list[dict[str, str]]:
        return list(remote.send_as_operator(ApiRequest(service, operation, params)).data[items])

    assert [each["Id"] for each in listed("cognito-idp", "ListUserPools", "UserPools", MaxResults=60)] == [pool]
    clients = listed("cognito-idp", "ListUserPoolClients", "UserPoolClients", UserPoolId=pool)
    assert [each["ClientId"] for each in clients] == [client.data["UserPoolClient"]["ClientId"]]
    assert {"Name": "sub"}.items() <= user.data["User"]["Attributes"][0].items()
    pools = listed("cognito-identity", "ListIdentityPools", "IdentityPools", MaxResults=60)
    assert [each["IdentityPoolId"] for each in pools] == [made.data["IdentityPoolId"]]
    keys = listed("iam", "ListAccessKeys", "AccessKeyMetadata", UserName="bob")
    assert [each["AccessKeyId"] for each in keys] == [key["AccessKeyId"]]
    assert [each["ApiId"] for each in listed("apigatewayv2", "GetApis", "Items")] == [api.data["ApiId"]]
    routes = listed("apigatewayv2", "GetRoutes", "Items", ApiId=api.data["ApiId"])
    assert [each["RouteId"] for each in routes] == [route]


def test_a_change_that_is_seen_late_is_waited_for_longer_than_a_disturbance(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = connect_to_localstack(served.door.url, "us-east-1", {}).target(settling_seconds=1)
    early = ApiResponse(400, {}, "", "MalformedPolicy", "Invalid principal in policy")
    answers = iter([early] * 10 + [ApiResponse(204, {}, "")])
    monkeypatch.setattr(target, "send_as_operator", lambda _: next(answers))
    assert performed(target, ApiRequest("s3", "PutBucketPolicy", {"Bucket": "b", "Policy": "{}"})).succeeded
    target.close()


@pytest.mark.parametrize("seed", range(4))
def test_a_deletion_that_was_performed_when_nobody_knew_has_succeeded(
    served: Served, remote: RemoteTarget, seed: int
) -> None:
    performed(remote, ApiRequest("iam", "CreateUser", {"UserName": "bob"}))
    served.cloud.inject(Injections(seed, errors=0.6, resets=0.2))
    assert performed(remote, ApiRequest("iam", "DeleteUser", {"UserName": "bob"})).succeeded


def test_what_was_never_there_is_not_taken_for_deleted(remote: RemoteTarget) -> None:
    assert performed(remote, ApiRequest("iam", "DeleteUser", {"UserName": "bob"})).error_code == "NoSuchEntity"


def test_something_that_was_there_before_is_not_taken_for_made(remote: RemoteTarget) -> None:
    request = ApiRequest("iam", "CreateUser", {"UserName": "bob"})
    assert performed(remote, request).succeeded
    assert performed(remote, request).error_code == "EntityAlreadyExists"
