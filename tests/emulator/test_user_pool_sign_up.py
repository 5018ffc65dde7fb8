"""Users who register themselves, forget their password or are invited (aws-semantics 4.3, 4.5; attacks up-*)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from cognito import PASSWORD, Cognito, claims_of, listed, not_derivable, refused

from harness.emulator.user_pools.messages import Purpose
from harness.secret import Secret

if TYPE_CHECKING:
    from doors import Door

EMAIL = "alice@example.com"
NEWER = "Newer-Horse-1"
EXPIRED = "Invalid code provided, please request a code again."
MISMATCH = "Invalid verification code provided, please try again."


class Registry(Cognito):
    """A pool that sends codes to e-mail addresses."""

    def __init__(self, door: Door, *, app: Any = None, **pool: Any) -> None:
        super().__init__(door, app=app, AutoVerifiedAttributes=["email"], **pool)

    def confirm(self, code: str, username: str = "alice", **more: Any) -> None:
        self.client.confirm_sign_up(ClientId=self.client_id, Username=username, ConfirmationCode=code, **more)

    def forgot(self, username: str = "alice") -> dict[str, str]:
        answer = self.client.forgot_password(ClientId=self.client_id, Username=username)
        details: dict[str, str] = answer["CodeDeliveryDetails"]
        return details

    def confirm_forgot(self, code: str, password: str = NEWER, username: str = "alice") -> None:
        self.client.confirm_forgot_password(
            ClientId=self.client_id, Username=username, ConfirmationCode=code, Password=password
        )

    def status(self, username: str = "alice") -> str:
        status: str = self.admin("admin_get_user", Username=username)["UserStatus"]
        return status


def test_who_signs_up_gets_in_once_the_code_came_back(door: Door) -> None:
    registry = Registry(door)
    signed_up = registry.sign_up(email=EMAIL)

    with refused("UserNotConfirmedException", "User is not confirmed."):
        registry.sign_in()
    registry.confirm(registry.code(Purpose.SIGN_UP))

    claims = claims_of(registry.sign_in()["IdToken"])
    assert signed_up["UserConfirmed"] is False
    assert signed_up["CodeDeliveryDetails"]["Destination"] == "a***@e***"
    assert (claims["sub"], claims["email_verified"]) == (signed_up["UserSub"], True)


def test_an_unconfirmed_user_is_not_told_apart_by_a_wrong_password(door: Door) -> None:
    registry = Registry(door)
    registry.sign_up(email=EMAIL)

    with refused("NotAuthorizedException", "Incorrect username or password."):
        registry.sign_in(password="Wrong-Horse-1")


def test_where_only_administrators_create_users_nobody_signs_up(door: Door) -> None:
    registry = Registry(door, AdminCreateUserConfig={"AllowAdminCreateUserOnly": True})

    with refused("NotAuthorizedException", "SignUp is not permitted for this user pool"):
        registry.sign_up(email=EMAIL)
    registry.create_user(email=EMAIL)

    assert registry.sign_in()


def test_codes_are_good_once_for_one_user_and_for_a_day(door: Door) -> None:
    registry = Registry(door)
    for username in ("alice", "bob"):
        registry.sign_up(username, email=f"{username}@example.com")
    code = registry.code(Purpose.SIGN_UP)
    registry.pools.messages._last[registry.pool_id, "bob", Purpose.SIGN_UP].code = Secret("other")

    with refused("CodeMismatchException", MISMATCH):
        registry.confirm(code, "bob")
    with registry.clock.shifted(86_401), refused("ExpiredCodeException", EXPIRED):
        registry.confirm(code)
    registry.confirm(code)
    with refused("NotAuthorizedException", "User cannot be confirmed. Current status is CONFIRMED"):
        registry.confirm(code)


def test_codes_cannot_be_guessed_by_trying(door: Door) -> None:
    registry = Registry(door)
    registry.sign_up(email=EMAIL)
    code = registry.code(Purpose.SIGN_UP)
    for _ in range(5):
        with refused("CodeMismatchException", MISMATCH):
            registry.confirm("wrong")

    with refused("LimitExceededException", "Attempt limit exceeded, please try after some time."):
        registry.confirm(code)


def test_no_code_and_no_invitation_shows_in_the_object_that_holds_it(door: Door) -> None:
    registry = Registry(door)
    registry.sign_up(email=EMAIL)
    code = registry.code(Purpose.SIGN_UP)

    assert code not in repr(registry.pools.messages.last(registry.pool_id, "alice", Purpose.SIGN_UP))


def test_a_new_code_takes_the_place_of_the_last(door: Door) -> None:
    registry = Registry(door)
    registry.sign_up(email=EMAIL)
    registry.client.resend_confirmation_code(ClientId=registry.client_id, Username="alice")
    registry.confirm(registry.code(Purpose.SIGN_UP))

    with refused("InvalidParameterException", "User is already confirmed."):
        registry.client.resend_confirmation_code(ClientId=registry.client_id, Username="alice")


def test_without_auto_verification_only_an_administrator_confirms_and_nothing_is_verified(door: Door) -> None:
    cognito = Cognito(door)
    signed_up = cognito.sign_up(email=EMAIL)
    with refused("InvalidParameterException"):
        cognito.client.resend_confirmation_code(ClientId=cognito.client_id, Username="alice")

    cognito.admin("admin_confirm_sign_up", Username="alice")

    assert "CodeDeliveryDetails" not in signed_up
    assert "email_verified" not in claims_of(cognito.sign_in()["IdToken"])
    with refused("NotAuthorizedException", "User cannot be confirmed. Current status is CONFIRMED"):
        cognito.admin("admin_confirm_sign_up", Username="alice")


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("Short-1", "Password not long enough"),
        ("correct-horse-1", "Password must have uppercase characters"),
        ("CORRECT-HORSE-1", "Password must have lowercase characters"),
        ("Correct-Horse-x", "Password must have numeric characters"),
        ("CorrectHorse1", "Password must have symbol characters"),
    ],
)
def test_passwords_keep_to_the_policy_of_the_pool(door: Door, password: str, reason: str) -> None:
    registry = Registry(door)

    with refused("InvalidPasswordException", f"Password did not conform with policy: {reason}"):
        registry.client.sign_up(ClientId=registry.client_id, Username="alice", Password=password)


def test_required_attributes_must_be_there_at_sign_up(door: Door) -> None:
    registry = Registry(door, Schema=[{"Name": "email", "AttributeDataType": "String", "Required": True}])

    with refused(
        "InvalidParameterException", "Attributes did not conform to the schema: email: The attribute is required"
    ):
        registry.sign_up()


@pytest.mark.parametrize("taken", ["alice", "ALICE"])
def test_a_name_is_taken_once_in_any_case_unless_the_pool_minds_case(door: Door, taken: str) -> None:
    registry = Registry(door, UsernameConfiguration={"CaseSensitive": False})
    registry.create_user()

    with refused("UsernameExistsException", "User account already exists"):
        registry.sign_up(taken)


def test_a_name_is_free_again_after_its_user_is_deleted_but_the_user_is_another(door: Door) -> None:
    cognito = Cognito(door)
    first = cognito.sign_up()["UserSub"]
    cognito.admin("admin_delete_user", Username="alice")

    assert cognito.sign_up()["UserSub"] != first


def test_addresses_take_the_place_of_usernames(door: Door) -> None:
    registry = Registry(door, UsernameAttributes=["email"], UsernameConfiguration={"CaseSensitive": False})
    signed_up = registry.sign_up(EMAIL)
    registry.confirm(registry.code(Purpose.SIGN_UP, signed_up["UserSub"]), EMAIL)

    claims = claims_of(registry.sign_in("Alice@Example.com")["IdToken"])
    assert claims["cognito:username"] == claims["sub"] == signed_up["UserSub"]
    assert claims["email"] == EMAIL
    with refused("UsernameExistsException", "An account with the given email already exists."):
        registry.sign_up("ALICE@example.com")
    with refused("InvalidParameterException", "Username should be an email."):
        registry.sign_up("alice")


def test_an_alias_signs_in_only_once_it_is_verified_and_for_the_user_who_verified_it(door: Door) -> None:
    registry = Registry(door, AliasAttributes=["email"])
    registry.create_user("victim", email=EMAIL, email_verified="true")
    registry.sign_up("mallory", email=EMAIL)

    with refused("AliasExistsException", "An account with the email already exists."):
        registry.confirm(registry.code(Purpose.SIGN_UP, "mallory"), "mallory")
    assert claims_of(registry.sign_in(EMAIL)["IdToken"])["cognito:username"] == "victim"
    with refused("InvalidParameterException"):
        registry.sign_up("other@example.com")


def test_a_forced_alias_moves_to_whoever_has_the_code_and_the_other_loses_it(door: Door) -> None:
    registry = Registry(door, AliasAttributes=["email"])
    registry.create_user("victim", email=EMAIL, email_verified="true")
    registry.sign_up("mallory", email=EMAIL)

    registry.confirm(registry.code(Purpose.SIGN_UP, "mallory"), "mallory", ForceAliasCreation=True)

    assert claims_of(registry.sign_in(EMAIL)["IdToken"])["cognito:username"] == "mallory"
    assert registry.attributes("victim")["email_verified"] == "false"


@pytest.mark.parametrize("forced", [False, True])
def test_an_administrator_moves_an_alias_only_by_force(door: Door, forced: bool) -> None:  # noqa: FBT001  a table of cases
    registry = Registry(door, AliasAttributes=["email"])
    registry.create_user("first", email=EMAIL, email_verified="true")
    attributes = listed({"email": EMAIL, "email_verified": "true"})
    given = {"Username": "second", "MessageAction": "SUPPRESS", "UserAttributes": attributes}

    if forced:
        registry.admin("admin_create_user", ForceAliasCreation=True, **given)
        assert registry.attributes("first")["email_verified"] == "false"
    else:
        with refused("AliasExistsException"):
            registry.admin("admin_create_user", **given)


def test_aliases_and_username_attributes_exclude_each_other(door: Door) -> None:
    with refused("InvalidParameterException"):
        Cognito(door, AliasAttributes=["email"], UsernameAttributes=["email"])


def test_a_forgotten_password_is_replaced_with_a_code_that_lives_for_an_hour(door: Door) -> None:
    registry = Registry(door)
    registry.create_user(email=EMAIL, email_verified="true")

    delivered = registry.forgot()
    code = registry.code(Purpose.PASSWORD)
    with registry.clock.shifted(3601), refused("ExpiredCodeException", EXPIRED):
        registry.confirm_forgot(code)
    with refused("CodeMismatchException", MISMATCH):
        registry.confirm_forgot("wrong")
    with refused("InvalidPasswordException"):
        registry.confirm_forgot(code, "weak")
    registry.confirm_forgot(code)
    with refused("ExpiredCodeException", EXPIRED):
        registry.confirm_forgot(code)

    assert delivered["AttributeName"] == "email"
    assert registry.sign_in(password=NEWER)
    with refused("NotAuthorizedException", "Incorrect username or password."):
        registry.sign_in()


def test_a_code_for_signing_up_resets_no_password(door: Door) -> None:
    registry = Registry(door)
    registry.create_user(email=EMAIL, email_verified="true")
    token = registry.sign_in()["AccessToken"]
    registry.client.get_user_attribute_verification_code(AccessToken=token, AttributeName="email")

    with refused("ExpiredCodeException", EXPIRED):
        registry.confirm_forgot(registry.code(Purpose.ATTRIBUTE))


def test_a_password_is_reset_through_a_verified_address_only(door: Door) -> None:
    registry = Registry(door)
    registry.create_user(email=EMAIL)

    with refused(
        "InvalidParameterException",
        "Cannot reset password for the user as there is no registered/verified email or phone_number",
    ):
        registry.forgot()


def test_where_only_administrators_recover_accounts_users_do_not(door: Door) -> None:
    recovery = {"RecoveryMechanisms": [{"Name": "admin_only", "Priority": 1}]}
    registry = Registry(door, AccountRecoverySetting=recovery)
    registry.create_user(email=EMAIL, email_verified="true")

    with refused("NotAuthorizedException"):
        registry.forgot()


def test_a_verified_phone_number_would_get_a_text_message_which_is_refused_as_unknown(door: Door) -> None:
    registry = Registry(door)
    registry.create_user(email=EMAIL, email_verified="true", phone_number="+15550100", phone_number_verified="true")
    with not_derivable():
        registry.forgot()

    recovery = {"RecoveryMechanisms": [{"Name": "verified_email", "Priority": 1}]}
    registry.admin("update_user_pool", AccountRecoverySetting=recovery, AutoVerifiedAttributes=["email"])
    assert registry.forgot()["AttributeName"] == "email"


def test_a_hiding_client_tells_nothing_about_missing_users(door: Door) -> None:
    registry = Registry(door)
    for call in (registry.forgot, lambda: registry.confirm("1", "nobody"), lambda: registry.confirm_forgot("1")):
        with refused("UserNotFoundException", "User does not exist."):
            call()
    registry.client_id = registry.new_client(PreventUserExistenceErrors="ENABLED")

    assert set(registry.forgot("nobody")) == {"Destination", "DeliveryMedium", "AttributeName"}
    assert registry.client.resend_confirmation_code(ClientId=registry.client_id, Username="nobody")
    for call in (lambda: registry.confirm("1", "nobody"), lambda: registry.confirm_forgot("1")):
        with refused("ExpiredCodeException", EXPIRED):
            call()


def test_an_administrators_reset_closes_the_account_until_the_user_has_a_new_password(door: Door) -> None:
    registry = Registry(door)
    registry.create_user(email=EMAIL, email_verified="true")
    registry.admin("admin_reset_user_password", Username="alice")

    with refused("PasswordResetRequiredException", "Password reset required for the user"):
        registry.sign_in()
    registry.confirm_forgot(registry.code(Purpose.PASSWORD))

    assert registry.status() == "CONFIRMED"
    assert registry.sign_in(password=NEWER)


def test_invited_users_cannot_reset_what_they_never_chose(door: Door) -> None:
    registry = Registry(door)
    registry.admin(
        "admin_create_user",
        Username="alice",
        MessageAction="SUPPRESS",
        UserAttributes=listed({"email": EMAIL, "email_verified": "true"}),
    )

    with refused("NotAuthorizedException", "User password cannot be reset in the current state."):
        registry.forgot()
    with refused("NotAuthorizedException", "User password cannot be reset in the current state."):
        registry.admin("admin_reset_user_password", Username="alice")


def test_users_change_their_password_with_the_old_one(door: Door) -> None:
    cognito = Cognito(door)
    cognito.create_user()
    token = cognito.sign_in()["AccessToken"]

    with refused("NotAuthorizedException", "Incorrect username or password."):
        cognito.client.change_password(
            AccessToken=token, PreviousPassword="Wrong-Horse-1", ProposedPassword="Newer-Horse-1"
        )
    with refused("InvalidPasswordException"):
        cognito.client.change_password(AccessToken=token, PreviousPassword=PASSWORD, ProposedPassword="weakest")
    cognito.client.change_password(AccessToken=token, PreviousPassword=PASSWORD, ProposedPassword=NEWER)

    assert cognito.sign_in(password=NEWER)
    with refused("NotAuthorizedException", "Incorrect username or password."):
        cognito.sign_in()


def test_an_invitation_carries_the_temporary_password_and_can_be_sent_again(door: Door) -> None:
    cognito = Cognito(door)
    by_mail = {"Username": "alice", "DesiredDeliveryMediums": ["EMAIL"]}
    cognito.admin("admin_create_user", UserAttributes=listed({"email": EMAIL}), **by_mail)
    first = cognito.code(Purpose.INVITATION)
    cognito.admin("admin_create_user", MessageAction="RESEND", **by_mail)

    challenge = cognito.initiate(USERNAME="alice", PASSWORD=cognito.code(Purpose.INVITATION))
    assert challenge["ChallengeName"] == "NEW_PASSWORD_REQUIRED"
    with refused("NotAuthorizedException", "Incorrect username or password."):
        cognito.sign_in(password=first)
    cognito.admin("admin_set_user_password", Username="alice", Password=PASSWORD, Permanent=True)
    with refused("UnsupportedUserStateException"):
        cognito.admin("admin_create_user", MessageAction="RESEND", **by_mail)
    with refused("InvalidParameterException"):
        cognito.admin("admin_create_user", **{**by_mail, "Username": "bob"})


def test_mailboxes_are_forgotten_with_their_user(door: Door) -> None:
    registry = Registry(door)
    registry.sign_up(email=EMAIL)
    registry.admin("admin_delete_user", Username="alice")

    assert registry.pools.messages.last(registry.pool_id, "alice", Purpose.SIGN_UP) is None
