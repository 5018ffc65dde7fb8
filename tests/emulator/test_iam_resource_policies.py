"""What still limits a caller whom the policy of a table names, by the name it is called by (section 6.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from embedded_aws import allow, deny, document, keys_of, trusting

if TYPE_CHECKING:
    from embedded_aws import EmbeddedAws

    from harness.targets.api import AwsCredentials

OTHER = "999999999999"
TABLE = "shared"
READ = "dynamodb:GetItem"


@pytest.fixture
def table(aws: EmbeddedAws) -> str:
    """The ARN of a table of the operator's account."""
    created = aws.do(
        "dynamodb",
        "CreateTable",
        TableName=TABLE,
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    arn: str = created["TableDescription"]["TableArn"]
    return arn


def _name(aws: EmbeddedAws, table: str, principal: str) -> None:
    statement = {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": READ, "Resource": table}
    aws.do("dynamodb", "PutResourcePolicy", ResourceArn=table, Policy=document(statement))


def _reads(aws: EmbeddedAws, caller: AwsCredentials, table: str) -> bool:
    return aws.may(caller, "dynamodb", "GetItem", TableName=table, Key={"pk": {"S": "x"}})


def _silent(aws: EmbeddedAws) -> str:
    return aws.policy("silent", allow("s3:*"))


@pytest.mark.parametrize(
    ("named", "bounded", "scoped", "allowed"),
    [
        ("role", False, False, True),
        ("role", True, False, False),
        ("role", False, True, False),
        ("session", False, False, True),
        ("session", True, False, True),
        ("session", False, True, True),
        ("account", False, False, False),
        ("everybody", False, False, True),
        ("another", False, False, False),
    ],
)
def test_6_2_a_role_session(
    aws: EmbeddedAws,
    table: str,
    named: str,
    bounded: bool,  # noqa: FBT001  a table of cases
    scoped: bool,  # noqa: FBT001  as above
    allowed: bool,  # noqa: FBT001  as above
) -> None:
    caller = aws.user("caller", allow("sts:AssumeRole"))
    limits = {"PermissionsBoundary": _silent(aws)} if bounded else {}
    role = aws.role("reader", trusting("*"), **limits)
    principals = {
        "role": role,
        "session": f"arn:aws:sts::{aws.account}:assumed-role/reader/session",
        "account": f"arn:aws:iam::{aws.account}:root",
        "everybody": "*",
        "another": f"arn:aws:sts::{aws.account}:assumed-role/reader/another",
    }
    session = aws.assume(role, caller, **({"Policy": document(allow("s3:*"))} if scoped else {}))

    assert not _reads(aws, session, table)
    _name(aws, table, principals[named])
    assert _reads(aws, session, table) is allowed


def test_6_2_an_iam_user_is_not_limited_by_its_boundary_but_by_a_deny(aws: EmbeddedAws, table: str) -> None:
    alice = aws.user("alice", PermissionsBoundary=_silent(aws))

    assert not _reads(aws, alice, table)
    _name(aws, table, f"arn:aws:iam::{aws.account}:user/alice")
    assert _reads(aws, alice, table)
    aws.iam("PutUserPolicy", UserName="alice", PolicyName="deny", PolicyDocument=document(deny(READ)))
    assert not _reads(aws, alice, table)


@pytest.mark.parametrize(
    ("principal", "passing", "allowed"),
    [
        ("arn:aws:iam::{account}:user/broker", READ, True),
        ("arn:aws:iam::{account}:user/broker", "s3:*", False),
        ("arn:aws:sts::{account}:federated-user/ann", "s3:*", True),
        ("arn:aws:sts::{account}:federated-user/bob", READ, False),
    ],
)
def test_6_2_a_federated_user(aws: EmbeddedAws, table: str, principal: str, passing: str, allowed: bool) -> None:  # noqa: FBT001  a table of cases
    broker = aws.user("broker", allow("sts:GetFederationToken"))
    answer = aws.call(broker, "sts", "GetFederationToken", Name="ann", Policy=document(allow(passing)))
    ann = keys_of(answer["Credentials"])

    assert not _reads(aws, ann, table)
    _name(aws, table, principal.format(account=aws.account))
    assert _reads(aws, ann, table) is allowed


def test_6_1_across_accounts_the_callers_own_policies_must_allow_too(aws: EmbeddedAws, table: str) -> None:
    other = aws.in_account(OTHER)
    aws.call(other, "iam", "CreateUser", UserName="alice")
    alice = keys_of(aws.call(other, "iam", "CreateAccessKey", UserName="alice")["AccessKey"])
    _name(aws, table, f"arn:aws:iam::{OTHER}:user/alice")

    assert not _reads(aws, alice, table)
    own = {"UserName": "alice", "PolicyName": "p", "PolicyDocument": document(allow(READ))}
    aws.call(other, "iam", "PutUserPolicy", **own)
    assert _reads(aws, alice, table)
    aws.do("dynamodb", "DeleteResourcePolicy", ResourceArn=table)
    assert not _reads(aws, alice, table)
