"""An embedded cloud as S3's callers meet it: boto3 clients of users and role sessions in several accounts."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from botocore.awsrequest import AWSRequest
from botocore.credentials import ReadOnlyCredentials
from botocore.exceptions import ClientError

from harness.emulator.cloud import EmbeddedCloud

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from botocore.awsrequest import AWSPreparedRequest, AWSResponse
    from doors import Door

    from harness.emulator.principals import IssuedCredentials

REGION = "us-east-1"
_ASSUMABLE = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}


def document(*statements: Mapping[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(*actions: str, on: str | list[str] = "*", **condition: Any) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": [f"s3:{action}" for action in actions], "Resource": on}
    return {**statement, "Condition": condition} if condition else statement


@dataclass(frozen=True)
class Caller:
    """Somebody with an S3 client of their own. `owner_arn` is the role of a session, or the user."""

    s3: Any
    arn: str
    owner_arn: str


class S3World:
    """A cloud with an owner account and, when somebody asks, others. Buckets are the operator's: the owner's root."""

    def __init__(self, door: Door) -> None:
        self.cloud = EmbeddedCloud(REGION)
        self._door = door
        self.account = self.cloud.account
        self._roots: dict[str, IssuedCredentials] = {}
        self._openers: dict[str, tuple[str, str]] = {}
        self.operator = self.root(self.account)
        self._made = 0

    def client(self, service: str, access_key: str, secret: str, token: str | None = None, **config: Any) -> Any:
        """Return a client of a caller, as somebody configures it who uses it."""
        if service == "s3":
            config = {"signature_version": "s3v4", "parameter_validation": True, **config}
        return self._door.client(self.cloud, service, REGION, ReadOnlyCredentials(access_key, secret, token), **config)

    def send(self, method: str, url: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> AWSResponse:
        """Return the answer to a plain request, as somebody sends it who only has its URL."""
        return self.sent(AWSRequest(method=method, url=url, data=body, headers=dict(headers or {})).prepare())

    def sent(self, request: AWSPreparedRequest) -> AWSResponse:
        return self._door.send(self.cloud, request)

    def anonymous(self) -> Any:
        return self._door.client(self.cloud, "s3", REGION, None, parameter_validation=True)

    def root(self, account: str, service: str = "s3") -> Any:
        if account not in self._roots:
            self._roots[account] = self.cloud.root_credentials(account)
        issued = self._roots[account]
        return self.client(service, issued.access_key_id, issued.secret_access_key.reveal())

    def bucket(self, policy: str | None = None, *, public: bool = False) -> str:
        """Return a new bucket; a `public` one has Block Public Access off."""
        self._made += 1
        name = f"bucket-{self._made}"
        self.operator.create_bucket(Bucket=name)
        if public:
            self.operator.delete_public_access_block(Bucket=name)
        if policy is not None:
            self.operator.put_bucket_policy(Bucket=name, Policy=policy)
        return name

    def user(self, *statements: Mapping[str, Any], account: str | None = None) -> Caller:
        arn, key = self._key_of_new_user(account or self.account, *statements)
        return Caller(self.client("s3", *key), arn, arn)

    def grant(self, caller: Caller, *statements: Mapping[str, Any]) -> None:
        """Replace the policy of a user or of the role behind a session."""
        _, _, _, _, account, path = caller.owner_arn.split(":")
        kind, name = path.split("/")
        iam = self.root(account, "iam")
        if kind == "user":
            iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=document(*statements))
        else:
            iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=document(*statements))

    def session(
        self, *statements: Mapping[str, Any], account: str | None = None, session_policy: str | None = None
    ) -> Caller:
        """Return a session of a new role, called `session`."""
        self._made += 1
        name = f"role-{self._made}"
        iam = self.root(account or self.account, "iam")
        arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document(_ASSUMABLE))["Role"]["Arn"]
        if statements:
            iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=document(*statements))
        return self.assumed(arn, session_policy)

    def assumed(self, role_arn: str, session_policy: str | None = None) -> Caller:
        account = role_arn.split(":")[4]
        if account not in self._openers:
            opener = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}
            self._openers[account] = self._key_of_new_user(account, opener)[1]
        policy = {} if session_policy is None else {"Policy": session_policy}
        sts = self.client("sts", *self._openers[account])
        answer = sts.assume_role(RoleArn=role_arn, RoleSessionName="session", **policy)
        issued = answer["Credentials"]
        s3 = self.client("s3", issued["AccessKeyId"], issued["SecretAccessKey"], issued["SessionToken"])
        return Caller(s3, answer["AssumedRoleUser"]["Arn"], role_arn)

    def _key_of_new_user(self, account: str, *statements: Mapping[str, Any]) -> tuple[str, tuple[str, str]]:
        self._made += 1
        name, iam = f"user-{self._made}", self.root(account, "iam")
        arn = iam.create_user(UserName=name)["User"]["Arn"]
        if statements:
            iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=document(*statements))
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return arn, (key["AccessKeyId"], key["SecretAccessKey"])


def open_world(door: Door) -> Iterator[S3World]:
    """Yield a world, dropped afterwards: what test modules make their fixture of."""
    world = S3World(door)
    yield world
    world.cloud.close()


def refusal(call: Callable[..., Any], **params: Any) -> tuple[str, int, str]:
    """Return code, status and message of the refusal of a call."""
    with pytest.raises(ClientError) as refused:
        call(**params)
    error, metadata = refused.value.response["Error"], refused.value.response["ResponseMetadata"]
    return error["Code"], metadata["HTTPStatusCode"], error.get("Message", "")


def denial(caller: Caller, action: str, resource: str, reason: str) -> tuple[str, int, str]:
    """Return a denial as S3 words it within one account (aws-semantics 2.3)."""
    subject = f'User: {caller.arn} is not authorized to perform: {action} on resource: "{resource}"'
    return "AccessDenied", 403, f"{subject} {reason}"


def implicit(caller: Caller, action: str, resource: str, kind: str = "identity-based") -> tuple[str, int, str]:
    """Return the denial for want of an Allow in policies of a kind."""
    return denial(caller, action, resource, f"because no {kind} policy allows the {action} action")


PLAIN = ("AccessDenied", 403, "Access Denied")
NOT_DERIVABLE_STATUS = 501
