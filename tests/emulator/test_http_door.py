"""The HTTP door as clients meet it: botocore over sockets, and bytes no client would send."""

from __future__ import annotations

import json
import socket
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError
from moto.dynamodb.models import dynamodb_backends

from harness.emulator.cloud import EmbeddedCloud
from harness.emulator.http.door import HttpDoor
from harness.emulator.http.routes import HttpRoutes
from harness.emulator.signatures.sigv4 import SignedRequest
from harness.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conftest import Served

_KEYS = [{"AttributeName": "PK", "KeyType": "HASH"}]
_ITEM = {"PK": {"S": "own"}, "text": {"S": "content"}}
_ROOT = "000000000000"


def _make_table(client: Any, name: str = "items") -> None:
    client.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=_KEYS,
        AttributeDefinitions=[{"AttributeName": "PK", "AttributeType": "S"}],
    )


def _document(*statements: Mapping[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def _tenant(served: Served, account: str = _ROOT) -> dict[str, str]:
    """Return the credentials of a role that may read and write the partition `own` only."""
    iam = served.client("iam", key=account)
    trust = _document({"Effect": "Allow", "Principal": {"AWS": account}, "Action": "sts:AssumeRole"})
    user = _document({"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"})
    own = {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["own"]}}
    allowed = _document(
        {"Effect": "Allow", "Action": "dynamodb:*Item", "Resource": "*", "Condition": own},
        {"Effect": "Allow", "Action": "s3:*Object", "Resource": "arn:aws:s3:::door-files/own/*"},
    )
    iam.create_user(UserName="caller")
    iam.put_user_policy(UserName="caller", PolicyName="p", PolicyDocument=user)
    key = iam.create_access_key(UserName="caller")["AccessKey"]
    role = iam.create_role(RoleName="tenant", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    iam.put_role_policy(RoleName="tenant", PolicyName="p", PolicyDocument=allowed)
    sts = served.client("sts", key=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"])
    issued = sts.assume_role(RoleArn=role, RoleSessionName="session")["Credentials"]
    return {
        "key": issued["AccessKeyId"],
        "aws_secret_access_key": issued["SecretAccessKey"],
        "aws_session_token": issued["SessionToken"],
    }


def _exchange(door: HttpDoor, sent: bytes, *, ends: bool = False) -> bytes:
    """Return what the server answers to the bytes until it closes the connection; the client `ends` it or waits."""
    host, _, port = door.url.removeprefix("http://").rpartition(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(sent)
        if ends:
            connection.shutdown(socket.SHUT_WR)
        answer = b""
        while part := connection.recv(65536):
            answer += part
    return answer


def _fetch(url: str, method: str = "GET", **headers: str) -> tuple[int, bytes]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(url, method=method, headers=named)  # noqa: S310  our own server
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310  as above
            return answer.status, answer.read()
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code, refusal.read()


def test_a_tenant_reaches_its_own_items_and_is_refused_those_of_others_as_aws_words_it(served: Served) -> None:
    """aws-semantics 1.4: 400, with the principal's session ARN."""
    root = served.client("dynamodb")
    _make_table(root)
    root.put_item(TableName="items", Item=_ITEM)
    tenant = served.client("dynamodb", **_tenant(served))
    assert tenant.get_item(TableName="items", Key={"PK": {"S": "own"}})["Item"] == _ITEM
    with pytest.raises(ClientError) as refusal:
        tenant.get_item(TableName="items", Key={"PK": {"S": "foreign"}})
    answer = refusal.value.response
    assert answer["Error"]["Code"] == "AccessDeniedException"
    assert answer["Error"]["Message"] == (
        f"User: arn:aws:sts::{_ROOT}:assumed-role/tenant/session is not authorized to perform: dynamodb:GetItem on "
        f"resource: arn:aws:dynamodb:us-east-1:{_ROOT}:table/items because no identity-based policy allows the "
        "dynamodb:GetItem action"
    )
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert answer["ResponseMetadata"]["RequestId"]


@pytest.mark.parametrize("style", ["path", "virtual"])
def test_objects_are_put_and_read_in_both_styles_of_addressing(served: Served, style: str) -> None:
    """Section 7: boto3 waits for 100-continue and sends its uploads in chunks with a trailer."""
    served.client("s3").create_bucket(Bucket="door-files")
    tenant = served.client("s3", config=Config(s3={"addressing_style": "path"}), **_tenant(served))
    if style == "virtual":
        # Not every resolver knows the names under localhost; the server only sees the Host header.
        tenant.meta.events.register("before-sign.s3", _virtual_host)
    content = bytes(range(256)) * 5000
    tenant.put_object(Bucket="door-files", Key="own/a b+ü", Body=content)
    assert tenant.get_object(Bucket="door-files", Key="own/a b+ü")["Body"].read() == content
    assert tenant.head_object(Bucket="door-files", Key="own/a b+ü")["ContentLength"] == len(content)
    with pytest.raises(ClientError) as refusal:
        tenant.get_object(Bucket="door-files", Key="foreign/k")
    assert refusal.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


def _virtual_host(request: Any, **_: Any) -> None:
    before, _, after = request.url.partition("/door-files")
    port = before.rpartition(":")[2]
    request.url = f"{before}{after}"
    request.headers["Host"] = f"door-files.localhost:{port}"


def test_accounts_and_regions_share_nothing(served: Served) -> None:
    """Twelve digits with the secret `test` are the root user of that account."""
    places = [(account, region) for account in (_ROOT, "111122223333") for region in ("us-east-1", "eu-west-1")]
    for account, region in places:
        _make_table(served.client("dynamodb", region, account if account != _ROOT else "test"), f"{region}-{account}")
    for account, region in places:
        listed = served.client("dynamodb", region, account).list_tables()["TableNames"]
        assert listed == [f"{region}-{account}"]
        assert served.client("sts", region, account).get_caller_identity()["Account"] == account


def test_an_embedded_run_has_no_well_known_keys() -> None:
    cloud = EmbeddedCloud()
    assert cloud.credentials.find("test") is None
    assert cloud.credentials.find("111122223333") is None
    cloud.close()


def test_an_unsigned_sign_in_finds_its_pool_in_whatever_account_and_region(served: Served) -> None:
    """Nothing in an unsigned request to loopback says which Region it is for."""
    admin = served.client("cognito-idp", "eu-west-1", "111122223333")
    pool = admin.create_user_pool(PoolName="p")["UserPool"]["Id"]
    client = admin.create_user_pool_client(
        UserPoolId=pool, ClientName="c", ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
    )["UserPoolClient"]["ClientId"]
    admin.admin_create_user(UserPoolId=pool, Username="alice", MessageAction="SUPPRESS")
    admin.admin_set_user_password(UserPoolId=pool, Username="alice", Password="Correct-Horse-1", Permanent=True)
    public = served.client("cognito-idp", "us-west-2", config=Config(signature_version=UNSIGNED))
    parameters = {"USERNAME": "alice", "PASSWORD": "Correct-Horse-1"}
    tokens = public.initiate_auth(ClientId=client, AuthFlow="USER_PASSWORD_AUTH", AuthParameters=parameters)
    user = public.get_user(AccessToken=tokens["AuthenticationResult"]["AccessToken"])
    assert user["Username"] == "alice"
    identities = served.client("cognito-identity", "eu-west-1", "111122223333")
    guests = identities.create_identity_pool(IdentityPoolName="g", AllowUnauthenticatedIdentities=True)
    visitor = served.client("cognito-identity", "us-west-2", config=Config(signature_version=UNSIGNED))
    identity = visitor.get_id(IdentityPoolId=guests["IdentityPoolId"])["IdentityId"]
    assert identity.startswith("eu-west-1:")


@pytest.mark.parametrize(
    "params",
    [
        {"ClientId": {"a": 1}},
        {"ClientId": ["a"]},
        {"AccessToken": "a"},
        {"AccessToken": "a.b.c"},
        {"AccessToken": "a.W10.c"},
        {"AccessToken": {}},
    ],
)
def test_an_unsigned_call_that_names_nothing_readable_is_an_error_of_its_sender(
    served: Served, params: dict[str, Any]
) -> None:
    target = f"AWSCognitoIdentityProviderService.{'GetUser' if 'AccessToken' in params else 'SignUp'}"
    request = SignedRequest("POST", f"{served.door.url}/", {"x-amz-target": target}, json.dumps(params).encode())
    assert HttpRoutes(served.cloud).answer(request, "r").status in (400, 501)


def test_the_documents_of_a_pool_are_public(served: Served) -> None:
    """Section 4: issuer and keys as OpenID clients look them up; the keys stay on the emulator."""
    pool = served.client("cognito-idp", "eu-west-1").create_user_pool(PoolName="p")["UserPool"]["Id"]
    base = f"{served.door.url}/{pool}/.well-known"
    status, body = _fetch(f"{base}/openid-configuration")
    assert (status, json.loads(body)["issuer"]) == (200, f"https://cognito-idp.eu-west-1.amazonaws.com/{pool}")
    assert json.loads(body)["jwks_uri"] == f"{base}/jwks.json"
    status, body = _fetch(f"{base}/jwks.json")
    assert (status, {key["kty"] for key in json.loads(body)["keys"]}) == (200, {"RSA"})
    assert "d" not in json.loads(body)["keys"][0]
    assert _fetch(f"{served.door.url}/eu-west-1_missing00/.well-known/jwks.json")[0] == 400


def test_the_host_header_of_aws_is_taken_at_its_word(served: Served) -> None:
    """Section 7: a scope of another Region than the host's is refused; on loopback there is no other Region."""
    client = served.client("dynamodb", "eu-west-1")
    client.meta.events.register(
        "before-sign.dynamodb",
        lambda request, **_: request.headers.__setitem__("Host", "dynamodb.us-east-1.amazonaws.com"),
    )
    with pytest.raises(ClientError) as refusal:
        client.list_tables()
    assert refusal.value.response["Error"]["Code"] == "InvalidSignatureException"
    assert refusal.value.response["Error"]["Message"] == "Credential should be scoped to a valid region. "


def test_health_and_reset(served: Served) -> None:
    _make_table(served.client("dynamodb"))
    served.client("s3", key="111122223333").create_bucket(Bucket="door-files")
    assert json.loads(_fetch(f"{served.door.url}/_isolation/health")[1])["status"] == "ok"
    assert _fetch(f"{served.door.url}/_isolation/reset", "POST")[0] == 403
    assert served.client("dynamodb").list_tables()["TableNames"] == ["items"]
    assert _fetch(f"{served.door.url}/_isolation/reset", "POST", X_Isolation_Reset="yes")[0] == 200
    assert served.client("dynamodb").list_tables()["TableNames"] == []
    assert served.client("s3", key="111122223333").list_buckets()["Buckets"] == []
    assert _fetch(f"{served.door.url}/_isolation/other")[0] == 404


@pytest.mark.parametrize("path", ["/_isolation/health", "/_isolation/reset", "/"])
def test_a_host_that_only_a_browser_could_have_been_led_by_is_refused(served: Served, path: str) -> None:
    """A page of rebound.example reaches loopback under its own name, and is told that it is wrong here."""
    for host in ("rebound.example", "localhost.rebound.example", "10.0.0.1", "amazonaws.com.rebound.example"):
        assert _fetch(f"{served.door.url}{path}", "POST", Host=host, X_Isolation_Reset="yes")[0] == 421


@pytest.mark.parametrize("path", ["moto-api/", "moto-api/data.json", "moto-api/reset", "moto-api/reset-auth"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_no_path_reaches_what_moto_serves_for_its_own_administration(served: Served, method: str, path: str) -> None:
    _make_table(served.client("dynamodb"))
    for host in ("", "motoapi.amazonaws.com", "s3.amazonaws.com"):
        headers = {"Host": host} if host else {}
        status, body = _fetch(f"{served.door.url}/{path}", method, **headers)
        assert status in (403, 404, 501), body
    assert served.client("dynamodb").list_tables()["TableNames"] == ["items"]


def test_headers_of_moto_change_nothing(served: Served) -> None:
    def pretends(request: Any, **_: Any) -> None:
        request.headers["x-moto-account-id"] = "111122223333"

    client = served.client("dynamodb")
    client.meta.events.register("before-sign", pretends)
    _make_table(client)
    assert "items" in dynamodb_backends[_ROOT]["us-east-1"].tables
    assert "items" not in dynamodb_backends["111122223333"]["us-east-1"].tables


def test_many_clients_are_served_at_once(served: Served) -> None:
    _make_table(served.client("dynamodb"))

    def write_and_read(number: int) -> str:
        client = served.client("dynamodb")
        key = {"PK": {"S": str(number)}}
        for _ in range(5):
            client.put_item(TableName="items", Item={**key, "n": {"N": str(number)}})
        return str(client.get_item(TableName="items", Key=key)["Item"]["n"]["N"])

    with ThreadPoolExecutor(16) as threads:
        assert list(threads.map(write_and_read, range(32))) == [str(number) for number in range(32)]


def test_a_connection_serves_many_requests(served: Served) -> None:
    host = served.door.url.removeprefix("http://")
    one = f"GET /_isolation/health HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()
    last = one.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
    assert _exchange(served.door, one * 2 + last).count(b"HTTP/1.1 200 OK") == 3


def test_a_chunked_body_is_read_and_the_client_told_to_continue(served: Served) -> None:
    """AWS SDKs announce uploads with `Expect: 100-continue`, and may not know their length."""
    head = "POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n"
    target = "X-Amz-Target: AWSCognitoIdentityProviderService.InitiateAuth\r\nConnection: close\r\n\r\n"
    answer = _exchange(served.door, f"{head}{target}1\r\n{{\r\n1\r\n}}\r\n0\r\n\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 400 ")
    assert b"InvalidParameterException" in answer


_HOST = b"Host: localhost\r\n"


@pytest.mark.parametrize(
    "sent",
    [
        b"nonsense\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.0\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + _HOST + b"Host: other\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + _HOST + b"X-Amz-Meta: \xff\xfe\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\n" + _HOST + b"\r\n",
        b"GET  HTTP/1.1\r\n" + _HOST + b"\r\n",
        b"POST / HTTP/1.1\r\n" + _HOST + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\n" + _HOST + b"Content-Length: x\r\n\r\n",
        b"CONNECT localhost:1 HTTP/1.1\r\n" + _HOST + b"\r\n",
    ],
)
def test_malformed_http_is_told_so_and_the_server_goes_on(served: Served, sent: bytes) -> None:
    answer = _exchange(served.door, sent)
    assert answer.startswith(b"HTTP/1.1 400 "), answer
    assert b"Traceback" not in answer
    assert _fetch(f"{served.door.url}/_isolation/health")[0] == 200


def test_a_body_that_ends_early_and_one_that_is_too_large_are_not_performed() -> None:
    cloud = EmbeddedCloud(well_known_roots=True)
    with HttpDoor(cloud, body_limit=10) as door:
        head = b"PUT /own-bucket HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 11\r\n\r\n"
        assert _exchange(door, head + b"12345", ends=True) == b""
        answer = _exchange(door, head + b"12345678901")
        assert answer.startswith(b"HTTP/1.1 413 ")
        assert b"connection: close" in answer
        assert _exchange(door, head.replace(b"11", b"10") + b"1234567890").startswith(b"HTTP/1.1 403 ")
    assert cloud.buckets.owned_by(cloud.account) == []
    cloud.close()


@pytest.mark.parametrize("host", ["0.0.0.0", "10.0.0.1", "example.org", "::"])  # noqa: S104  must be refused
def test_only_loopback_is_listened_on(host: str) -> None:
    cloud = EmbeddedCloud()
    with pytest.raises(UsageError, match="loopback only"):
        HttpDoor(cloud, host)
    cloud.close()


def test_a_taken_port_is_told(served: Served) -> None:
    port = int(served.door.url.rpartition(":")[2])
    with pytest.raises(UsageError, match=f"Port {port} of 127.0.0.1 cannot be used"):
        HttpDoor(served.cloud, port=port)
