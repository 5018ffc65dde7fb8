"""Who writes which attribute of a user, row by row of aws-semantics 4.3."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from cognito import ORG, PASSWORD, Cognito, claims_of, function_arn, listed, not_derivable, refused

from harness.emulator.user_pools.messages import Purpose

if TYPE_CHECKING:
    from collections.abc import Mapping

    from doors import Door

FIXED = {"Name": "tenant", "AttributeDataType": "String", "Mutable": False}
UNAUTHORIZED = "A client attempted to write unauthorized attribute"
EMAIL = "alice@example.com"


class Writer(Cognito):
    """A signed-in user with a mutable and an immutable custom attribute."""

    def __init__(self, door: Door, *, app: Mapping[str, Any] | None = None, **pool: Any) -> None:
        super().__init__(door, app=app, Schema=[ORG, FIXED], **pool)
        self.create_user(custom__org="acme", custom__tenant="acme", email=EMAIL, email_verified="true")
        self.token = self.sign_in()["AccessToken"]

    def update(self, **attributes: str) -> dict[str, Any]:
        answer: dict[str, Any] = self.client.update_user_attributes(
            AccessToken=self.token, UserAttributes=listed(attributes)
        )
        return answer

    def admin_update(self, **attributes: str) -> None:
        self.admin("admin_update_user_attributes", Username="alice", UserAttributes=listed(attributes))


@pytest.mark.parametrize("app", [{}, {"WriteAttributes": []}], ids=["omitted", "empty"])
def test_without_write_attributes_the_user_writes_every_mutable_attribute_custom_ones_included(
    door: Door,
    app: Mapping[str, Any],
) -> None:
    writer = Writer(door, app=app)

    writer.update(custom__org="victim", name="Alice")

    assert writer.attributes()["custom:org"] == "victim"
    assert claims_of(writer.sign_in()["IdToken"])["custom:org"] == "victim"


def test_write_attributes_keep_the_user_from_all_others(door: Door) -> None:
    writer = Writer(door, app={"WriteAttributes": ["name"]})

    writer.update(name="Alice")
    with refused("NotAuthorizedException", UNAUTHORIZED):
        writer.update(custom__org="victim")
    with refused("NotAuthorizedException", UNAUTHORIZED):
        writer.client.delete_user_attributes(AccessToken=writer.token, UserAttributeNames=["custom:org"])

    assert writer.attributes()["custom:org"] == "acme"
    assert writer.attributes()["name"] == "Alice"


def test_one_unauthorized_attribute_stops_the_whole_write(door: Door) -> None:
    writer = Writer(door, app={"WriteAttributes": ["name"]})

    with refused("NotAuthorizedException", UNAUTHORIZED):
        writer.update(name="Alice", custom__org="victim")

    assert "name" not in writer.attributes()


def test_an_attribute_the_schema_does_not_know_is_unauthorized_too(door: Door) -> None:
    with refused("NotAuthorizedException", UNAUTHORIZED):
        Writer(door).update(custom__none="x")


def test_an_update_of_the_client_that_leaves_write_attributes_out_opens_everything(door: Door) -> None:
    writer = Writer(door, app={"WriteAttributes": ["name"], "ReadAttributes": ["name"], "IdTokenValidity": 2})

    updated = writer.admin("update_user_pool_client", ClientId=writer.client_id)["UserPoolClient"]
    writer.update(custom__org="victim")

    assert not {"WriteAttributes", "ReadAttributes", "IdTokenValidity"} & set(updated)
    assert "ALLOW_USER_PASSWORD_AUTH" not in updated["ExplicitAuthFlows"]
    assert writer.attributes()["custom:org"] == "victim"


def test_an_immutable_attribute_is_written_only_while_the_user_is_created(door: Door) -> None:
    writer = Writer(door)
    message = "user.custom:tenant: Attribute cannot be updated.\n"

    with refused("InvalidParameterException", message):
        writer.update(custom__tenant="victim")
    with refused("InvalidParameterException", message):
        writer.admin_update(custom__tenant="victim")
    with refused("InvalidParameterException", message):
        writer.admin("admin_delete_user_attributes", Username="alice", UserAttributeNames=["custom:tenant"])

    assert writer.attributes()["custom:tenant"] == "acme"


def test_an_immutable_attribute_that_was_never_set_cannot_be_set_by_an_administrator_either(door: Door) -> None:
    writer = Writer(door)
    writer.create_user("bob")

    with refused("InvalidParameterException", "user.custom:tenant: Attribute cannot be updated.\n"):
        writer.admin("admin_update_user_attributes", Username="bob", UserAttributes=listed({"custom:tenant": "acme"}))


@pytest.mark.parametrize("attribute", ["custom__org", "custom__tenant"])
def test_who_signs_up_writes_what_the_client_may_write_immutable_or_not(door: Door, attribute: str) -> None:
    writer = Writer(door)
    writer.sign_up("mallory", **{attribute: "victim"})
    writer.client_id = writer.new_client(WriteAttributes=["email"])

    with refused("NotAuthorizedException", UNAUTHORIZED):
        writer.sign_up("eve", **{attribute: "victim"})

    assert writer.attributes("mallory")[attribute.replace("__", ":")] == "victim"


@pytest.mark.parametrize("flag", ["email_verified", "phone_number_verified"])
def test_no_user_writes_that_an_address_is_verified(door: Door, flag: str) -> None:
    writer = Writer(door)

    with refused("NotAuthorizedException", UNAUTHORIZED):
        writer.update(**{flag: "true"})
    with refused("NotAuthorizedException", UNAUTHORIZED):
        writer.sign_up("mallory", **{flag: "true"})
    with refused("InvalidParameterException"):
        writer.new_client(WriteAttributes=["custom:none"])


def test_required_attributes_are_always_writable_and_never_deleted(door: Door) -> None:
    required = {"Name": "name", "AttributeDataType": "String", "Required": True}
    cognito = Cognito(door, app={"WriteAttributes": ["email"]}, Schema=[required])
    cognito.create_user(name="Alice")
    token = cognito.sign_in()["AccessToken"]

    cognito.client.update_user_attributes(AccessToken=token, UserAttributes=listed({"name": "Alicia"}))
    with refused("InvalidParameterException"):
        cognito.client.delete_user_attributes(AccessToken=token, UserAttributeNames=["name"])
    with refused("InvalidParameterException"):
        cognito.client.update_user_attributes(AccessToken=token, UserAttributes=listed({"name": ""}))

    assert cognito.attributes()["name"] == "Alicia"


def test_developer_only_attributes_are_written_by_administrators_alone(door: Door) -> None:
    cognito = Cognito(door, Schema=[{**ORG, "DeveloperOnlyAttribute": True}])
    cognito.create_user(dev__custom__org="acme")
    token = cognito.sign_in()["AccessToken"]

    with refused("NotAuthorizedException", UNAUTHORIZED):
        cognito.client.update_user_attributes(AccessToken=token, UserAttributes=listed({"dev:custom:org": "victim"}))
    with refused("NotAuthorizedException", UNAUTHORIZED):
        cognito.sign_up("mallory", dev__custom__org="victim")
    cognito.admin("admin_update_user_attributes", Username="alice", UserAttributes=listed({"dev:custom:org": "new"}))

    assert cognito.attributes()["dev:custom:org"] == "new"


def test_a_blank_value_deletes_the_attribute(door: Door) -> None:
    writer = Writer(door)

    writer.update(custom__org="")

    assert "custom:org" not in writer.attributes()
    assert "custom:org" not in claims_of(writer.sign_in()["IdToken"])


def test_user_tokens_without_the_scope_for_users_write_and_read_nothing(door: Door) -> None:
    trigger = {"LambdaVersion": "V2_0", "LambdaArn": function_arn("tokens")}
    cognito = Cognito(door, LambdaConfig={"PreTokenGenerationConfig": trigger})
    cognito.create_user()
    changes = {"accessTokenGeneration": {"scopesToSuppress": ["aws.cognito.signin.user.admin"]}}
    cognito.functions.handlers["tokens"] = lambda _: {"response": {"claimsAndScopeOverrideDetails": changes}}
    token = cognito.sign_in()["AccessToken"]

    assert "scope" not in claims_of(token)
    with refused("NotAuthorizedException", "Access Token does not have required scopes"):
        cognito.client.update_user_attributes(AccessToken=token, UserAttributes=listed({"name": "Alice"}))
    with refused("NotAuthorizedException", "Access Token does not have required scopes"):
        cognito.client.get_user(AccessToken=token)


def test_custom_attributes_are_limited_in_number_length_and_name(door: Door) -> None:
    cognito = Cognito(door)
    for start in (0, 25):
        batch = [{**ORG, "Name": f"a{number}"} for number in range(start, start + 25)]
        cognito.admin("add_custom_attributes", CustomAttributes=batch)

    with refused("LimitExceededException"):
        cognito.admin("add_custom_attributes", CustomAttributes=[{**ORG, "Name": "one-more"}])
    with refused("InvalidParameterException"):
        cognito.admin("add_custom_attributes", CustomAttributes=[{**ORG, "Name": "a0"}])
    with refused("InvalidParameterException"):
        Cognito(door, Schema=[{**ORG, "Name": "n" * 21}])
    cognito.create_user(custom__a0="x" * 2048)
    with refused("InvalidParameterException"):
        cognito.create_user("bob", custom__a0="x" * 2049)


def test_a_changed_address_counts_at_once_and_unverified_where_the_pool_does_not_say_otherwise(door: Door) -> None:
    writer = Writer(door, AutoVerifiedAttributes=["email"])

    sent = writer.update(email="ceo@victim.example")["CodeDeliveryDetailsList"]

    claims = claims_of(writer.sign_in()["IdToken"])
    assert (claims["email"], claims["email_verified"]) == ("ceo@victim.example", False)
    assert sent == [{"Destination": "c***@v***", "DeliveryMedium": "EMAIL", "AttributeName": "email"}]


def test_where_verification_comes_first_the_old_address_stays_until_the_code_is_entered(door: Door) -> None:
    settings = {"AttributesRequireVerificationBeforeUpdate": ["email"]}
    writer = Writer(door, AutoVerifiedAttributes=["email"], UserAttributeUpdateSettings=settings)

    writer.update(email="new@example.com")
    before = claims_of(writer.sign_in()["IdToken"])
    with refused("CodeMismatchException", "Invalid verification code provided, please try again."):
        writer.client.verify_user_attribute(AccessToken=writer.token, AttributeName="email", Code="not-it")
    writer.client.verify_user_attribute(
        AccessToken=writer.token, AttributeName="email", Code=writer.code(Purpose.ATTRIBUTE)
    )

    assert (before["email"], before["email_verified"]) == (EMAIL, True)
    after = claims_of(writer.sign_in()["IdToken"])
    assert (after["email"], after["email_verified"]) == ("new@example.com", True)


def test_a_code_for_one_address_does_not_verify_the_next(door: Door) -> None:
    writer = Writer(door, AutoVerifiedAttributes=["email"])
    writer.update(email="own@example.com")
    code = writer.code(Purpose.ATTRIBUTE)
    writer.update(email="ceo@victim.example")

    with refused("CodeMismatchException" if code != writer.code(Purpose.ATTRIBUTE) else "ExpiredCodeException"):
        writer.client.verify_user_attribute(AccessToken=writer.token, AttributeName="email", Code=code)

    assert writer.attributes()["email_verified"] == "false"


def test_a_code_sent_before_an_administrator_changed_the_address_verifies_nothing(door: Door) -> None:
    writer = Writer(door)
    writer.client.get_user_attribute_verification_code(AccessToken=writer.token, AttributeName="email")
    writer.admin_update(email="ceo@victim.example")

    with refused("ExpiredCodeException"):
        writer.client.verify_user_attribute(
            AccessToken=writer.token, AttributeName="email", Code=writer.code(Purpose.ATTRIBUTE)
        )

    assert writer.attributes()["email_verified"] == "false"


def test_a_verified_address_stays_with_its_user_where_it_is_an_alias(door: Door) -> None:
    writer = Writer(door, AliasAttributes=["email"], AutoVerifiedAttributes=["email"])
    writer.create_user("mallory", email="mallory@example.com")
    token = writer.sign_in("mallory")["AccessToken"]
    writer.client.update_user_attributes(AccessToken=token, UserAttributes=listed({"email": EMAIL.upper()}))
    writer.client.update_user_attributes(AccessToken=token, UserAttributes=listed({"email": EMAIL}))

    with refused("AliasExistsException", "An account with the email already exists."):
        writer.client.verify_user_attribute(
            AccessToken=token, AttributeName="email", Code=writer.code(Purpose.ATTRIBUTE, "mallory")
        )
    with refused("AliasExistsException"):
        writer.admin(
            "admin_update_user_attributes", Username="mallory", UserAttributes=listed({"email_verified": "true"})
        )

    assert claims_of(writer.sign_in(EMAIL)["IdToken"])["cognito:username"] == "alice"


def test_an_alias_differs_by_case_only_where_the_pool_is_case_sensitive(door: Door) -> None:
    writer = Writer(door, AliasAttributes=["preferred_username"], UsernameConfiguration={"CaseSensitive": False})
    writer.create_user("mallory")
    writer.update(preferred_username="boss")
    token = writer.sign_in("mallory")["AccessToken"]

    with refused("AliasExistsException"):
        writer.client.update_user_attributes(AccessToken=token, UserAttributes=listed({"preferred_username": "BOSS"}))

    assert claims_of(writer.sign_in("Boss", PASSWORD)["IdToken"])["cognito:username"] == "alice"


def test_addresses_that_are_usernames_are_unique_whatever_is_verified(door: Door) -> None:
    cognito = Cognito(door, UsernameAttributes=["email"])
    cognito.create_user(EMAIL)
    cognito.create_user("mallory@example.com")
    token = cognito.sign_in("mallory@example.com")["AccessToken"]

    with refused("AliasExistsException"):
        cognito.client.update_user_attributes(AccessToken=token, UserAttributes=listed({"email": EMAIL}))


def test_phone_numbers_are_not_verified_because_nothing_is_sent_to_them(door: Door) -> None:
    writer = Writer(door)

    with not_derivable():
        writer.client.get_user_attribute_verification_code(AccessToken=writer.token, AttributeName="phone_number")
    with refused("InvalidParameterException"):
        writer.client.get_user_attribute_verification_code(AccessToken=writer.token, AttributeName="custom:org")
    with not_derivable():
        Cognito(door, AutoVerifiedAttributes=["phone_number"])
