"""The front door as botocore and hand-made requests meet it."""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import boto3
import pytest
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.responses import DynamoHandler

from harness.emulator.cloud import EmbeddedCloud
from harness.emulator.service import NOT_DERIVABLE
from harness.errors import TargetError
from harness.secret import Secret
from harness.targets.api import ApiRequest, AwsCredentials
from harness.targets.embedded import EmbeddedTarget

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from botocore.awsrequest import AWSPreparedRequest, AWSResponse

    from harness.targets.api import ApiResponse

_HOSTS = {"iam": "https://iam.amazonaws.com/"}
_ITEM = {"PK": {"S": "own"}, "SK": {"S": "1"}}
_ASSUMABLE = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
_TENANT = {
    "Effect": "Allow",
    "Action": ["dynamodb:*", "s3:*"],
    "Resource": ["arn:aws:dynamodb:*:*:table/items", "arn:aws:s3:::gateway-files/own/*"],
    "Condition": {"StringEqualsIfExists": {"dynamodb:LeadingKeys": "own"}},
}


@pytest.fixture
def target(embedded_target: EmbeddedTarget) -> EmbeddedTarget:
    operate = embedded_target.send_as_operator
    keys = [{"AttributeName": "PK", "KeyType": "HASH"}, {"AttributeName": "SK", "KeyType": "RANGE"}]
    table = {
        "TableName": "items",
        "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": keys,
        "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in ("PK", "SK")],
    }
    steps: list[tuple[str, str, dict[str, Any]]] = [
        ("dynamodb", "CreateTable", table),
        ("dynamodb", "PutItem", {"TableName": "items", "Item": _ITEM}),
        ("dynamodb", "PutItem", {"TableName": "items", "Item": {**_ITEM, "PK": {"S": "foreign"}}}),
        ("s3", "CreateBucket", {"Bucket": "gateway-files"}),
        ("iam", "CreateRole", {"RoleName": "tenant", "AssumeRolePolicyDocument": _document(_ASSUMABLE)}),
        ("iam", "PutRolePolicy", {"RoleName": "tenant", "PolicyName": "p", "PolicyDocument": _document(_TENANT)}),
    ]
    for service, operation, params in steps:
        answer = operate(ApiRequest(service, operation, params))
        assert answer.succeeded, answer
    return embedded_target


@pytest.fixture
def tenant(target: EmbeddedTarget) -> AwsCredentials:
    arn = f"arn:aws:iam::{target.account}:role/tenant"
    answer = target.send_as_operator(ApiRequest("sts", "AssumeRole", {"RoleArn": arn, "RoleSessionName": "session"}))
    issued = answer.data["Credentials"]
    return AwsCredentials(*(Secret(issued[name]) for name in ("AccessKeyId", "SecretAccessKey", "SessionToken")))


def _document(*statements: Mapping[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def _prepared(
    credentials: AwsCredentials | None,
    service: str,
    body: bytes | str,
    *,
    url: str | None = None,
    method: str = "POST",
    headers: Mapping[str, str] | None = None,
) -> AWSPreparedRequest:
    url = url or _HOSTS.get(service, f"https://{service}.us-east-1.amazonaws.com/")
    request = AWSRequest(method=method, url=url, data=body, headers=dict(headers or {}))
    if credentials is not None:
        token = credentials.session_token
        signed_by = Credentials(
            credentials.access_key_id.reveal(),
            credentials.secret_access_key.reveal(),
            None if token is None else token.reveal(),
        )
        (S3SigV4Auth if service == "s3" else SigV4Auth)(signed_by, service, "us-east-1").add_auth(request)
    return request.prepare()


def _dynamodb(operation: str) -> dict[str, str]:
    return {"X-Amz-Target": f"DynamoDB_20120810.{operation}", "Content-Type": "application/x-amz-json-1.0"}


def _send(target: EmbeddedTarget, request: AWSPreparedRequest) -> AWSResponse:
    return target.cloud.gateway.before_send(request)


def _code(response: AWSResponse) -> str:
    text = response.text
    if text.startswith("{"):
        return str(json.loads(text)["__type"]).rpartition("#")[2]
    return next(element.text or "" for element in ET.fromstring(text).iter() if element.tag == "Code")  # noqa: S314  our own answer


def _get(item: Mapping[str, Any]) -> str:
    return json.dumps({"TableName": "items", "Key": item})


_WRONG = AwsCredentials(Secret("AKIAUNKNOWNUNKNOWNUN"), Secret("s"))


@pytest.mark.parametrize(
    ("service", "operation", "params", "code", "status"),
    [
        ("dynamodb", "ListTables", {}, "UnrecognizedClientException", 400),
        ("cognito-idp", "ListUserPools", {"MaxResults": 1}, "UnrecognizedClientException", 400),
        ("cognito-identity", "ListIdentityPools", {"MaxResults": 1}, "UnrecognizedClientException", 400),
        ("sts", "GetCallerIdentity", {}, "InvalidClientTokenId", 403),
        ("iam", "ListRoles", {}, "InvalidClientTokenId", 403),
        ("s3", "ListBuckets", {}, "InvalidAccessKeyId", 403),
    ],
)
def test_botocore_reads_an_unknown_key_in_every_protocol(
    target: EmbeddedTarget, service: str, operation: str, params: Mapping[str, Any], code: str, status: int
) -> None:
    answer = target.send(ApiRequest(service, operation, params), _WRONG)
    assert (answer.error_code, answer.status) == (code, status)
    assert answer.message


@pytest.mark.parametrize(
    ("service", "operation", "params", "code", "status"),
    [
        ("dynamodb", "ListTables", {}, "ExpiredTokenException", 400),
        ("sts", "GetCallerIdentity", {}, "ExpiredToken", 403),
        ("iam", "ListRoles", {}, "ExpiredToken", 403),
        ("s3", "ListBuckets", {}, "ExpiredToken", 400),
    ],
)
def test_a_session_expires_on_the_emulators_clock_and_nobody_looks_skewed(
    target: EmbeddedTarget,
    tenant: AwsCredentials,
    service: str,
    operation: str,
    params: Mapping[str, Any],
    code: str,
    status: int,
) -> None:
    with target.time_shifted(4000):
        answer = target.send(ApiRequest(service, operation, params), tenant)
        assert (answer.error_code, answer.status) == (code, status)
        assert target.send_as_operator(ApiRequest(service, operation, params)).succeeded


@pytest.mark.parametrize(
    ("service", "headers", "body", "code", "status"),
    [
        ("dynamodb", _dynamodb("ListTables"), "{}", "MissingAuthenticationTokenException", 400),
        ("dynamodb", _dynamodb("ListTables"), "not json", "MissingAuthenticationTokenException", 400),
        ("iam", {}, "Action=ListRoles", "MissingAuthenticationToken", 403),
        ("sts", {}, "Action=GetCallerIdentity", "MissingAuthenticationToken", 403),
    ],
)
def test_an_unsigned_call_is_told_so(
    target: EmbeddedTarget, service: str, headers: Mapping[str, str], body: str, code: str, status: int
) -> None:
    response = _send(target, _prepared(None, service, body, headers=headers))
    assert (_code(response), response.status_code) == (code, status)


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "gateway-files/own/k"), ("GET", "gateway-files"), ("PUT", "new-bucket"), ("POST", "gateway-files?delete")],
)
def test_nobody_is_authorized_for_nothing_in_s3(target: EmbeddedTarget, method: str, path: str) -> None:
    body = b"<Delete><Object><Key>own/k</Key></Object></Delete>"
    url = f"https://s3.us-east-1.amazonaws.com/{path}"
    response = _send(target, _prepared(None, "s3", body, url=url, method=method))
    assert (_code(response), response.status_code) == ("AccessDenied", 403)


def test_a_denial_is_worded_as_each_service_words_it(target: EmbeddedTarget, tenant: AwsCredentials) -> None:
    arn = f"User: arn:aws:sts::{target.account}:assumed-role/tenant/session is not authorized to perform: "
    key = {**_ITEM, "PK": {"S": "foreign"}}
    denied = target.send(ApiRequest("dynamodb", "GetItem", {"TableName": "items", "Key": key}), tenant)
    raw = _send(target, _prepared(tenant, "dynamodb", _get(key), headers=_dynamodb("GetItem")))
    listed = target.send(ApiRequest("s3", "ListObjectsV2", {"Bucket": "gateway-files"}), tenant)
    roles = target.send(ApiRequest("iam", "GetRole", {"RoleName": "tenant"}), tenant)

    table = f"arn:aws:dynamodb:us-east-1:{target.account}:table/items"
    assert (denied.error_code, denied.status) == ("AccessDeniedException", 400)
    assert denied.message == (
        f"{arn}dynamodb:GetItem on resource: {table} "
        "because no identity-based policy allows the dynamodb:GetItem action"
    )
    assert json.loads(raw.text) == {
        "__type": "com.amazon.coral.service#AccessDeniedException",
        "Message": denied.message,
    }
    assert (listed.error_code, listed.status) == ("AccessDenied", 403)
    assert listed.message.startswith(f'{arn}s3:ListBucket on resource: "arn:aws:s3:::gateway-files" because no ')
    assert (roles.error_code, roles.status) == ("AccessDenied", 403)
    assert roles.message.startswith(f"{arn}iam:GetRole on resource: arn:aws:iam::{target.account}:role/tenant because")


def test_the_answer_to_head_has_no_body(target: EmbeddedTarget, tenant: AwsCredentials) -> None:
    for key, code, status in (("foreign/k", "403", 403), ("own/missing", "403", 403)):
        answer = target.send(ApiRequest("s3", "HeadObject", {"Bucket": "gateway-files", "Key": key}), tenant)
        assert (answer.error_code, answer.status) == (code, status)
    missing = target.send_as_operator(ApiRequest("s3", "HeadObject", {"Bucket": "gateway-files", "Key": "own/k"}))
    assert (missing.error_code, missing.status) == ("404", 404)
    unknown = {"Bucket": "gateway-files", "Key": "own/k", "PartNumber": 1}
    assert target.send_as_operator(ApiRequest("s3", "HeadObject", unknown)).error_code == NOT_DERIVABLE


def test_who_may_not_list_is_not_told_what_exists(target: EmbeddedTarget, tenant: AwsCredentials) -> None:
    params = {"Bucket": "gateway-files", "Key": "own/missing"}
    assert target.send_as_operator(ApiRequest("s3", "GetObject", params)).error_code == "NoSuchKey"
    hidden = target.send(ApiRequest("s3", "GetObject", params), tenant)
    assert (hidden.error_code, hidden.status) == ("AccessDenied", 403)
    assert 's3:ListBucket on resource: "arn:aws:s3:::gateway-files"' in hidden.message


def test_a_multiple_delete_answers_for_each_key(target: EmbeddedTarget, tenant: AwsCredentials) -> None:
    for key in ("own/k", "foreign/k"):
        params = {"Bucket": "gateway-files", "Key": key, "Body": b""}
        assert target.send_as_operator(ApiRequest("s3", "PutObject", params)).succeeded
    delete = {"Objects": [{"Key": "own/k"}, {"Key": "foreign/k"}, {"Key": "own/missing"}]}
    answer = target.send(ApiRequest("s3", "DeleteObjects", {"Bucket": "gateway-files", "Delete": delete}), tenant)

    assert answer.status == 200
    assert [entry["Key"] for entry in answer.data["Deleted"]] == ["own/k", "own/missing"]
    assert [(entry["Key"], entry["Code"]) for entry in answer.data["Errors"]] == [("foreign/k", "AccessDenied")]
    assert _keys(target, "gateway-files") == ["foreign/k"]


def _keys(target: EmbeddedTarget, bucket: str) -> list[str]:
    found = target.cloud.buckets.find(bucket)
    return [] if found is None else list(found.objects.names())


@pytest.mark.parametrize(
    ("url", "headers"),
    [
        ("https://sqs.us-east-1.amazonaws.com/", {}),
        ("https://dynamodb.nowhere-1.amazonaws.com/", {}),
        ("https://dynamodb.us-east-1.amazonaws.com.example.org/", {}),
        ("https://x@dynamodb.us-east-1.amazonaws.com/", {}),
        ("https://dynamodb.us-east-1.amazonaws.com:8443/", {}),
        ("http://dynamodb.us-east-1.amazonaws.com/", {}),
        ("https://dynamodb.us-east-1.amazonaws.com/path", {}),
        ("https://dynamodb.us-east-1.amazonaws.com/?Action=Scan", {}),
        ("https://dynamodb.us-east-1.amazonaws.com/", {"X-Amz-Target": "DynamoDB_20111205.GetItem"}),
        ("https://dynamodb.us-east-1.amazonaws.com/", {"X-Amz-Target": "AWSCognitoIdentityService.GetItem"}),
        ("https://dynamodb.us-east-1.amazonaws.com/", {"X-Amz-Target": "GetItem"}),
        ("https://dynamodb.us-east-1.amazonaws.com/", {"X-Amz-Target": "DynamoDB_20120810.Scan.GetItem"}),
        ("https://dynamodb.us-east-1.amazonaws.com/", {"Host": "iam.amazonaws.com"}),
        ("https://dynamodb.us-east-1.amazonaws.com/", {"Content-Encoding": "gzip"}),
    ],
)
def test_what_is_not_surely_this_api_is_refused(
    target: EmbeddedTarget, tenant: AwsCredentials, url: str, headers: Mapping[str, str]
) -> None:
    request = _prepared(tenant, "dynamodb", _get(_ITEM), url=url, headers={**_dynamodb("GetItem"), **headers})
    response = _send(target, request)
    assert (_code(response), response.status_code) == (NOT_DERIVABLE, 501)


@pytest.mark.parametrize(
    ("service", "operation", "params"),
    [("sqs", "ListQueues", {}), ("sns", "ListTopics", {}), ("s3control", "ListJobs", {"AccountId": "123456789012"})],
)
def test_botocore_reads_the_refusal_of_an_unknown_endpoint(
    target: EmbeddedTarget, service: str, operation: str, params: Mapping[str, Any]
) -> None:
    answer = target.send_as_operator(ApiRequest(service, operation, params))
    assert (answer.error_code, answer.status) == (NOT_DERIVABLE, 501)


def test_the_host_of_a_bucket_named_after_a_service_is_s3(target: EmbeddedTarget) -> None:
    assert target.send_as_operator(ApiRequest("s3", "CreateBucket", {"Bucket": "dynamodb"})).succeeded
    url = "https://dynamodb.s3.us-east-1.amazonaws.com/"
    response = _send(target, _prepared(_root(target), "s3", b"", url=url, method="GET"))
    assert response.status_code == 200
    assert b"<Name>dynamodb</Name>" in response.content


def _root(target: EmbeddedTarget) -> AwsCredentials:
    issued = target.cloud.root_credentials()
    return AwsCredentials(Secret(issued.access_key_id), issued.secret_access_key)


_SMUGGLED = json.dumps({"TableName": "items", "Key": {**_ITEM, "SK": {"S": "&Action=Scan&TableName=items&"}}})


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (_SMUGGLED, {}),
        ('{"TableName": "items", "Key": {"PK": {"S": "foreign"}}, "Key": ' + json.dumps(_ITEM) + "}", {}),
        ('{"TableName": "items", "Key": {"PK": {"S": "foreign", "S": "own"}, "SK": {"S": "1"}}}', {}),
        (_get(_ITEM), {"x-moto-account-id": "123456789012"}),
        (_get(_ITEM), {"x_moto_account_id": "123456789012"}),
        (_get(_ITEM), {"Content-Type": "application/x-www-form-urlencoded"}),
        (_get(_ITEM).encode("utf-8"), {"X-HTTP-Method-Override": "DELETE"}),
    ],
)
def test_the_store_performs_what_was_authorized_and_nothing_else(
    target: EmbeddedTarget, tenant: AwsCredentials, body: bytes | str, headers: Mapping[str, str]
) -> None:
    response = _send(target, _prepared(tenant, "dynamodb", body, headers={**_dynamodb("GetItem"), **headers}))
    assert response.status_code == 200
    answer = json.loads(response.text)
    assert "Items" not in answer
    assert answer.get("Item", _ITEM) == _ITEM


@pytest.mark.parametrize("body", [b"not json", b"[]", b"\xff\xfe{}", "{}".encode("utf-16"), b"[" * 100_000])
def test_a_body_that_is_no_json_object_is_a_serialization_exception(
    target: EmbeddedTarget, tenant: AwsCredentials, body: bytes
) -> None:
    response = _send(target, _prepared(tenant, "dynamodb", body, headers=_dynamodb("GetItem")))
    assert (_code(response), response.status_code) == ("SerializationException", 400)


def test_null_members_mean_nothing(target: EmbeddedTarget, tenant: AwsCredentials) -> None:
    params = {"TableName": "items", "Key": _ITEM, "ReturnConsumedCapacity": None, "AttributesToGet": None}
    response = _send(target, _prepared(tenant, "dynamodb", json.dumps(params), headers=_dynamodb("GetItem")))
    assert json.loads(response.text) == {"Item": _ITEM}


def test_a_header_given_twice_is_refused(target: EmbeddedTarget, tenant: AwsCredentials) -> None:
    request: Any = _prepared(tenant, "dynamodb", _get(_ITEM), headers=_dynamodb("GetItem"))
    request.headers = {**dict(request.headers.items()), "x-amz-target": "DynamoDB_20120810.Scan"}
    response = _send(target, request)
    assert (_code(response), response.status_code) == (NOT_DERIVABLE, 501)


def test_what_makes_the_store_stumble_is_no_answer_of_aws(
    target: EmbeddedTarget, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(DynamoHandler, "list_tables", lambda _: 1 // 0)
    answer = target.send_as_operator(ApiRequest("dynamodb", "ListTables", {}))
    assert (answer.error_code, answer.status) == (NOT_DERIVABLE, 501)


@pytest.mark.parametrize("checksums", ["when_supported", "when_required"])
@pytest.mark.parametrize("addressing", ["path", "virtual"])
def test_uploads_work_as_boto3_sends_them_by_default(target: EmbeddedTarget, checksums: str, addressing: str) -> None:
    seen: list[str] = []

    def answer(request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        declared = request.headers.get("x-amz-content-sha256")
        seen.append(declared.decode() if isinstance(declared, bytes) else str(declared))
        return _send(target, request)

    root = _root(target)
    settings: Any = {"s3": {"addressing_style": addressing}, "request_checksum_calculation": checksums}
    client = boto3.Session().client(
        "s3",
        region_name="us-east-1",
        aws_access_key_id=root.access_key_id.reveal(),
        aws_secret_access_key=root.secret_access_key.reveal(),
        config=Config(**settings),
    )
    events: Any = client.meta.events
    events.register("before-send.s3", answer)
    content = b"chunked\r\n0\r\n" * 10_000

    put = client.put_object(Bucket="gateway-files", Key="own/big file+", Body=content, ContentEncoding="br")
    got = client.get_object(Bucket="gateway-files", Key="own/big file+")
    listed = client.list_objects_v2(Bucket="gateway-files", Prefix="own/")
    deleted = client.delete_objects(Bucket="gateway-files", Delete={"Objects": [{"Key": "own/big file+"}]})

    assert put["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert ("STREAMING-UNSIGNED-PAYLOAD-TRAILER" in seen) is (checksums == "when_supported")
    assert (got["Body"].read(), got["ContentEncoding"]) == (content, "br")
    assert [entry["Key"] for entry in listed["Contents"]] == ["own/big file+"]
    assert [entry["Key"] for entry in deleted["Deleted"]] == ["own/big file+"]


@pytest.fixture
def other_cloud() -> Iterator[EmbeddedTarget]:
    other = EmbeddedTarget()
    assert other.send_as_operator(ApiRequest("s3", "CreateBucket", {"Bucket": "of-the-other"})).succeeded
    params = {"Bucket": "of-the-other", "Key": "k", "Body": b"other"}
    assert other.send_as_operator(ApiRequest("s3", "PutObject", params)).succeeded
    yield other
    other.close()


@pytest.mark.parametrize(
    ("operation", "params"),
    [
        ("GetObject", {"Key": "k"}),
        ("HeadBucket", {}),
        ("ListObjectsV2", {}),
        ("DeleteObjects", {"Delete": {"Objects": [{"Key": "k"}]}}),
        ("CopyObject", {"Bucket": "gateway-files", "Key": "l", "CopySource": {"Bucket": "of-the-other", "Key": "k"}}),
    ],
)
def test_two_clouds_share_no_bucket(
    target: EmbeddedTarget, other_cloud: EmbeddedTarget, operation: str, params: Mapping[str, Any]
) -> None:
    answer = target.send_as_operator(ApiRequest("s3", operation, {"Bucket": "of-the-other", **params}))
    assert (answer.error_code in ("NoSuchBucket", "404"), answer.status) == (True, 404)
    assert _keys(other_cloud, "of-the-other") == ["k"]


def test_a_closed_cloud_leaves_nothing_behind(target: EmbeddedTarget) -> None:
    other = EmbeddedTarget()
    assert other.send_as_operator(ApiRequest("s3", "CreateBucket", {"Bucket": "left-behind"})).succeeded
    other.close()
    assert target.send_as_operator(ApiRequest("s3", "CreateBucket", {"Bucket": "left-behind"})).succeeded
    assert other.account not in dynamodb_backends


def test_an_environment_that_would_redirect_the_store_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOTO_ACCOUNT_ID", "123456789012")
    with pytest.raises(TargetError, match="MOTO_ACCOUNT_ID"):
        EmbeddedCloud()


def test_a_whole_sign_in_opens_no_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    attempts: list[Any] = []

    def connect(_: socket.socket, address: Any) -> None:
        attempts.append(address)
        raise OSError("no connection may be opened")

    monkeypatch.setattr(socket.socket, "connect", connect)
    monkeypatch.setattr(socket.socket, "connect_ex", connect)
    # The patch must bite, or this test could not fail.
    with pytest.raises(OSError, match="no connection"):
        socket.create_connection(("127.0.0.1", 9))
    attempts.clear()
    target = EmbeddedTarget()
    credentials = _signed_in(target)

    identity = target.send(ApiRequest("sts", "GetCallerIdentity", {}), credentials)
    assert identity.data["Arn"].endswith(":assumed-role/tenant/CognitoIdentityCredentials")
    assert target.send(ApiRequest("s3", "ListBuckets", {}), credentials).succeeded
    assert target.send(ApiRequest("dynamodb", "ListTables", {}), credentials).succeeded
    assert attempts == []
    target.close()


def _signed_in(target: EmbeddedTarget) -> AwsCredentials:
    def operate(service: str, operation: str, **params: Any) -> ApiResponse:
        answer = target.send_as_operator(ApiRequest(service, operation, params))
        assert answer.succeeded, answer
        return answer

    pool = operate("cognito-idp", "CreateUserPool", PoolName="pool").data["UserPool"]["Id"]
    flows = ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
    created = operate("cognito-idp", "CreateUserPoolClient", UserPoolId=pool, ClientName="app", ExplicitAuthFlows=flows)
    client = created.data["UserPoolClient"]["ClientId"]
    user = {"UserPoolId": pool, "Username": "alice"}
    operate("cognito-idp", "AdminCreateUser", **user, MessageAction="SUPPRESS")
    operate("cognito-idp", "AdminSetUserPassword", **user, Password="Correct-Horse-1", Permanent=True)
    provider = f"cognito-idp.us-east-1.amazonaws.com/{pool}"
    identities = operate(
        "cognito-identity",
        "CreateIdentityPool",
        IdentityPoolName="pool",
        AllowUnauthenticatedIdentities=False,
        CognitoIdentityProviders=[{"ProviderName": provider, "ClientId": client}],
    ).data["IdentityPoolId"]
    trust = {
        "Effect": "Allow",
        "Principal": {"Federated": "cognito-identity.amazonaws.com"},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringEquals": {"cognito-identity.amazonaws.com:aud": identities}},
    }
    role = operate("iam", "CreateRole", RoleName="tenant", AssumeRolePolicyDocument=_document(trust))
    allowed = _document({"Effect": "Allow", "Action": ["s3:List*", "dynamodb:List*"], "Resource": "*"})
    operate("iam", "PutRolePolicy", RoleName="tenant", PolicyName="p", PolicyDocument=allowed)
    operate(
        "cognito-identity",
        "SetIdentityPoolRoles",
        IdentityPoolId=identities,
        Roles={"authenticated": role.data["Role"]["Arn"]},
    )
    parameters = {"USERNAME": "alice", "PASSWORD": "Correct-Horse-1"}
    sign_in = {"ClientId": client, "AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": parameters}
    tokens = target.send(ApiRequest("cognito-idp", "InitiateAuth", sign_in), None)
    logins = {provider: tokens.data["AuthenticationResult"]["IdToken"]}
    identity = target.send(
        ApiRequest("cognito-identity", "GetId", {"IdentityPoolId": identities, "Logins": logins}), None
    )
    exchange = {"IdentityId": identity.data["IdentityId"], "Logins": logins}
    issued = target.send(ApiRequest("cognito-identity", "GetCredentialsForIdentity", exchange), None).data[
        "Credentials"
    ]
    return AwsCredentials(*(Secret(issued[name]) for name in ("AccessKeyId", "SecretKey", "SessionToken")))
