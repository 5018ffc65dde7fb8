"""IAM calls: what they are authorized on, users and their keys, and the forms in which calls come (section 6)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from embedded_aws import Refusal, allow, document, keys_of, trusting

from harness.emulator.service import NOT_DERIVABLE

if TYPE_CHECKING:
    from embedded_aws import EmbeddedAws

    from harness.targets.api import AwsCredentials

ANYBODY = trusting("*")
BOUNDARY = "arn:aws:iam::aws:policy/ReadOnlyAccess"


@pytest.mark.parametrize(
    ("operation", "params", "resource"),
    [
        ("ListRoles", {}, "role/"),
        ("ListUsers", {}, "user/"),
        ("ListOpenIDConnectProviders", {}, "oidc-provider/*"),
        ("CreateRole", {"RoleName": "n", "Path": "/a/b/", "AssumeRolePolicyDocument": document(ANYBODY)}, "role/a/b/n"),
        ("GetRole", {"RoleName": "tenant"}, "role/team/tenant"),
        ("AttachRolePolicy", {"RoleName": "tenant", "PolicyArn": BOUNDARY}, "role/team/tenant"),
        ("DeleteRole", {"RoleName": "missing"}, "role/missing"),
        ("CreateUser", {"UserName": "bob", "Path": "/a/"}, "user/a/bob"),
        ("GetUser", {}, "user/alice"),
        ("CreateAccessKey", {}, "user/alice"),
        ("AddUserToGroup", {"GroupName": "g", "UserName": "alice"}, "group/g"),
        ("CreatePolicy", {"PolicyName": "p", "Path": "/x/", "PolicyDocument": document(allow("*"))}, "policy/x/p"),
        ("CreateOpenIDConnectProvider", {"Url": "https://issuer.example/x"}, "oidc-provider/issuer.example/x"),
    ],
)
def test_6_4_a_call_is_authorized_on_what_it_touches(
    aws: EmbeddedAws, operation: str, params: dict[str, Any], resource: str
) -> None:
    aws.role("tenant", ANYBODY, Path="/team/")
    alice = aws.user("alice")
    arn = f"arn:aws:iam::{aws.account}:{resource}"

    assert aws.refusal(alice, "iam", operation, **params) == Refusal(
        "AccessDenied",
        403,
        f"User: arn:aws:iam::{aws.account}:user/alice is not authorized to perform: iam:{operation} on resource: {arn} "
        f"because no identity-based policy allows the iam:{operation} action",
    )
    aws.iam(
        "PutUserPolicy",
        UserName="alice",
        PolicyName="p",
        PolicyDocument=document(allow(f"iam:{operation}", resource=arn)),
    )
    assert aws.may(alice, "iam", "GetRole", RoleName="tenant") is (operation == "GetRole")
    if operation not in {"DeleteRole", "AddUserToGroup"}:
        aws.call(alice, "iam", operation, **params)


def test_6_4_an_explicit_deny_is_named_as_such(aws: EmbeddedAws) -> None:
    denied = {"Effect": "Deny", "Action": "iam:GetUser", "Resource": "*"}
    alice = aws.user("alice", allow("*"), denied)

    message = aws.refusal(alice, "iam", "GetUser").message

    assert message.endswith(":user/alice with an explicit deny in an identity-based policy")


def test_6_7_changes_of_policies_and_keys_take_effect_at_once(aws: EmbeddedAws) -> None:
    aws.role("r", ANYBODY)
    alice = aws.user("alice", allow("iam:GetRole"))
    key = alice.access_key_id.reveal()

    assert aws.may(alice, "iam", "GetRole", RoleName="r")
    aws.iam("DeleteUserPolicy", UserName="alice", PolicyName="p")
    assert not aws.may(alice, "iam", "GetRole", RoleName="r")
    aws.iam("UpdateAccessKey", UserName="alice", AccessKeyId=key, Status="Inactive")
    assert aws.refusal(alice, "iam", "GetUser").code == "InvalidClientTokenId"
    aws.iam("UpdateAccessKey", UserName="alice", AccessKeyId=key, Status="Active")
    assert aws.refusal(alice, "iam", "GetUser").code == "AccessDenied"
    aws.iam("DeleteAccessKey", UserName="alice", AccessKeyId=key)
    assert aws.refusal(alice, "iam", "GetUser").code == "InvalidClientTokenId"


def test_without_a_name_a_user_means_itself_and_a_session_is_told_to_give_one(aws: EmbeddedAws) -> None:
    alice = aws.user("alice", allow("iam:*"), Path="/team/")
    session = aws.assume(aws.role("r", trusting(aws.target.operator_arn), allow("*")), aws.target._operator)

    assert aws.call(alice, "iam", "GetUser")["User"]["Arn"] == f"arn:aws:iam::{aws.account}:user/team/alice"
    second = keys_of(aws.call(alice, "iam", "CreateAccessKey")["AccessKey"])
    assert aws.call(second, "iam", "GetUser")["User"]["UserName"] == "alice"
    assert len(aws.call(alice, "iam", "ListAccessKeys")["AccessKeyMetadata"]) == 2
    assert aws.refusal(alice, "iam", "CreateAccessKey") == Refusal(
        "LimitExceeded", 409, "Cannot exceed quota for AccessKeysPerUser: 2"
    )
    assert aws.refusal(session, "iam", "GetUser").code == "ValidationError"


def test_names_are_taken_in_every_letter_case_and_things_in_use_stay(aws: EmbeddedAws) -> None:
    aws.user("alice", allow("*"))
    aws.role("r", ANYBODY, allow("*"))

    assert aws.refused("iam", "CreateUser", UserName="ALICE") == Refusal(
        "EntityAlreadyExists", 409, "User with name ALICE already exists."
    )
    assert aws.refused("iam", "GetRole", RoleName="missing") == Refusal(
        "NoSuchEntity", 404, "The role with name missing cannot be found."
    )
    assert aws.refused("iam", "DeleteRole", RoleName="r") == Refusal(
        "DeleteConflict", 409, "Cannot delete entity, must delete policies first."
    )
    assert aws.refused("iam", "DeleteUser", UserName="alice").message.endswith("must delete access keys first.")


def test_lists_come_in_pages(aws: EmbeddedAws) -> None:
    for number in range(5):
        aws.role(f"r{number}", ANYBODY, Path="/team/")
    aws.role("other", ANYBODY)

    first = aws.iam("ListRoles", PathPrefix="/team/", MaxItems=3)
    rest = aws.iam("ListRoles", PathPrefix="/team/", MaxItems=3, Marker=first["Marker"])

    assert [role["RoleName"] for role in first["Roles"] + rest["Roles"]] == [f"r{number}" for number in range(5)]
    assert (first["IsTruncated"], rest["IsTruncated"]) == (True, False)


@pytest.mark.parametrize("name", ["x:root", "a/b", "*", ""])
def test_a_name_outside_the_models_pattern_is_a_validation_error(aws: EmbeddedAws, name: str) -> None:
    refusal = aws.refused("iam", "GetRole", RoleName=name)

    assert (refusal.code, refusal.status) == ("ValidationError", 400)


@pytest.mark.parametrize(
    ("operation", "params"),
    [
        ("UpdateUser", {"UserName": "alice", "NewUserName": "bob"}),
        ("SimulatePrincipalPolicy", {"PolicySourceArn": "arn:aws:iam::1:role/r", "ActionNames": ["s3:GetObject"]}),
        ("CreateSAMLProvider", {"Name": "saml", "SAMLMetadataDocument": "x" * 1000}),
        ("CreateLoginProfile", {"UserName": "alice", "Password": "Correct-Horse-1"}),
    ],
)
def test_operations_whose_effect_is_not_modelled_are_refused(
    aws: EmbeddedAws, operation: str, params: dict[str, Any]
) -> None:
    assert aws.refused("iam", operation, **params).code == NOT_DERIVABLE


def _form(aws: EmbeddedAws, credentials: AwsCredentials, body: str, query: str = "") -> tuple[int, str]:
    form = "application/x-www-form-urlencoded"
    request = AWSRequest("POST", f"https://iam.amazonaws.com/{query}", {"Content-Type": form}, body)
    signed_by = Credentials(credentials.access_key_id.reveal(), credentials.secret_access_key.reveal())
    SigV4Auth(signed_by, "iam", "us-east-1").add_auth(request)
    response = aws.cloud.gateway.before_send(request.prepare())
    return response.status_code, response.text


@pytest.mark.parametrize(
    ("body", "query"),
    [
        ("Action=GetRole&RoleName=r&Action=DeleteRole", ""),
        ("Action=GetRole&RoleName=r&RoleName=other", ""),
        ("Action=GetRole&RoleName=r", "?Action=DeleteRole&RoleName=r"),
        ("Action=GetRole&RoleName=%FF", ""),
        ("Action=GetRole&RoleName=r&Extra=1", ""),
    ],
)
def test_a_second_meaning_of_a_form_is_refused(aws: EmbeddedAws, body: str, query: str) -> None:
    alice = aws.user("alice", allow("iam:*"))
    aws.role("r", ANYBODY)

    status, text = _form(aws, alice, body, query)
    assert (status, NOT_DERIVABLE in text) == (501, True)
    assert aws.iam("GetRole", RoleName="r")


def test_a_document_arrives_as_it_was_sent(aws: EmbeddedAws) -> None:
    statement = '{"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::b/*+&=%41\u00e9"}'
    written = f'{{"Version": "2012-10-17",\n "Statement": {statement}}}'
    aws.role("r", ANYBODY)
    aws.iam("PutRolePolicy", RoleName="r", PolicyName="p", PolicyDocument=written)

    assert aws.iam("GetRolePolicy", RoleName="r", PolicyName="p")["PolicyDocument"] == json.loads(written)


def test_no_secret_shows_in_what_is_kept(aws: EmbeddedAws) -> None:
    alice = aws.user("alice")

    kept = repr(aws.cloud.account_of(aws.account).iam) + repr(aws.cloud.credentials.find(alice.access_key_id.reveal()))

    assert alice.secret_access_key.reveal() not in kept


def test_a_list_that_a_client_sends_empty_is_an_empty_list(aws: EmbeddedAws) -> None:
    aws.role("tenant", ANYBODY, Tags=[])

    assert aws.iam("ListRoleTags", RoleName="tenant")["Tags"] == []


def test_an_account_has_one_alias_and_a_new_one_takes_its_place(aws: EmbeddedAws) -> None:
    assert aws.iam("ListAccountAliases")["AccountAliases"] == []
    aws.iam("CreateAccountAlias", AccountAlias="playground")
    aws.iam("CreateAccountAlias", AccountAlias="sandbox")
    assert aws.iam("ListAccountAliases")["AccountAliases"] == ["sandbox"]
    assert aws.refused("iam", "DeleteAccountAlias", AccountAlias="playground").code == "NoSuchEntity"
    aws.iam("DeleteAccountAlias", AccountAlias="sandbox")
    assert aws.iam("ListAccountAliases")["AccountAliases"] == []
