"""Tables, users and roles in an embedded cloud, as real boto3 clients see them: what the DynamoDB tests stand on."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.credentials import ReadOnlyCredentials
from botocore.exceptions import ClientError

from harness.emulator.cloud import EmbeddedCloud
from harness.emulator.service import NOT_DERIVABLE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from doors import Door

    from harness.policy import Request

REGION = "us-east-1"
PARTNER = "299999999999"
OWN = {"PK": {"S": "own"}, "SK": {"S": "1"}}
FOREIGN = {"PK": {"S": "foreign"}, "SK": {"S": "1"}}
LEADING_KEY = {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": "own"}}

# Conditions on the two items that `make_items` makes.
OWN_ITEM = "PK = 'own' AND SK = '1'"
FOREIGN_ITEM = "PK = 'foreign' AND SK = '1'"

_ASSUMABLE = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}


class World:
    """One cloud with its root user's clients; `allowed` makes users who may do what a statement says."""

    def __init__(self, door: Door) -> None:
        self.cloud = EmbeddedCloud(REGION)
        self._door = door
        self.account = self.cloud.account
        self._users = 0
        self.root = self.root_client("dynamodb")
        self.iam = self.root_client("iam")

    def root_client(self, service: str, account: str | None = None) -> Any:
        issued = self.cloud.root_credentials(account)
        return self.client(service, issued.access_key_id, issued.secret_access_key.reveal())

    def client(self, service: str, key: str, secret: str, token: str | None = None) -> Any:
        return self._door.client(self.cloud, service, REGION, ReadOnlyCredentials(key, secret, token))

    def allowed(self, action: Any = "dynamodb:*", resource: Any = "*", account: str | None = None, **more: Any) -> Any:
        """Return the DynamoDB client of a new IAM user with one Allow statement, or with the `statements` given."""
        iam = self.iam if account is None else self.root_client("iam", account)
        name = self.new_name()
        iam.create_user(UserName=name)
        statements = more.pop("statements", None) or [{"Action": action, "Resource": resource, **more}]
        statements = [{"Effect": "Allow", "Resource": "*", **statement} for statement in statements]
        iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=document(*statements))
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return self.client("dynamodb", key["AccessKeyId"], key["SecretAccessKey"])

    def user_arn(self) -> str:
        """Return the ARN of the user made last."""
        return f"arn:aws:iam::{self.account}:user/user{self._users}"

    def session(self, statement: Mapping[str, Any], policy: str | None = None) -> tuple[Any, str]:
        """Return the DynamoDB client of a session of a new role with one statement, and the role's name."""
        name = self.new_name()
        role = self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=document(_ASSUMABLE))["Role"]
        self.iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=document(statement))
        self.allowed("sts:AssumeRole")
        caller = f"user{self._users}"
        key = self.iam.create_access_key(UserName=caller)["AccessKey"]
        sts = self.client("sts", key["AccessKeyId"], key["SecretAccessKey"])
        extra = {} if policy is None else {"Policy": policy}
        issued = sts.assume_role(RoleArn=role["Arn"], RoleSessionName="session", **extra)["Credentials"]
        client = self.client("dynamodb", issued["AccessKeyId"], issued["SecretAccessKey"], issued["SessionToken"])
        return client, name

    def new_name(self) -> str:
        self._users += 1
        return f"user{self._users}"

    def table_arn(self, table: str = "items", account: str | None = None) -> str:
        return f"arn:aws:dynamodb:{REGION}:{account or self.account}:table/{table}"

    def request_of(self, answer: Mapping[str, Any], number: int = 0) -> Request:
        """Return what IAM was asked about a call: the first decision, or the one with the number."""
        return self.cloud.decisions.of(answer["ResponseMetadata"]["RequestId"])[number].request

    def make_items(self, client: Any = None, table: str = "items") -> None:
        """Make a table with a global and a local index, and one item each for `own` and `foreign`."""
        client = client or self.root
        client.create_table(**items_table(table))
        for item in (OWN, FOREIGN):
            canary = {"canary": {"S": f"canary of {item['PK']['S']}"}, "owner": {"S": f"owner-{item['PK']['S']}"}}
            client.put_item(TableName=table, Item={**item, **canary, "rank": {"N": "1"}})


def items_table(name: str) -> dict[str, Any]:
    def keys(partition: str, sort: str | None = None) -> list[dict[str, str]]:
        found = [{"AttributeName": partition, "KeyType": "HASH"}]
        return found if sort is None else [*found, {"AttributeName": sort, "KeyType": "RANGE"}]

    return {
        "TableName": name,
        "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": keys("PK", "SK"),
        "AttributeDefinitions": [
            *({"AttributeName": attribute, "AttributeType": "S"} for attribute in ("PK", "SK", "owner")),
            {"AttributeName": "rank", "AttributeType": "N"},
        ],
        "GlobalSecondaryIndexes": [
            {"IndexName": "by-owner", "KeySchema": keys("owner"), "Projection": {"ProjectionType": "ALL"}},
            {"IndexName": "by-rank", "KeySchema": keys("rank"), "Projection": {"ProjectionType": "KEYS_ONLY"}},
        ],
        "LocalSecondaryIndexes": [
            {"IndexName": "own-ranks", "KeySchema": keys("PK", "rank"), "Projection": {"ProjectionType": "KEYS_ONLY"}}
        ],
    }


def document(*statements: Mapping[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def refusal(call: Callable[..., Any], **params: Any) -> dict[str, Any]:
    """Return what the service answered a call that it refused: code, message, status and the whole body."""
    with pytest.raises(ClientError) as error:
        call(**params)
    answer: dict[str, Any] = dict(error.value.response)
    return {**answer["Error"], "Status": answer["ResponseMetadata"]["HTTPStatusCode"], "Answer": answer}


def assert_denied(call: Callable[..., Any], action: str, **params: Any) -> None:
    """Assert that IAM refuses the call, for want of the action (aws-semantics 1.4)."""
    answer = refusal(call, **params)
    assert (answer["Code"], answer["Status"]) == ("AccessDeniedException", 400), answer
    assert f"is not authorized to perform: dynamodb:{action} on resource: arn:aws:dynamodb:" in answer["Message"]


def assert_not_known(call: Callable[..., Any], **params: Any) -> None:
    answer = refusal(call, **params)
    assert (answer["Code"], answer["Status"]) == (NOT_DERIVABLE, 501), answer


def run(client: Any, statement: str, *parameters: Any, **more: Any) -> Any:
    """Return the answer to a PartiQL statement."""
    given = {"Parameters": list(parameters)} if parameters else {}
    return client.execute_statement(Statement=statement, **given, **more)


def items_of(client: Any, statement: str, *parameters: Any, **more: Any) -> list[Any]:
    found: list[Any] = run(client, statement, *parameters, **more)["Items"]
    return found


def partitions_of(client: Any, where: str, *parameters: Any) -> list[str]:
    """Return the partition keys of the items that a condition selects."""
    found = items_of(client, f"SELECT PK FROM items WHERE {where}", *parameters)
    return sorted(item["PK"]["S"] for item in found)


def refused(client: Any, statement: str, *parameters: Any, **more: Any) -> tuple[str, str]:
    """Return code and message with which a PartiQL statement is refused."""
    given = {"Parameters": list(parameters)} if parameters else {}
    answer = refusal(client.execute_statement, Statement=statement, **given, **more)
    assert answer["Status"] == 400, answer
    return answer["Code"], answer["Message"]


def batch_of(*texts: str) -> list[dict[str, str]]:
    return [{"Statement": text} for text in texts]
