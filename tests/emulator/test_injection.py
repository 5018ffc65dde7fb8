"""Trouble on purpose: it happens as often as asked for, the same for the same seed, and looks as on AWS."""

from __future__ import annotations

import json
import urllib.request
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError

from harness.emulator.cloud import EmbeddedCloud
from harness.emulator.http.door import HttpDoor
from harness.emulator.injection import Injections
from harness.emulator.service import ServiceError
from harness.targets.api import ApiRequest, ApiResponse

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from conftest import Served
    from harness.targets.embedded import EmbeddedTarget

_ANYBODY = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}


def _document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def _allowing(action: str) -> str:
    return _document({"Effect": "Allow", "Action": action, "Resource": "*"})


class _Iam:
    """A role in an embedded target, changed by its operator and tried by a session."""

    def __init__(self, target: EmbeddedTarget) -> None:
        self._target = target
        self.arn = f"arn:aws:iam::{target.account}:role/tenant"

    def operate(self, operation: str, **params: Any) -> ApiResponse:
        return self._target.send_as_operator(ApiRequest("iam", operation, {"RoleName": "tenant", **params}))

    def assume(self) -> ApiResponse:
        params = {"RoleArn": self.arn, "RoleSessionName": "session"}
        return self._target.send_as_operator(ApiRequest("sts", "AssumeRole", params))


def test_a_change_of_iam_is_seen_after_its_delay_and_what_was_visible_stays_until_then(
    embedded_target: EmbeddedTarget,
) -> None:
    """aws-semantics 6.7: a new role is not assumable at once, and a revocation does not hold at once either."""
    cloud, iam = embedded_target.cloud, _Iam(embedded_target)
    cloud.inject(Injections(seed=2, iam_delay=10))
    created = iam.operate("CreateRole", AssumeRolePolicyDocument=_document(_ANYBODY))
    assert created.succeeded
    iam.operate("PutRolePolicy", PolicyName="p", PolicyDocument=_allowing("dynamodb:ListTables"))
    assert iam.operate("GetRole").data["Role"]["Arn"] == iam.arn
    assert iam.assume().error_code == "AccessDenied"
    cloud.clock.advance(10.1)
    issued = iam.assume().data["Credentials"]
    session = cloud.credentials.find(issued["AccessKeyId"])
    assert session is not None
    role = cloud.iam.role(iam.arn)
    assert role is not None
    assert len(role.identity_policies) == 1
    iam.operate("DeleteRolePolicy", PolicyName="p")
    iam.operate("DeleteRole")
    assert iam.operate("GetRole").error_code == "NoSuchEntity"
    assert cloud.iam.role(iam.arn) is role
    assert iam.assume().succeeded
    cloud.clock.advance(10.1)
    assert iam.assume().error_code == "AccessDenied"
    assert cloud.iam.role(iam.arn) is None


def test_a_policy_that_is_not_visible_decides_nothing(embedded_target: EmbeddedTarget) -> None:
    """aws-semantics 6.7: after a grant the old answer, after a revocation too, for as long as the delay."""
    cloud, iam = embedded_target.cloud, _Iam(embedded_target)
    iam.operate("CreateRole", AssumeRolePolicyDocument=_document(_ANYBODY))
    issued = cloud.credentials.find(iam.assume().data["Credentials"]["AccessKeyId"])
    assert issued is not None

    def may_list() -> bool:
        try:
            cloud.authorizer.within(cloud.account, "us-east-1")(issued.principal, "dynamodb:ListTables", "*")
        except ServiceError as denial:
            return denial.code != "AccessDeniedException"
        return True

    assert not may_list()
    cloud.inject(Injections(seed=2, iam_delay=5))
    iam.operate("PutRolePolicy", PolicyName="p", PolicyDocument=_allowing("dynamodb:ListTables"))
    assert not may_list()
    cloud.clock.advance(5.1)
    assert may_list()
    iam.operate("DeleteRolePolicy", PolicyName="p")
    assert may_list()
    cloud.clock.advance(5.1)
    assert not may_list()
    cloud.inject(Injections())
    iam.operate("PutRolePolicy", PolicyName="p", PolicyDocument=_allowing("dynamodb:ListTables"))
    assert may_list()


@pytest.mark.parametrize(
    ("service", "operation", "params", "rate", "told"),
    [
        ("cognito-idp", "InitiateAuth", {"ClientId": "a", "AuthFlow": "USER_AUTH"}, 120, "TooManyRequestsException"),
        ("cognito-idp", "AdminCreateUser", {"UserPoolId": "us-east-1_a", "Username": "u"}, 50, None),
        ("cognito-idp", "CreateUserPool", {"PoolName": "p"}, 15, "TooManyRequestsException"),
        ("cognito-identity", "GetId", {"IdentityPoolId": "us-east-1:a"}, 25, "TooManyRequestsException"),
        ("dynamodb", "ListTables", {}, 1000, "ThrottlingException"),
        ("iam", "ListRoles", {}, 20, "Throttling"),
    ],
)
def test_requests_beyond_the_quota_of_their_family_are_throttled(
    embedded_target: EmbeddedTarget, service: str, operation: str, params: dict[str, Any], rate: int, told: str | None
) -> None:
    """aws-semantics 4.6: requests per second by family; here a tenth of them."""
    cloud = embedded_target.cloud
    cloud.clock.now = lambda: 1_800_000_000.0  # type: ignore[method-assign]
    cloud.inject(Injections(quotas=0.1))
    expected = told or "TooManyRequestsException"
    codes = [embedded_target.send_as_operator(ApiRequest(service, operation, params)).error_code for _ in range(rate)]
    throttled = [number for number, code in enumerate(codes) if code == expected]
    allowed = max(1, rate // 10)
    assert throttled == list(range(allowed, rate))
    cloud.clock.now = lambda: 1_800_000_001.0  # type: ignore[method-assign]
    assert embedded_target.send_as_operator(ApiRequest(service, operation, params)).error_code != expected


def test_a_single_pool_is_throttled_sooner(embedded_target: EmbeddedTarget) -> None:
    """aws-semantics 4.6: 15 requests a second for clients and groups, 5 for those of one pool."""
    cloud = embedded_target.cloud
    cloud.clock.now = lambda: 1_800_000_000.0  # type: ignore[method-assign]
    cloud.inject(Injections(quotas=1))

    def create(pool: str) -> str | None:
        params = {"UserPoolId": f"us-east-1_{pool}", "GroupName": "g"}
        return embedded_target.send_as_operator(ApiRequest("cognito-idp", "CreateGroup", params)).error_code

    assert [create("a") for _ in range(6)].index("TooManyRequestsException") == 5
    assert [create("b") for _ in range(6)].index("TooManyRequestsException") == 5


def _outcomes(target: EmbeddedTarget, count: int) -> list[str]:
    table = ApiRequest("dynamodb", "ListTables", {})
    return [str(target.send_as_operator(table).error_code) for _ in range(count)]


def test_internal_errors_come_as_often_as_asked_for_and_alike_for_one_seed(embedded_target: EmbeddedTarget) -> None:
    runs = []
    for seed in (1, 1, 2):
        embedded_target.cloud.inject(Injections(seed, errors=0.2))
        runs.append(_outcomes(embedded_target, 300))
    assert runs[0] == runs[1] != runs[2]
    assert set(runs[0]) == {"None", "InternalServerError"}
    assert 30 < runs[0].count("InternalServerError") < 90
    embedded_target.cloud.inject(Injections())
    assert set(_outcomes(embedded_target, 20)) == {"None"}


def _named(client: Any) -> list[str]:
    return [bucket["Name"] for bucket in client.list_buckets()["Buckets"]]


def _tried(calls: Sequence[Callable[[], Any]], expected: type[Exception]) -> int:
    failed = 0
    for call in calls:
        try:
            call()
        except expected:
            failed += 1
    return failed


@pytest.mark.parametrize(
    ("injections", "expected"),
    [(Injections(5, errors=1.0), ClientError), (Injections(5, resets=1.0), ConnectionClosedError)],
    ids=["internal errors", "resets"],
)
def test_half_of_what_fails_was_performed(injections: Injections, expected: type[Exception], served: Served) -> None:
    """Over HTTP a reset is one of the connection; botocore reports it as it does for any server."""
    s3 = served.client("s3")
    calls = [partial(s3.create_bucket, Bucket=f"bucket-{number}") for number in range(20)]
    served.cloud.inject(injections)
    try:
        assert _tried(calls, expected) == 20
    finally:
        served.cloud.inject(Injections())
    assert 4 <= len(_named(s3)) <= 16


def test_resets_in_process_are_those_of_botocore(embedded_target: EmbeddedTarget) -> None:
    embedded_target.cloud.inject(Injections(resets=1.0))
    answer = embedded_target.send_as_operator(ApiRequest("dynamodb", "ListTables", {}))
    assert (answer.status, answer.error_code) == (0, "ConnectionClosedError")


def test_answers_over_http_can_be_held_back() -> None:
    cloud = EmbeddedCloud(well_known_roots=True)
    cloud.inject(Injections(7, latency=0.001))
    injector = cloud.gateway.injector
    assert injector is not None
    drawn = [injector.latency() for _ in range(20)]
    assert len(set(drawn)) == 20
    assert max(drawn) <= 0.001
    with HttpDoor(cloud) as door, urllib.request.urlopen(f"{door.url}/_isolation/health", timeout=10) as answer:  # noqa: S310  our own server
        assert answer.status == 200
    cloud.close()
