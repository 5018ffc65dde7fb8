"""Clients that nobody here wrote work over HTTP as they are: the AWS CLI, pycognito, the JavaScript SDK, urllib."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from pycognito import Cognito as PycognitoUser

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conftest import Served

_PASSWORD = "Correct-Horse-1"
_REGION = "eu-west-1"
_JAVASCRIPT = Path(__file__).parents[1] / "clients"


@pytest.fixture
def table(served: Served) -> str:
    served.client("dynamodb", _REGION).create_table(
        TableName="notes",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "PK", "KeyType": "HASH"}, {"AttributeName": "SK", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("PK", "SK")],
    )
    return "notes"


@dataclass(frozen=True)
class _Application:
    """A user pool with alice, an identity pool whose role lets everybody have their own partition, and the table."""

    pool: str
    client: str
    identities: str
    role: str


def _document(*statements: Mapping[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


@pytest.fixture
def application(served: Served) -> _Application:
    users, identities = (served.client(name, _REGION) for name in ("cognito-idp", "cognito-identity"))
    pool = users.create_user_pool(PoolName="application")["UserPool"]["Id"]
    flows = ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
    made = users.create_user_pool_client(UserPoolId=pool, ClientName="web", ExplicitAuthFlows=flows)
    client = made["UserPoolClient"]["ClientId"]
    users.admin_create_user(UserPoolId=pool, Username="alice", MessageAction="SUPPRESS")
    users.admin_set_user_password(UserPoolId=pool, Username="alice", Password=_PASSWORD, Permanent=True)
    provider = {"ProviderName": f"cognito-idp.{_REGION}.amazonaws.com/{pool}", "ClientId": client}
    identity_pool = identities.create_identity_pool(
        IdentityPoolName="application", AllowUnauthenticatedIdentities=False, CognitoIdentityProviders=[provider]
    )["IdentityPoolId"]
    trust = {
        "Effect": "Allow",
        "Principal": {"Federated": "cognito-identity.amazonaws.com"},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringEquals": {"cognito-identity.amazonaws.com:aud": identity_pool}},
    }
    own = {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["${cognito-identity.amazonaws.com:sub}"]}}
    items = [f"dynamodb:{operation}" for operation in ("GetItem", "PutItem", "Query")]
    iam = served.client("iam", _REGION)
    role = iam.create_role(RoleName="member", AssumeRolePolicyDocument=_document(trust))["Role"]["Arn"]
    allowed = {"Effect": "Allow", "Action": items, "Resource": "arn:aws:dynamodb:*:*:table/notes", "Condition": own}
    iam.put_role_policy(RoleName="member", PolicyName="own", PolicyDocument=_document(allowed))
    identities.set_identity_pool_roles(IdentityPoolId=identity_pool, Roles={"authenticated": role})
    return _Application(pool, client, identity_pool, role)


class _AwsCli:
    """The AWS CLI of this environment, without any configuration but the endpoint and the credentials."""

    def __init__(self, served: Served, folder: Path, **credentials: str) -> None:
        self._program = str(Path(sys.executable).with_name("aws"))
        self._environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "AWS_ENDPOINT_URL": served.door.url,
            "AWS_DEFAULT_REGION": _REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            **credentials,
        }
        self._folder = folder

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [self._program, *arguments]
        return subprocess.run(
            command, env=self._environment, cwd=self._folder, capture_output=True, text=True, check=False, timeout=60
        )

    def answer(self, *arguments: str) -> Any:
        done = self.run(*arguments)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout or "null")


def test_the_aws_cli_reads_and_writes_and_is_refused(served: Served, table: str, tmp_path: Path) -> None:
    """aws-semantics 1.4 and 7: the CLI signs, uploads with 100-continue, and prints a denial in AWS's words."""
    root = _AwsCli(served, tmp_path)
    item = json.dumps({"PK": {"S": "own"}, "SK": {"S": "1"}, "text": {"S": "content"}})
    root.answer("dynamodb", "put-item", "--table-name", table, "--item", item)
    stored = served.client("dynamodb", _REGION).scan(TableName=table)["Items"]
    assert stored == [json.loads(item)]
    (tmp_path / "file").write_bytes(bytes(range(256)) * 40)
    served.client("s3", _REGION).create_bucket(
        Bucket="cli-files", CreateBucketConfiguration={"LocationConstraint": _REGION}
    )
    assert root.run("s3", "cp", "file", "s3://cli-files/a/file").returncode == 0
    assert root.run("s3", "cp", "s3://cli-files/a/file", "copy").returncode == 0
    assert (tmp_path / "copy").read_bytes() == bytes(range(256)) * 40
    user = served.client("iam")
    user.create_user(UserName="nobody")
    key = user.create_access_key(UserName="nobody")["AccessKey"]
    names = {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}
    refused = _AwsCli(served, tmp_path, **names).run("dynamodb", "scan", "--table-name", table)
    assert refused.returncode != 0
    assert (
        "An error occurred (AccessDeniedException) when calling the Scan operation: User: "
        "arn:aws:iam::000000000000:user/nobody is not authorized to perform: dynamodb:Scan on resource: "
        f"arn:aws:dynamodb:{_REGION}:000000000000:table/notes because no identity-based policy allows the dynamodb:Scan"
    ) in refused.stderr


def test_pycognito_signs_in_by_srp_and_verifies_the_tokens_with_the_keys_of_the_pool(
    served: Served, application: _Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    """aws-semantics 4.5: an SRP client as it is; the keys are those under /.well-known/jwks.json."""
    with urllib.request.urlopen(f"{served.door.url}/{application.pool}/.well-known/jwks.json", timeout=10) as keys:  # noqa: S310  our own server
        monkeypatch.setenv("COGNITO_JWKS", keys.read().decode())
    monkeypatch.setenv("AWS_ENDPOINT_URL", served.door.url)
    user = PycognitoUser(application.pool, application.client, username="alice", access_key="test", secret_key="test")
    user.authenticate(password=_PASSWORD)
    user.verify_tokens()
    assert user.id_claims["cognito:username"] == "alice"
    before = user.access_token
    user.renew_access_token()
    assert user.access_token != before
    with pytest.raises(user.client.exceptions.NotAuthorizedException):
        user.authenticate(password="wrong")


def test_the_javascript_sdk_keeps_to_its_own_partition(served: Served, application: _Application, table: str) -> None:
    """aws-semantics 1.1 and 3.3: fromCognitoIdentityPool, fromCognitoIdentity and the document client of SDK v3."""
    node = shutil.which("node")
    if node is None or not (_JAVASCRIPT / "node_modules" / "@aws-sdk").is_dir():
        pytest.skip("needs Node 20 or later and `make clients`, which installs the AWS SDK for JavaScript")
    settings = {
        "endpoint": served.door.url,
        "region": _REGION,
        "clientId": application.client,
        "username": "alice",
        "password": _PASSWORD,
        "provider": f"cognito-idp.{_REGION}.amazonaws.com/{application.pool}",
        "identityPoolId": application.identities,
        "table": table,
    }
    environment = {"PATH": os.environ["PATH"], "AWS_EC2_METADATA_DISABLED": "true"}
    done = subprocess.run(
        [node, str(_JAVASCRIPT / "tenant.mjs"), json.dumps(settings)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    outcome = json.loads(done.stdout)
    own = {
        "PK": outcome["identityId"],
        "SK": "1",
        "text": "own",
        "numbers": [1, 2.5],
        "nested": {"yes": True, "nothing": None},
    }
    assert outcome["put"]["status"] == 200
    assert outcome["get"]["Item"] == outcome["again"]["Item"] == own
    assert outcome["query"]["Items"] == [own]
    for refused, action in (("foreign", "GetItem"), ("overwrite", "PutItem")):
        assert outcome[refused]["status"] == 400
        assert outcome[refused]["error"] == "AccessDeniedException"
        assert outcome[refused]["message"].startswith(
            "User: arn:aws:sts::000000000000:assumed-role/member/CognitoIdentityCredentials is not authorized to "
            f"perform: dynamodb:{action} on resource: arn:aws:dynamodb:{_REGION}:000000000000:table/notes because"
        )


def test_a_bare_http_client_follows_a_presigned_url(served: Served) -> None:
    """Section 7, signing in the query: a URL is all that a client without an SDK needs."""
    request = AWSRequest("GET", f"{served.door.url}/?Action=GetCallerIdentity&Version=2011-06-15")
    SigV4QueryAuth(Credentials("111122223333", "test"), "sts", _REGION, expires=60).add_auth(request)
    with urllib.request.urlopen(str(request.url), timeout=10) as answer:  # noqa: S310  our own server
        assert "<Account>111122223333</Account>" in answer.read().decode()
