"""Cognito and STS of an embedded cloud for their tests: an administrator, users who sign in, and real clients."""

from __future__ import annotations

import json
from itertools import count
from typing import TYPE_CHECKING, Any

from botocore import xform_name
from botocore.credentials import ReadOnlyCredentials

from harness.emulator.cloud import EmbeddedCloud
from harness.emulator.service import NOT_DERIVABLE, NotDerivableError, ServiceError
from harness.emulator.tokens import PoolKeys, read_unverified
from harness.targets.clients import response_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from doors import Door

    from harness.emulator.faults import Fault
    from harness.emulator.principals import Principal
    from harness.policy import Request

ACCOUNT = "123456789012"
REGION = "eu-west-1"
PASSWORD = "Correct-Horse-1"
# Finding primes is slow and not what most tests are about, so pools of different clouds share these keys.
_KEYS = tuple(PoolKeys() for _ in range(3))


class IdentityServices:
    """One cloud with an administrator, whose policies a test may change, and the steps that most tests need.

    Refusals are raised as the ServiceError that crossed the wire, so that code, status and message are at hand.
    """

    def __init__(self, door: Door, *faults: Fault) -> None:
        self.cloud = EmbeddedCloud(REGION, ACCOUNT)
        self.clock, self.store, self.faults = self.cloud.clock, self.cloud.credentials, self.cloud.faults
        self.faults.update(faults)
        services = self.cloud.account_of(ACCOUNT).region(REGION)
        self.user_pools, self.identity_pools, self.sts = services.user_pools, services.identity_pools, services.sts
        self._door = door
        self._pools = count()
        self._request_id = ""
        root = self.cloud.root_credentials()
        self.root = ReadOnlyCredentials(root.access_key_id, root.secret_access_key.reveal(), None)
        self.admin = self.new_iam_user("admin", allow("*"))

    def call(
        self, caller: ReadOnlyCredentials | None, service: str, operation: str, **params: Any
    ) -> Mapping[str, Any]:
        """Return what somebody's call (None: unsigned) is answered with, or raise the refusal."""
        client = self._door.client(self.cloud, service, REGION, caller)
        answer = response_of(getattr(client, xform_name(operation)), params)
        self._request_id = answer.request_id
        if answer.error_code == NOT_DERIVABLE:
            raise NotDerivableError(answer.message)
        if answer.error_code is not None:
            raise ServiceError(answer.error_code, answer.message, answer.status)
        return answer.data

    def asked(self) -> list[Request]:
        """Return what IAM was asked about the last call."""
        return [decision.request for decision in self.cloud.decisions.of(self._request_id)]

    def deny(self, action: str) -> None:
        """Deny the administrator an action."""
        self.iam(
            "PutUserPolicy", UserName="admin", PolicyName="deny", PolicyDocument=json.dumps(document(deny(action)))
        )

    def iam(self, operation: str, **params: Any) -> Mapping[str, Any]:
        return self.call(self.root, "iam", operation, **params)

    def new_iam_user(self, name: str, *statements: Mapping[str, Any]) -> ReadOnlyCredentials:
        """Return the access key of a new user of IAM."""
        self.iam("CreateUser", UserName=name)
        if statements:
            policy = json.dumps(document(*statements))
            self.iam("PutUserPolicy", UserName=name, PolicyName="p", PolicyDocument=policy)
        key = self.iam("CreateAccessKey", UserName=name)["AccessKey"]
        return ReadOnlyCredentials(key["AccessKeyId"], key["SecretAccessKey"], None)

    def idp(self, operation: str, **params: Any) -> Mapping[str, Any]:
        return self.call(self.admin, "cognito-idp", operation, **params)

    def public_idp(self, operation: str, **params: Any) -> Mapping[str, Any]:
        return self.call(None, "cognito-idp", operation, **params)

    def identity(self, operation: str, **params: Any) -> Mapping[str, Any]:
        return self.call(self.admin, "cognito-identity", operation, **params)

    def public_identity(self, operation: str, **params: Any) -> Mapping[str, Any]:
        return self.call(None, "cognito-identity", operation, **params)

    def new_user_pool(self, **params: Any) -> str:
        pool_id: str = self.idp("CreateUserPool", PoolName="pool", **params)["UserPool"]["Id"]
        self.user_pools.directory.pools[pool_id].keys = _KEYS[next(self._pools) % len(_KEYS)]
        return pool_id

    def new_identity_pool(self, **settings: Any) -> str:
        pool_id: str = self.identity("CreateIdentityPool", **settings)["IdentityPoolId"]
        return pool_id

    def new_client(self, pool_id: str, **params: Any) -> str:
        flows = {"ExplicitAuthFlows": ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]}
        client = self.idp("CreateUserPoolClient", **{"UserPoolId": pool_id, "ClientName": "app", **flows, **params})
        client_id: str = client["UserPoolClient"]["ClientId"]
        return client_id

    def new_user(self, pool_id: str, username: str = "alice", **attributes: str) -> None:
        listed = [{"Name": name.replace("__", ":"), "Value": value} for name, value in attributes.items()]
        self.idp(
            "AdminCreateUser",
            UserPoolId=pool_id,
            Username=username,
            MessageAction="SUPPRESS",
            UserAttributes=listed,
        )
        self.idp("AdminSetUserPassword", UserPoolId=pool_id, Username=username, Password=PASSWORD, Permanent=True)

    def new_group(self, pool_id: str, name: str, username: str = "alice", **params: Any) -> None:
        self.idp("CreateGroup", UserPoolId=pool_id, GroupName=name, **params)
        self.idp("AdminAddUserToGroup", UserPoolId=pool_id, GroupName=name, Username=username)

    def sign_in(self, client_id: str, username: str = "alice", password: str = PASSWORD) -> Mapping[str, Any]:
        answer = self.public_idp(
            "InitiateAuth",
            ClientId=client_id,
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": username, "PASSWORD": password},
        )
        tokens: Mapping[str, Any] = answer["AuthenticationResult"]
        return tokens

    def add_role(
        self, name: str, trust: Mapping[str, Any], tags: Mapping[str, str] | None = None, **settings: Any
    ) -> str:
        """Return the ARN of a new role; `name` may begin with a path."""
        path, _, short = f"/{name}".rpartition("/")
        listed = [{"Key": key, "Value": value} for key, value in (tags or {}).items()]
        named = {"RoleName": short, "Path": f"{path}/", "Tags": listed, **settings}
        arn: str = self.iam("CreateRole", AssumeRolePolicyDocument=json.dumps(trust), **named)["Role"]["Arn"]
        return arn

    def principal_of(self, access_key_id: str | None) -> Principal:
        assert access_key_id is not None
        issued = self.store.find(access_key_id)
        assert issued is not None
        return issued.principal


def provider_name(pool_id: str) -> str:
    return f"cognito-idp.{REGION}.amazonaws.com/{pool_id}"


def claims_of(token: str) -> Mapping[str, Any]:
    return read_unverified(token).claims


def cognito_trust(pool_id: str | None, amr: str = "authenticated", *more_actions: str) -> dict[str, Any]:
    """Return the trust policy of a role for an identity pool; without a pool id the condition on `aud` is missing."""
    condition: dict[str, Any] = {"ForAnyValue:StringLike": {"cognito-identity.amazonaws.com:amr": amr}}
    if pool_id is not None:
        condition["StringEquals"] = {"cognito-identity.amazonaws.com:aud": pool_id}
    return document(
        {
            "Effect": "Allow",
            "Principal": {"Federated": "cognito-identity.amazonaws.com"},
            "Action": ["sts:AssumeRoleWithWebIdentity", *more_actions],
            "Condition": condition,
        }
    )


def document(*statements: Mapping[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(*actions: str, resource: str = "*") -> dict[str, Any]:
    return {"Effect": "Allow", "Action": list(actions), "Resource": resource}


def deny(*actions: str) -> dict[str, Any]:
    return {**allow(*actions), "Effect": "Deny"}
