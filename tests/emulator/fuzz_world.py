"""Two tenants in an embedded cloud: the one whose requests are fuzzed, and the victim with a canary in its data."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.targets.api import ApiRequest
from harness.targets.embedded import EmbeddedTarget

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.emulator.principals import IssuedCredentials

CANARY = "canary-0b1e5f0e7a"
PASSWORD = "Correct-Horse-1"
_BUCKET = "fuzz-files"
_FOREIGN_ITEM = {"PK": {"S": "foreign"}, "SK": {"S": "1"}, "text": {"S": CANARY}}
_ALLOWED = (
    {
        "Effect": "Allow",
        "Action": "dynamodb:*",
        "Resource": ["arn:aws:dynamodb:*:*:table/fuzz", "arn:aws:dynamodb:*:*:table/fuzz/*"],
        "Condition": {
            "ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["own"]},
            "Null": {"dynamodb:LeadingKeys": "false"},
        },
    },
    {"Effect": "Allow", "Action": "s3:*", "Resource": f"arn:aws:s3:::{_BUCKET}/own/*"},
    {
        "Effect": "Allow",
        "Action": "s3:ListBucket",
        "Resource": f"arn:aws:s3:::{_BUCKET}",
        "Condition": {"StringLike": {"s3:prefix": "own/*"}},
    },
    {"Effect": "Allow", "Action": ["cognito-identity:Describe*", "cognito-idp:ListUserPoolClients"], "Resource": "*"},
    {"Effect": "Allow", "Action": ["sts:GetCallerIdentity", "iam:GetRole"], "Resource": "*"},
)


@dataclass(frozen=True)
class World:
    """What requests can name, who signs them, and what must stay as it is."""

    target: EmbeddedTarget
    tenant: IssuedCredentials
    root: IssuedCredentials
    names: Mapping[str, str]

    def damage(self) -> str | None:
        """Return what happened to the victim's data, or None when it is as it was planted."""
        read = self.target.send_as_operator
        item = read(ApiRequest("dynamodb", "GetItem", {"TableName": "fuzz", "Key": _key(_FOREIGN_ITEM)}))
        if item.data.get("Item") != _FOREIGN_ITEM:
            return f"the victim's item is {item}"
        found = read(ApiRequest("s3", "GetObject", {"Bucket": _BUCKET, "Key": "foreign/k"}))
        if found.data.get("Body") != CANARY.encode():
            return f"the victim's object is {found}"
        return None


def _key(item: Mapping[str, Any]) -> dict[str, Any]:
    return {name: item[name] for name in ("PK", "SK")}


def _document(*statements: Mapping[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def build_world() -> World:
    """Return a new world. Whoever builds it closes its target."""
    target = EmbeddedTarget()

    def operate(service: str, operation: str, **params: Any) -> Mapping[str, Any]:
        answer = target.send_as_operator(ApiRequest(service, operation, params))
        assert answer.succeeded, answer
        return answer.data

    operate(
        "dynamodb",
        "CreateTable",
        TableName="fuzz",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "PK", "KeyType": "HASH"}, {"AttributeName": "SK", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("PK", "SK")],
    )
    for item in (_FOREIGN_ITEM, {**_FOREIGN_ITEM, "PK": {"S": "own"}, "text": {"S": "own text"}}):
        operate("dynamodb", "PutItem", TableName="fuzz", Item=item)
    operate("s3", "CreateBucket", Bucket=_BUCKET)
    operate("s3", "PutObject", Bucket=_BUCKET, Key="foreign/k", Body=CANARY.encode())
    operate("s3", "PutObject", Bucket=_BUCKET, Key="own/k", Body=b"own content")
    pool = operate("cognito-idp", "CreateUserPool", PoolName="fuzz")["UserPool"]["Id"]
    client = operate(
        "cognito-idp",
        "CreateUserPoolClient",
        UserPoolId=pool,
        ClientName="fuzz",
        ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH", "ALLOW_ADMIN_USER_PASSWORD_AUTH"],
    )["UserPoolClient"]["ClientId"]
    for name in ("own", "victim"):
        attributes = [{"Name": "name", "Value": CANARY if name == "victim" else "Own"}]
        user = {"UserPoolId": pool, "Username": name}
        operate("cognito-idp", "AdminCreateUser", **user, MessageAction="SUPPRESS", UserAttributes=attributes)
        operate("cognito-idp", "AdminSetUserPassword", **user, Password=f"{PASSWORD}-{name}", Permanent=True)
    provider = f"cognito-idp.us-east-1.amazonaws.com/{pool}"
    identities = operate(
        "cognito-identity",
        "CreateIdentityPool",
        IdentityPoolName="fuzz",
        AllowUnauthenticatedIdentities=True,
        CognitoIdentityProviders=[{"ProviderName": provider, "ClientId": client}],
    )["IdentityPoolId"]
    trust = {"Effect": "Allow", "Principal": {"AWS": target.account}, "Action": "sts:AssumeRole"}
    role = operate("iam", "CreateRole", RoleName="tenant", AssumeRolePolicyDocument=_document(trust))["Role"]["Arn"]
    operate("iam", "PutRolePolicy", RoleName="tenant", PolicyName="p", PolicyDocument=_document(*_ALLOWED))
    issued = operate("sts", "AssumeRole", RoleArn=role, RoleSessionName="fuzz")["Credentials"]
    tenant = target.cloud.credentials.find(issued["AccessKeyId"])
    assert tenant is not None
    sign_in = {"USERNAME": "own", "PASSWORD": f"{PASSWORD}-own"}
    auth = {"ClientId": client, "AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": sign_in}
    tokens = target.send(ApiRequest("cognito-idp", "InitiateAuth", auth), None).data["AuthenticationResult"]
    login = {"IdentityPoolId": identities, "Logins": {provider: tokens["IdToken"]}}
    identity = target.send(ApiRequest("cognito-identity", "GetId", login), None).data["IdentityId"]
    return World(
        target,
        tenant,
        target.cloud.root_credentials(),
        {
            "account": target.account,
            "bucket": _BUCKET,
            "table": "fuzz",
            "table_arn": f"arn:aws:dynamodb:us-east-1:{target.account}:table/fuzz",
            "role": role,
            "pool": pool,
            "client": client,
            "identities": identities,
            "identity": identity,
            "provider": provider,
            "id_token": tokens["IdToken"],
            "access_token": tokens["AccessToken"],
            "refresh_token": tokens["RefreshToken"],
        },
    )
