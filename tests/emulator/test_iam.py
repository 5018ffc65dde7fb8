"""IAM calls: what they are authorized on, and what becomes of the policies and keys they leave."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from harness.emulator.iam_requests import read_iam_request
from harness.emulator.service import NOT_DERIVABLE, NotDerivableError, ServiceError
from harness.secret import Secret
from harness.targets.api import ApiRequest, AwsCredentials

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.targets.api import ApiResponse
    from harness.targets.embedded import EmbeddedTarget

_ACCOUNT = "123456789012"
_TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}],
}


def _path_of(kind: str, name: str) -> str | None:
    return {("role", "tenant"): "/team/", ("user", "alice"): "/"}.get((kind, name))


@pytest.mark.parametrize(
    ("parameters", "resource"),
    [
        ({"Action": "ListRoles"}, "role/"),
        (
            {"Action": "CreateRole", "RoleName": "new", "Path": "/a/b/", "AssumeRolePolicyDocument": _TRUST},
            "role/a/b/new",
        ),
        ({"Action": "CreateRole", "RoleName": "tenant", "AssumeRolePolicyDocument": _TRUST}, "role/tenant"),
        ({"Action": "GetRole", "RoleName": "tenant"}, "role/team/tenant"),
        ({"Action": "GetRole", "RoleName": "tenant", "Path": "/other/"}, "role/team/tenant"),
        ({"Action": "DeleteRole", "RoleName": "missing"}, "role/missing"),
        ({"Action": "CreateUser", "UserName": "bob", "Path": "/a/"}, "user/a/bob"),
        ({"Action": "CreateAccessKey", "UserName": "alice", "Path": "/a/"}, "user/alice"),
    ],
)
def test_a_call_is_authorized_on_the_stored_role_or_user(parameters: Mapping[str, Any], resource: str) -> None:
    texts = {name: value if isinstance(value, str) else json.dumps(value) for name, value in parameters.items()}
    asked = read_iam_request(texts, _ACCOUNT, _path_of)
    assert asked.action == f"iam:{parameters['Action']}"
    assert asked.resource == f"arn:aws:iam::{_ACCOUNT}:{resource}"


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"Action": "AttachRolePolicy", "RoleName": "tenant"},
        {"Action": "CreateRole", "RoleName": "r", "PermissionsBoundary": "arn:aws:iam::1:policy/b"},
        {"Action": "CreateUser", "UserName": "u", "Tags.member.1.Key": "tenant"},
        {"Action": "GetUser"},
        {"Action": "CreateAccessKey"},
        {"Action": "GetRole", "UserName": "alice"},
        {"Action": "CreateUser", "UserName": "x:root"},
        {"Action": "GetRole", "RoleName": "a/b"},
        {"Action": "GetRole", "RoleName": "*"},
    ],
)
def test_what_is_not_known_exactly_is_refused(parameters: Mapping[str, str]) -> None:
    with pytest.raises(NotDerivableError):
        read_iam_request(parameters, _ACCOUNT, _path_of)


@pytest.mark.parametrize("document", ["", "{}", "no json", '{"Version":"2012-10-17","Statement":[{"Effect":"Maybe"}]}'])
def test_a_malformed_document_is_refused_before_anything_is_stored(document: str) -> None:
    with pytest.raises(ServiceError) as refusal:
        read_iam_request(
            {"Action": "PutRolePolicy", "RoleName": "tenant", "PolicyDocument": document}, _ACCOUNT, _path_of
        )
    assert (refusal.value.code, refusal.value.status) == ("MalformedPolicyDocument", 400)


def test_a_document_that_conditions_on_what_is_not_held_is_refused() -> None:
    document = {
        "Version": "2012-10-17",
        "Statement": {
            "Effect": "Allow",
            "Action": "*",
            "Resource": "*",
            "Condition": {"StringEquals": {"aws:ResourceTag/tenant": "a"}},
        },
    }
    parameters = {"Action": "PutRolePolicy", "RoleName": "tenant", "PolicyDocument": json.dumps(document)}
    with pytest.raises(NotDerivableError):
        read_iam_request(parameters, _ACCOUNT, _path_of)


def _operate(target: EmbeddedTarget, operation: str, **params: Any) -> ApiResponse:
    answer = target.send_as_operator(ApiRequest("iam", operation, params))
    assert answer.succeeded, answer
    return answer


def _new_user(target: EmbeddedTarget, name: str, *statements: Mapping[str, Any]) -> AwsCredentials:
    _operate(target, "CreateUser", UserName=name)
    document = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
    _operate(target, "PutUserPolicy", UserName=name, PolicyName="p", PolicyDocument=document)
    key = _operate(target, "CreateAccessKey", UserName=name).data["AccessKey"]
    return AwsCredentials(Secret(key["AccessKeyId"]), Secret(key["SecretAccessKey"]))


_READ_ROLES = {"Effect": "Allow", "Action": "iam:GetRole", "Resource": "*"}


def test_changes_of_policies_and_keys_take_effect_at_once(embedded_target: EmbeddedTarget) -> None:
    alice = _new_user(embedded_target, "alice", _READ_ROLES)
    _operate(embedded_target, "CreateRole", RoleName="r", AssumeRolePolicyDocument=json.dumps(_TRUST))
    read = ApiRequest("iam", "GetRole", {"RoleName": "r"})

    assert embedded_target.send(read, alice).succeeded
    _operate(embedded_target, "DeleteUserPolicy", UserName="alice", PolicyName="p")
    denied = embedded_target.send(read, alice)
    assert (denied.error_code, denied.status) == ("AccessDenied", 403)
    _operate(embedded_target, "DeleteAccessKey", UserName="alice", AccessKeyId=alice.access_key_id.reveal())
    assert embedded_target.send(read, alice).error_code == "InvalidClientTokenId"


def _form(target: EmbeddedTarget, credentials: AwsCredentials, body: str, query: str = "") -> tuple[int, str]:
    form = "application/x-www-form-urlencoded"
    request = AWSRequest("POST", f"https://iam.amazonaws.com/{query}", {"Content-Type": form}, body)
    signed_by = Credentials(credentials.access_key_id.reveal(), credentials.secret_access_key.reveal())
    SigV4Auth(signed_by, "iam", "us-east-1").add_auth(request)
    response = target.cloud.gateway.before_send(request.prepare())
    return response.status_code, response.text


@pytest.mark.parametrize(
    ("body", "query"),
    [
        ("Action=GetRole&RoleName=r&Action=DeleteRole", ""),
        ("Action=GetRole&RoleName=r&RoleName=other", ""),
        ("Action=GetRole&RoleName=r", "?Action=DeleteRole&RoleName=r"),
        ("Action=GetRole&RoleName=%FF", ""),
    ],
)
def test_a_second_meaning_of_a_form_is_refused(embedded_target: EmbeddedTarget, body: str, query: str) -> None:
    alice = _new_user(embedded_target, "alice", _READ_ROLES)
    _operate(embedded_target, "CreateRole", RoleName="r", AssumeRolePolicyDocument=json.dumps(_TRUST))

    status, text = _form(embedded_target, alice, body, query)
    assert (status, NOT_DERIVABLE in text) == (501, True)
    assert _operate(embedded_target, "GetRole", RoleName="r").succeeded


def test_a_document_arrives_as_it_was_sent(embedded_target: EmbeddedTarget) -> None:
    statement = '{"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::b/*+&=%41\u00e9"}'
    document = f'{{"Version": "2012-10-17",\n "Statement": {statement}}}'
    _operate(embedded_target, "CreateRole", RoleName="r", AssumeRolePolicyDocument=json.dumps(_TRUST))
    _operate(embedded_target, "PutRolePolicy", RoleName="r", PolicyName="p", PolicyDocument=document)
    stored = _operate(embedded_target, "GetRolePolicy", RoleName="r", PolicyName="p").data["PolicyDocument"]
    assert stored == json.loads(document)


def test_a_role_made_again_under_its_name_is_another_role(embedded_target: EmbeddedTarget) -> None:
    def make() -> None:
        allowed = {"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}
        document = json.dumps({"Version": "2012-10-17", "Statement": allowed})
        _operate(embedded_target, "CreateRole", RoleName="again", AssumeRolePolicyDocument=json.dumps(_TRUST))
        _operate(embedded_target, "PutRolePolicy", RoleName="again", PolicyName="p", PolicyDocument=document)

    make()
    arn = f"arn:aws:iam::{embedded_target.account}:role/again"
    assumed = embedded_target.send_as_operator(
        ApiRequest("sts", "AssumeRole", {"RoleArn": arn, "RoleSessionName": "before"})
    ).data["Credentials"]
    before = AwsCredentials(*(Secret(assumed[name]) for name in ("AccessKeyId", "SecretAccessKey", "SessionToken")))
    listing = ApiRequest("s3", "ListBuckets")
    assert embedded_target.send(listing, before).succeeded

    _operate(embedded_target, "DeleteRolePolicy", RoleName="again", PolicyName="p")
    _operate(embedded_target, "DeleteRole", RoleName="again")
    assert embedded_target.send(listing, before).error_code == "AccessDenied"
    make()
    assert embedded_target.send(listing, before).error_code == "AccessDenied"
