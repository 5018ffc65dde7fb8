"""Nothing is written to a real account before every guard rail holds (design.md, "Targets"), as the call log shows."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from harness.emulator.http.door import HttpDoor
from harness.emulator.http.routes import HttpRoutes
from harness.errors import TargetError, UsageError
from harness.secret import Secret
from harness.targets.api import ApiRequest, AwsCredentials
from harness.targets.sandbox import CONFIRMATION, connect_to_sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import Served
    from harness.emulator.signatures.sigv4 import SignedRequest
    from harness.emulator.wire import Reply
    from harness.targets.connection import Connection

_ACCOUNT, _REGION = "000000000000", "eu-west-1"
_HARMLESS = ("GetCallerIdentity", "ListAccountAliases", "GetRole")
_READER = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Action": ["iam:ListAccountAliases", "iam:GetRole", "iam:ListRoles"], "Resource": "*"}
    ],
}


@dataclass
class Account:
    """An account at the other end, with somebody in it who provisions, and everything it was asked."""

    url: str
    credentials: AwsCredentials
    operations: list[str]

    def connect(self, **changed: Any) -> Connection:
        """Connect as a person would who has thought of everything, but for what is changed."""
        settings: dict[str, Any] = {
            "allowed": [f"{_ACCOUNT}/{_REGION}"],
            "region": _REGION,
            "endpoint_url": self.url,
            "environment": {CONFIRMATION: _ACCOUNT},
            "credentials": lambda: self.credentials,
        }
        return connect_to_sandbox(**{**settings, **changed})


@pytest.fixture
def account(served: Served) -> Iterator[Account]:
    iam = served.client("iam")
    iam.create_account_alias(AccountAlias="playground")
    iam.create_user(UserName="harness")
    iam.put_user_policy(UserName="harness", PolicyName="reader", PolicyDocument=json.dumps(_READER))
    key = iam.create_access_key(UserName="harness")["AccessKey"]
    operations: list[str] = []
    answer = HttpRoutes(served.cloud).answer

    def listen(request: SignedRequest, request_id: str) -> Reply:
        operations.append(request.body.decode().partition("Action=")[2].partition("&")[0])
        return answer(request, request_id)

    credentials = AwsCredentials(Secret(key["AccessKeyId"]), Secret(key["SecretAccessKey"]))
    with HttpDoor(served.cloud, answers=listen) as door:
        yield Account(door.url, credentials, operations)


def test_an_account_that_meets_all_may_be_attacked(account: Account) -> None:
    connection = account.connect()
    assert connection.place.account == _ACCOUNT
    assert connection.alias == "playground"
    assert connection.operator_arn == f"arn:aws:iam::{_ACCOUNT}:user/harness"
    assert account.operations == ["GetCallerIdentity", "ListAccountAliases"]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"allowed": []}, "the list is empty"),
        ({"allowed": [f"111111111111/{_REGION}"]}, "is not on the list"),
        ({"allowed": [f"{_ACCOUNT}/us-east-1"]}, "no account may be attacked in eu-west-1"),
        ({"allowed": ["production"]}, "names no account and Region"),
        ({"region": "us-east-1"}, "no account may be attacked in us-east-1"),
        ({"environment": {}}, f"before {CONFIRMATION}={_ACCOUNT} says"),
        ({"environment": {CONFIRMATION: "yes"}}, f"before {CONFIRMATION}={_ACCOUNT} says"),
        ({"environment": {CONFIRMATION: "111111111111"}}, f"before {CONFIRMATION}={_ACCOUNT} says"),
    ],
)
def test_a_missing_guard_rail_is_told_and_nothing_is_written(
    account: Account, changed: dict[str, Any], said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        account.connect(**changed)
    assert set(account.operations) <= set(_HARMLESS)


def test_whoever_only_looks_need_not_confirm(account: Account) -> None:
    assert account.connect(environment={}, only_looking=True).alias == "playground"


def test_an_account_without_an_alias_is_refused(account: Account, served: Served) -> None:
    served.client("iam").delete_account_alias(AccountAlias="playground")
    account.operations.clear()
    with pytest.raises(UsageError, match="has no alias"):
        account.connect()
    assert account.operations == ["GetCallerIdentity", "ListAccountAliases"]


@pytest.mark.parametrize("alias", ["prod", "acme-production", "nonprod"])
def test_an_account_called_after_production_is_refused(account: Account, served: Served, alias: str) -> None:
    iam = served.client("iam")
    iam.delete_account_alias(AccountAlias="playground")
    iam.create_account_alias(AccountAlias=alias)
    account.operations.clear()
    with pytest.raises(UsageError, match="nothing with prod in its name"):
        account.connect()
    assert account.operations == ["GetCallerIdentity", "ListAccountAliases"]


def test_the_root_user_is_refused(account: Account) -> None:
    root = AwsCredentials(Secret("test"), Secret("test"))
    with pytest.raises(UsageError, match="the root user"):
        account.connect(credentials=lambda: root)
    assert account.operations == ["GetCallerIdentity"]


def test_wrong_keys_are_told(account: Account) -> None:
    wrong = AwsCredentials(Secret("AKIAIOSFODNN7EXAMPLE"), Secret("no such key"))
    with pytest.raises(TargetError, match="sts:GetCallerIdentity was refused"):
        account.connect(credentials=lambda: wrong)


def test_a_session_of_a_role_is_named_by_its_role_with_its_path(account: Account, served: Served) -> None:
    iam = served.client("iam")
    trust = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"AWS": _ACCOUNT}, "Action": "sts:AssumeRole"}],
    }
    role = iam.create_role(RoleName="nightly", Path="/ci/", AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    iam.put_role_policy(RoleName="nightly", PolicyName="reader", PolicyDocument=json.dumps(_READER))
    assume = {"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": role}]}
    document = json.dumps({"Version": "2012-10-17", **assume})
    iam.put_user_policy(UserName="harness", PolicyName="assume", PolicyDocument=document)
    user = account.connect().target()
    answer = user.send_as_operator(ApiRequest("sts", "AssumeRole", {"RoleArn": role, "RoleSessionName": "tonight"}))
    keys = answer.data["Credentials"]
    session = AwsCredentials(Secret(keys["AccessKeyId"]), Secret(keys["SecretAccessKey"]), Secret(keys["SessionToken"]))
    assert account.connect(credentials=lambda: session).operator_arn == role
