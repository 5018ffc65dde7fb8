"""An embedded target as tests of IAM, STS and identity pools use it: through botocore's own clients, in few words."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore import xform_name
from botocore.credentials import ReadOnlyCredentials

from harness.secret import Secret
from harness.targets.api import AwsCredentials
from harness.targets.clients import response_of
from harness.targets.embedded import EmbeddedTarget

if TYPE_CHECKING:
    from collections.abc import Mapping

    from doors import Door

    from harness.targets.api import ApiResponse

Statement = dict[str, Any]


@dataclass(frozen=True)
class Refusal:
    """An error answer: its code, HTTP status and message."""

    code: str
    status: int
    message: str


class EmbeddedAws:
    """One embedded cloud and its operator, who may do everything in the first account."""

    def __init__(self, door: Door) -> None:
        self.target = EmbeddedTarget()
        self.cloud = self.target.cloud
        self.account = self.target.account
        self._door = door

    def do(self, service: str, operation: str, **params: Any) -> Any:
        """Perform a call as the operator and return what it answers."""
        return self.call(self.target._operator, service, operation, **params)

    def refused(self, service: str, operation: str, **params: Any) -> Refusal:
        """Return the refusal of a call by the operator."""
        return self.refusal(self.target._operator, service, operation, **params)

    def iam(self, operation: str, **params: Any) -> Any:
        return self.do("iam", operation, **params)

    def call(self, caller: AwsCredentials | None, service: str, operation: str, **params: Any) -> Any:
        """Perform a call as somebody (None: unsigned) and return what it answers."""
        answer = self.send(caller, service, operation, **params)
        assert answer.succeeded, answer
        return answer.data

    def refusal(self, caller: AwsCredentials | None, service: str, operation: str, **params: Any) -> Refusal:
        """Return the refusal of a call by somebody."""
        answer = self.send(caller, service, operation, **params)
        assert answer.error_code is not None, answer.data
        return Refusal(answer.error_code, answer.status, answer.message)

    def send(self, caller: AwsCredentials | None, service: str, operation: str, **params: Any) -> ApiResponse:
        """Return whatever somebody's call is answered with."""
        client = self._door.client(self.cloud, service, self.target.region, _signing(caller))
        return response_of(getattr(client, xform_name(operation)), params)

    def may(self, caller: AwsCredentials, service: str, operation: str, **params: Any) -> bool:
        """Tell whether a call is allowed; any other answer than success and a denial is an error of the test."""
        answer = self.send(caller, service, operation, **params)
        assert answer.succeeded or answer.error_code in {"AccessDenied", "AccessDeniedException"}, answer
        return answer.succeeded

    def user(self, name: str, *statements: Statement, **params: Any) -> AwsCredentials:
        """Return the access key of a new user whose inline policy has the statements."""
        self.iam("CreateUser", UserName=name, **params)
        if statements:
            self.iam("PutUserPolicy", UserName=name, PolicyName="p", PolicyDocument=document(*statements))
        return keys_of(self.iam("CreateAccessKey", UserName=name)["AccessKey"])

    def role(self, name: str, trust: Statement | str, *statements: Statement, **params: Any) -> str:
        """Return the ARN of a new role whose inline policy has the statements."""
        trusting = trust if isinstance(trust, str) else document(trust)
        arn: str = self.iam("CreateRole", RoleName=name, AssumeRolePolicyDocument=trusting, **params)["Role"]["Arn"]
        if statements:
            self.iam("PutRolePolicy", RoleName=name, PolicyName="p", PolicyDocument=document(*statements))
        return arn

    def policy(self, name: str, *statements: Statement, **params: Any) -> str:
        """Return the ARN of a new managed policy."""
        created = self.iam("CreatePolicy", PolicyName=name, PolicyDocument=document(*statements), **params)
        arn: str = created["Policy"]["Arn"]
        return arn

    def assume(self, role: str, caller: AwsCredentials, **params: Any) -> AwsCredentials:
        """Return the credentials of a session of the role."""
        answer = self.call(caller, "sts", "AssumeRole", RoleArn=role, **{"RoleSessionName": "session", **params})
        return keys_of(answer["Credentials"])

    def in_account(self, number: str) -> AwsCredentials:
        """Return the keys of the root user of another account."""
        issued = self.cloud.root_credentials(number)
        return AwsCredentials(Secret(issued.access_key_id), issued.secret_access_key)

    def context_of(self, caller: AwsCredentials) -> Mapping[str, tuple[str, ...]]:
        """Return the condition keys that a session carries."""
        issued = self.cloud.credentials.find(caller.access_key_id.reveal())
        assert issued is not None
        return issued.principal.context

    def close(self) -> None:
        self.target.close()


def keys_of(answer: Mapping[str, Any]) -> AwsCredentials:
    """Return the credentials in an answer of IAM, STS or an identity pool."""
    secret = answer.get("SecretAccessKey") or answer["SecretKey"]
    token = answer.get("SessionToken")
    return AwsCredentials(Secret(answer["AccessKeyId"]), Secret(secret), Secret(token) if token else None)


def document(*statements: Statement) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(*actions: str, resource: Any = "*", **condition: Any) -> Statement:
    """Return a statement that allows the actions, under conditions given as OPERATOR={KEY: VALUE}."""
    statement: Statement = {"Effect": "Allow", "Action": list(actions), "Resource": resource}
    return {**statement, "Condition": condition} if condition else statement


def deny(*actions: str, **condition: Any) -> Statement:
    return {**allow(*actions, **condition), "Effect": "Deny"}


def trusting(principal: str, *actions: str, condition: Mapping[str, Any] | None = None) -> Statement:
    """Return a trust statement for one principal of IAM, or for several separated by blanks."""
    named = principal.split() if " " in principal else principal
    statement: Statement = {
        "Effect": "Allow",
        "Principal": {"AWS": named},
        "Action": ["sts:AssumeRole", *actions],
    }
    return {**statement, "Condition": dict(condition)} if condition else statement


def _signing(caller: AwsCredentials | None) -> ReadOnlyCredentials | None:
    if caller is None:
        return None
    token = None if caller.session_token is None else caller.session_token.reveal()
    return ReadOnlyCredentials(caller.access_key_id.reveal(), caller.secret_access_key.reveal(), token)
