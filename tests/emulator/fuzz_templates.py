"""Valid requests of every service, from which the fuzzer starts. What the tenant may not do stands among them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

if TYPE_CHECKING:
    from collections.abc import Mapping

_REGION = "us-east-1"
OWN = "own/k"
FOREIGN = "foreign/k"
TARGETS = ("DynamoDB_20120810", "AWSCognitoIdentityProviderService", "AWSCognitoIdentityService", "Logs_20140328", "")
_FORM = "application/x-www-form-urlencoded; charset=utf-8"
_OWN_KEY = {"PK": {"S": "own"}, "SK": {"S": "1"}}
_FOREIGN_KEY = {"PK": {"S": "foreign"}, "SK": {"S": "1"}}
_TRUST = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"}}'
_PUBLIC = frozenset(
    {
        "InitiateAuth",
        "RespondToAuthChallenge",
        "SignUp",
        "ConfirmSignUp",
        "ForgotPassword",
        "ConfirmForgotPassword",
        "ResendConfirmationCode",
        "RevokeToken",
        "GetUser",
        "GlobalSignOut",
        "ChangePassword",
        "UpdateUserAttributes",
        "DeleteUser",
        "GetId",
        "GetCredentialsForIdentity",
        "GetOpenIdToken",
        "AssumeRoleWithWebIdentity",
    }
)


@dataclass(frozen=True)
class Template:
    """One request before it is signed. `tree` has the parameters where they stand in the body, `base` the bucket."""

    service: str
    operation: str
    method: str
    url: str
    headers: dict[str, str]
    body: bytes
    tree: dict[str, Any] | None = None
    base: str = ""
    region: str = _REGION
    is_form: bool = False
    public: bool = field(default=False)


def templates(names: Mapping[str, str]) -> list[Template]:
    """Return the valid requests, with the names of one world."""
    return [
        *(_json("dynamodb", TARGETS[0], *call) for call in _dynamodb(names)),
        *(_json("cognito-idp", TARGETS[1], *call) for call in _user_pools(names)),
        *(_json("cognito-identity", TARGETS[2], *call) for call in _identity_pools(names)),
        *(_query("sts", "2011-06-15", *call) for call in _sts(names)),
        *(_query("iam", "2010-05-08", *call) for call in _iam(names)),
        *(_s3(*call) for call in _objects()),
        *(_rest(*call) for call in _functions(names)),
    ]


def _json(service: str, target: str, operation: str, params: dict[str, Any]) -> Template:
    version = "1.0" if service == "dynamodb" else "1.1"
    headers = {"x-amz-target": f"{target}.{operation}", "content-type": f"application/x-amz-json-{version}"}
    url = f"https://{service}.{_REGION}.amazonaws.com/"
    body = json.dumps(params).encode()
    return Template(service, operation, "POST", url, headers, body, params, public=operation in _PUBLIC)


def _query(service: str, version: str, operation: str, params: dict[str, Any]) -> Template:
    url = "https://iam.amazonaws.com/" if service == "iam" else f"https://sts.{_REGION}.amazonaws.com/"
    tree = {"Action": operation, "Version": version, **params}
    body = urlencode(tree).encode()
    public = operation in _PUBLIC
    return Template(service, operation, "POST", url, {"content-type": _FORM}, body, tree, is_form=True, public=public)


def _s3(operation: str, method: str, path: str, query: str, headers: dict[str, str], body: bytes) -> Template:
    base = f"https://s3.{_REGION}.amazonaws.com/fuzz-files/"
    url = f"https://s3.{_REGION}.amazonaws.com/{quote(path)}{'?' if query else ''}{query}"
    return Template("s3", operation, method, url, headers, body, base=base)


def _rest(service: str, operation: str, method: str, path: str, params: dict[str, Any] | None) -> Template:
    base = f"https://{service}.{_REGION}.amazonaws.com/"
    body = b"" if params is None else json.dumps(params).encode()
    headers = {"content-type": "application/json"}
    return Template(service, operation, method, f"{base}{path}", headers, body, params, base=f"{base}{path}/")


def _dynamodb(names: Mapping[str, str]) -> list[tuple[str, dict[str, Any]]]:
    table = {"TableName": "fuzz"}
    values = {":k": {"S": "own"}}
    calls: list[tuple[str, dict[str, Any]]] = []
    for key in (_OWN_KEY, _FOREIGN_KEY):
        item = {**key, "text": {"S": "text"}}
        calls += [
            (
                "GetItem",
                {**table, "Key": key, "ProjectionExpression": "#t", "ExpressionAttributeNames": {"#t": "text"}},
            ),
            ("GetItem", {"TableName": names["table_arn"], "Key": key, "AttributesToGet": ["text"]}),
            ("PutItem", {**table, "Item": item, "ReturnValues": "ALL_OLD"}),
            (
                "UpdateItem",
                {
                    **table,
                    "Key": key,
                    "UpdateExpression": "SET a = :k",
                    "ExpressionAttributeValues": values,
                    "ReturnValues": "ALL_NEW",
                },
            ),
            (
                "DeleteItem",
                {
                    **table,
                    "Key": {**key, "SK": {"S": "2"}},
                    "ConditionExpression": "attribute_not_exists(a)",
                    "ReturnValues": "ALL_OLD",
                },
            ),
            ("BatchGetItem", {"RequestItems": {"fuzz": {"Keys": [key, _OWN_KEY]}}}),
            ("BatchWriteItem", {"RequestItems": {"fuzz": [{"PutRequest": {"Item": item}}]}}),
            ("TransactGetItems", {"TransactItems": [{"Get": {**table, "Key": key}}]}),
            ("TransactWriteItems", {"TransactItems": [{"Put": {**table, "Item": item}}]}),
            (
                "ExecuteStatement",
                {"Statement": 'SELECT * FROM "fuzz" WHERE PK = ?', "Parameters": [key["PK"]], "Limit": 1},
            ),
        ]
    return [
        *calls,
        ("Query", {**table, "KeyConditionExpression": "PK = :k", "ExpressionAttributeValues": values}),
        (
            "Query",
            {
                **table,
                "KeyConditions": {"PK": {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": "foreign"}]}},
            },
        ),
        ("Scan", {**table, "FilterExpression": "PK = :k", "ExpressionAttributeValues": values}),
        ("DescribeTable", dict(table)),
        ("ListTables", {"Limit": 1}),
        ("CreateTable", {**table, "BillingMode": "PAY_PER_REQUEST", "KeySchema": [], "AttributeDefinitions": []}),
        ("UpdateTable", {**table, "BillingMode": "PAY_PER_REQUEST"}),
        ("ListTagsOfResource", {"ResourceArn": names["table_arn"]}),
    ]


def _user_pools(names: Mapping[str, str]) -> list[tuple[str, dict[str, Any]]]:
    pool, client, access = {"UserPoolId": names["pool"]}, {"ClientId": names["client"]}, names["access_token"]
    victim = {**pool, "Username": "victim"}
    sign_in = {"USERNAME": "own", "PASSWORD": "Correct-Horse-1-own"}
    return [
        ("InitiateAuth", {**client, "AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": sign_in}),
        (
            "InitiateAuth",
            {**client, "AuthFlow": "REFRESH_TOKEN_AUTH", "AuthParameters": {"REFRESH_TOKEN": names["refresh_token"]}},
        ),
        ("InitiateAuth", {**client, "AuthFlow": "USER_SRP_AUTH", "AuthParameters": {"USERNAME": "own", "SRP_A": "1f"}}),
        (
            "RespondToAuthChallenge",
            {**client, "ChallengeName": "NEW_PASSWORD_REQUIRED", "Session": "x" * 30, "ChallengeResponses": sign_in},
        ),
        ("GetUser", {"AccessToken": access}),
        ("UpdateUserAttributes", {"AccessToken": access, "UserAttributes": [{"Name": "name", "Value": "n"}]}),
        ("SignUp", {**client, "Username": "new", "Password": "Correct-Horse-2", "UserAttributes": []}),
        ("AdminGetUser", dict(victim)),
        ("AdminCreateUser", {**pool, "Username": "made", "MessageAction": "SUPPRESS"}),
        ("AdminUpdateUserAttributes", {**victim, "UserAttributes": [{"Name": "name", "Value": "changed"}]}),
        ("AdminInitiateAuth", {**pool, **client, "AuthFlow": "ADMIN_USER_PASSWORD_AUTH", "AuthParameters": sign_in}),
        ("ListUsers", {**pool, "Filter": 'username = "victim"', "Limit": 10}),
        ("ListUserPools", {"MaxResults": 10}),
        ("ListUserPoolClients", dict(pool)),
        ("DescribeUserPool", dict(pool)),
        ("DescribeUserPoolClient", {**pool, **client}),
        ("CreateGroup", {**pool, "GroupName": "g", "RoleArn": names["role"], "Precedence": 1}),
        ("AdminAddUserToGroup", {**victim, "GroupName": "g"}),
        ("UpdateUserPoolClient", {**pool, **client, "ReadAttributes": ["name"]}),
    ]


def _identity_pools(names: Mapping[str, str]) -> list[tuple[str, dict[str, Any]]]:
    pool, identity = {"IdentityPoolId": names["identities"]}, {"IdentityId": names["identity"]}
    logins = {"Logins": {names["provider"]: names["id_token"]}}
    return [
        ("GetId", {**pool, **logins}),
        ("GetId", dict(pool)),
        ("GetCredentialsForIdentity", {**identity, **logins, "CustomRoleArn": names["role"]}),
        ("GetOpenIdToken", {**identity, **logins}),
        ("DescribeIdentityPool", dict(pool)),
        ("DescribeIdentity", dict(identity)),
        ("ListIdentityPools", {"MaxResults": 10}),
        ("SetIdentityPoolRoles", {**pool, "Roles": {"authenticated": names["role"]}}),
        ("GetIdentityPoolRoles", dict(pool)),
    ]


def _sts(names: Mapping[str, str]) -> list[tuple[str, dict[str, Any]]]:
    role = {"RoleArn": names["role"], "RoleSessionName": "fuzz"}
    return [
        ("GetCallerIdentity", {}),
        ("AssumeRole", {**role, "DurationSeconds": 900, "Tags.member.1.Key": "org", "Tags.member.1.Value": "own"}),
        ("AssumeRole", {**role, "Policy": _TRUST, "PolicyArns.member.1.arn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}),
        ("AssumeRoleWithWebIdentity", {**role, "WebIdentityToken": names["id_token"]}),
        ("GetSessionToken", {"DurationSeconds": 900}),
        ("GetFederationToken", {"Name": "fuzz"}),
    ]


def _iam(names: Mapping[str, str]) -> list[tuple[str, dict[str, Any]]]:
    role = {"RoleName": "tenant"}
    return [
        ("GetRole", dict(role)),
        ("CreateRole", {"RoleName": "other", "AssumeRolePolicyDocument": _TRUST, "Path": "/a/"}),
        ("PutRolePolicy", {**role, "PolicyName": "more", "PolicyDocument": _TRUST}),
        ("UpdateAssumeRolePolicy", {**role, "PolicyDocument": _TRUST}),
        ("CreateUser", {"UserName": "u", "Tags.member.1.Key": "a", "Tags.member.1.Value": "b"}),
        ("CreateAccessKey", {"UserName": "isolation-operator"}),
        ("AttachRolePolicy", {**role, "PolicyArn": f"arn:aws:iam::{names['account']}:policy/p"}),
        ("DeleteRole", {"RoleName": "other"}),
        ("ListRoles", {"MaxItems": 1}),
    ]


def _objects() -> list[tuple[str, str, str, str, dict[str, str], bytes]]:
    delete = b"<Delete><Object><Key>foreign/k</Key></Object><Object><Key>own/x</Key></Object></Delete>"
    calls: list[tuple[str, str, str, str, dict[str, str], bytes]] = []
    for key in (OWN, FOREIGN):
        path = f"fuzz-files/{key}"
        calls += [
            ("GetObject", "GET", path, "", {}, b""),
            ("HeadObject", "HEAD", path, "", {}, b""),
            ("GetObjectTagging", "GET", path, "tagging", {}, b""),
            ("GetObjectAcl", "GET", path, "acl", {}, b""),
            ("PutObject", "PUT", path, "", {"content-type": "text/plain", "x-amz-meta-a": "b"}, b"content"),
            ("CopyObject", "PUT", "fuzz-files/own/copy", "", {"x-amz-copy-source": f"/{path}"}, b""),
            ("CreateMultipartUpload", "POST", path, "uploads", {}, b""),
            ("DeleteObject", "DELETE", f"{path}.other", "", {}, b""),
        ]
    return [
        *calls,
        ("ListObjectsV2", "GET", "fuzz-files", "list-type=2&prefix=own/", {}, b""),
        ("ListObjects", "GET", "fuzz-files", "prefix=foreign/", {}, b""),
        ("ListObjectVersions", "GET", "fuzz-files", "versions", {}, b""),
        ("DeleteObjects", "POST", "fuzz-files", "delete", {"content-type": "application/xml"}, delete),
        ("PutBucketPolicy", "PUT", "fuzz-files", "policy", {}, _TRUST.encode()),
        ("ListBuckets", "GET", "", "", {}, b""),
        ("CreateBucket", "PUT", "fuzz-other", "", {}, b""),
        ("HeadBucket", "HEAD", "fuzz-files", "", {}, b""),
    ]


def _functions(names: Mapping[str, str]) -> list[tuple[str, str, str, str, dict[str, Any] | None]]:
    made = {"FunctionName": "f", "Role": names["role"], "Runtime": "python3.11", "Handler": "f.h"}
    code = {"Code": {"ZipFile": "UEsFBgAAAAAAAAAAAAAAAAAAAAAAAA=="}}
    return [
        ("lambda", "ListFunctions", "GET", "2015-03-31/functions/", None),
        ("lambda", "GetFunction", "GET", "2015-03-31/functions/f", None),
        ("lambda", "CreateFunction", "POST", "2015-03-31/functions", {**made, **code}),
        ("lambda", "Invoke", "POST", "2015-03-31/functions/f/invocations", {"own": True}),
        ("lambda", "AddPermission", "POST", "2015-03-31/functions/f/policy", {"StatementId": "s", "Principal": "*"}),
        ("apigateway", "CreateApi", "POST", "v2/apis", {"name": "a", "protocolType": "HTTP"}),
        ("apigateway", "GetApis", "GET", "v2/apis", None),
        ("apigateway", "CreateRestApi", "POST", "restapis", {"name": "a"}),
        ("apigateway", "PutMethod", "PUT", "restapis/a/resources/b/methods/GET", {"authorizationType": "NONE"}),
        ("execute-api", "Invoke", "GET", "stage/own", None),
    ]
