"""What Lambda triggers see, may change and may stop: aws-semantics 4.5."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from cognito import (
    ACCOUNT,
    PASSWORD,
    REGION,
    Cognito,
    Triggered,
    answering,
    claims_of,
    echo,
    failing,
    function_arn,
    listed,
    not_derivable,
    refused,
)

from harness.emulator.clock import Clock
from harness.emulator.service import Call, NotDerivableError
from harness.emulator.user_pools.functions_port import FunctionFailedError, FunctionTimedOutError
from harness.emulator.user_pools.messages import Purpose
from harness.emulator.user_pools.service import UserPools

if TYPE_CHECKING:
    from doors import Door

# --- Pre sign-up ------------------------------------------------------------------------------------------------------


def test_pre_sign_up_sees_the_request_and_lets_it_pass(door: Door) -> None:
    cognito = Triggered(door, PreSignUp=echo)
    cognito.client.sign_up(
        ClientId=cognito.client_id,
        Username="alice",
        Password=PASSWORD,
        UserAttributes=listed({"custom:org": "acme"}),
        ValidationData=[{"Name": "invitation", "Value": "42"}],
        ClientMetadata={"from": "app"},
    )

    event = cognito.last_event()
    assert event["triggerSource"] == "PreSignUp_SignUp"
    assert (event["version"], event["region"], event["userPoolId"]) == ("1", REGION, cognito.pool_id)
    assert (event["userName"], event["callerContext"]["clientId"]) == ("alice", cognito.client_id)
    assert event["request"] == {
        "userAttributes": {"custom:org": "acme"},
        "validationData": {"invitation": "42"},
        "clientMetadata": {"from": "app"},
    }
    assert event["response"] == {"autoConfirmUser": False, "autoVerifyEmail": False, "autoVerifyPhone": False}
    pool_arn = f"arn:aws:cognito-idp:{REGION}:{ACCOUNT}:userpool/{cognito.pool_id}"
    assert cognito.functions.callers[-1] == (pool_arn, "cognito-idp.amazonaws.com")


def test_pre_sign_up_that_confirms_and_verifies_lets_anybody_in_with_any_address(door: Door) -> None:
    cognito = Triggered(door, PreSignUp=answering({"autoConfirmUser": True, "autoVerifyEmail": True}))

    signed_up = cognito.sign_up(email="attacker@victim.example")

    assert signed_up["UserConfirmed"] is True
    assert claims_of(cognito.sign_in()["IdToken"])["email_verified"] is True
    with refused("InvalidLambdaResponseException"):
        cognito.sign_up("bob")


def test_pre_sign_up_that_verifies_takes_an_alias_away_from_whoever_had_it(door: Door) -> None:
    cognito = Triggered(door, PreSignUp=answering({"autoConfirmUser": True, "autoVerifyEmail": True}))
    settings = {"LambdaConfig": {"PreSignUp": function_arn("PreSignUp")}, "AliasAttributes": ["email"]}
    cognito.pool_id = cognito.new_pool(**settings)
    cognito.client_id = cognito.new_client()
    cognito.create_user("victim", email="boss@example.com", email_verified="true")
    cognito.sign_up("mallory", email="boss@example.com")

    assert claims_of(cognito.sign_in("boss@example.com")["IdToken"])["cognito:username"] == "mallory"
    assert cognito.attributes("victim")["email_verified"] == "false"


def test_pre_sign_up_sets_no_attributes(door: Door) -> None:
    def meddling(event: dict[str, Any]) -> dict[str, Any]:
        event["request"]["userAttributes"]["custom:org"] = "victim"
        event["userName"] = "bob"
        return event

    cognito = Triggered(door, PreSignUp=meddling)
    cognito.sign_up(custom__org="acme")

    assert cognito.attributes()["custom:org"] == "acme"


def test_pre_sign_up_stops_a_user_in_the_functions_own_words_and_nothing_is_left_behind(door: Door) -> None:
    cognito = Triggered(door, PreSignUp=failing(FunctionFailedError("not invited")))

    with refused("UserLambdaValidationException", "PreSignUp failed with error not invited."):
        cognito.sign_up()
    with refused("UserLambdaValidationException", "PreSignUp failed with error not invited."):
        cognito.create_user()

    assert cognito.admin("list_users")["Users"] == []


def test_what_pre_sign_up_answers_to_an_administrator_counts_for_nothing(door: Door) -> None:
    cognito = Triggered(door, PreSignUp=answering({"autoConfirmUser": True, "autoVerifyEmail": True}))

    cognito.admin("admin_create_user", Username="alice", MessageAction="SUPPRESS")

    assert cognito.last_event()["triggerSource"] == "PreSignUp_AdminCreateUser"
    user = cognito.admin("admin_get_user", Username="alice")
    assert user["UserStatus"] == "FORCE_CHANGE_PASSWORD"
    assert "email_verified" not in cognito.attributes()


def test_a_name_taken_while_pre_sign_up_ran_stays_taken(door: Door) -> None:
    cognito = Triggered(door, PreSignUp=echo)

    def registering_too(event: dict[str, Any]) -> dict[str, Any]:
        cognito.functions.handlers["PreSignUp"] = echo
        cognito.sign_up(custom__org="first")
        return event

    cognito.functions.handlers["PreSignUp"] = registering_too
    with refused("UsernameExistsException"):
        cognito.sign_up(custom__org="second")

    assert cognito.attributes()["custom:org"] == "first"


# --- Post confirmation ------------------------------------------------------------------------------------------------


def test_post_confirmation_writes_mutable_attributes_of_the_user_and_no_immutable_ones(door: Door) -> None:
    refusals: list[Any] = []
    cognito = Triggered(door, PostConfirmation=echo)

    def provisioning(event: dict[str, Any]) -> dict[str, Any]:
        for attribute in ("custom:org", "custom:tenant"):
            written = listed({attribute: "acme"})
            try:
                cognito.admin("admin_update_user_attributes", Username=event["userName"], UserAttributes=written)
            except cognito.client.exceptions.InvalidParameterException as error:
                refusals.append(error)
        return event

    cognito.functions.handlers["PostConfirmation"] = provisioning
    cognito.sign_up(email="alice@example.com")
    cognito.client.confirm_sign_up(
        ClientId=cognito.client_id, Username="alice", ConfirmationCode=cognito.code(Purpose.SIGN_UP)
    )

    event, claims = cognito.last_event(), claims_of(cognito.sign_in()["IdToken"])
    assert event["triggerSource"] == "PostConfirmation_ConfirmSignUp"
    assert event["request"]["userAttributes"]["cognito:user_status"] == "CONFIRMED"
    assert claims["custom:org"] == "acme"
    assert "custom:tenant" not in claims
    (refusal,) = refusals
    assert refusal.response["Error"]["Message"] == "user.custom:tenant: Attribute cannot be updated.\n"


def test_post_confirmation_that_fails_tells_the_user_who_is_confirmed_all_the_same(door: Door) -> None:
    cognito = Triggered(door, PostConfirmation=failing(FunctionFailedError("no table")))
    cognito.sign_up()

    with refused("UserLambdaValidationException", "PostConfirmation failed with error no table."):
        cognito.admin("admin_confirm_sign_up", Username="alice")

    assert cognito.sign_in()


def test_post_confirmation_runs_for_forgotten_passwords_and_not_for_administrators_users(door: Door) -> None:
    cognito = Triggered(door, PostConfirmation=echo)
    cognito.create_user(email="alice@example.com", email_verified="true")
    assert cognito.functions.events == []
    cognito.client.forgot_password(ClientId=cognito.client_id, Username="alice")

    cognito.client.confirm_forgot_password(
        ClientId=cognito.client_id,
        Username="alice",
        ConfirmationCode=cognito.code(Purpose.PASSWORD),
        Password="Newer-Horse-1",
        ClientMetadata={"from": "app"},
    )

    assert cognito.last_event()["triggerSource"] == "PostConfirmation_ConfirmForgotPassword"
    assert cognito.last_event()["request"]["clientMetadata"] == {"from": "app"}


# --- Authentication ---------------------------------------------------------------------------------------------------


def test_pre_authentication_sees_who_tries_and_post_authentication_who_got_in(door: Door) -> None:
    cognito = Triggered(door, PreAuthentication=echo, PostAuthentication=echo)
    cognito.create_user()
    cognito.client.initiate_auth(
        ClientId=cognito.client_id,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "alice", "PASSWORD": PASSWORD},
        ClientMetadata={"from": "app"},
    )

    before, after = cognito.functions.events
    assert before["triggerSource"] == "PreAuthentication_Authentication"
    assert before["request"]["validationData"] == {"from": "app"}
    assert after["triggerSource"] == "PostAuthentication_Authentication"
    assert after["request"]["newDeviceUsed"] is False
    assert "clientMetadata" not in after["request"]
    with refused("NotAuthorizedException", "Incorrect username or password."):
        cognito.sign_in(password="Wrong-Horse-1")
    assert [event["triggerSource"] for event in cognito.functions.events[2:]] == ["PreAuthentication_Authentication"]


@pytest.mark.parametrize("trigger", ["PreAuthentication", "PostAuthentication"])
def test_a_trigger_around_authentication_keeps_the_user_out(door: Door, trigger: str) -> None:
    handlers: dict[str, Any] = {trigger: failing(FunctionFailedError("closed"))}
    cognito = Triggered(door, **handlers)
    cognito.create_user()

    with refused("UserLambdaValidationException", f"{trigger} failed with error closed."):
        cognito.sign_in()


def test_pre_authentication_hears_of_missing_users_where_the_client_hides_them(door: Door) -> None:
    cognito = Triggered(door, PreAuthentication=echo)
    with refused("UserNotFoundException"):
        cognito.sign_in("nobody")
    assert cognito.functions.events == []
    cognito.client_id = cognito.new_client(PreventUserExistenceErrors="ENABLED")

    with refused("NotAuthorizedException", "Incorrect username or password."):
        cognito.sign_in("nobody")

    assert cognito.last_event()["request"] == {"userAttributes": {}, "userNotFound": True}


@pytest.mark.parametrize("trigger", ["PreAuthentication", "PostAuthentication", "PreTokenGeneration"])
@pytest.mark.parametrize(
    ("operation", "code"),
    [("admin_delete_user", "UserNotFoundException"), ("admin_disable_user", "NotAuthorizedException")],
)
def test_a_user_who_is_gone_when_the_trigger_returns_gets_no_tokens(
    door: Door, trigger: str, operation: str, code: str
) -> None:
    handlers: dict[str, Any] = {trigger: echo}
    cognito = Triggered(door, **handlers)
    cognito.create_user()

    def removing(event: dict[str, Any]) -> dict[str, Any]:
        cognito.admin(operation, Username="alice")
        return {**event, "response": {}}

    cognito.functions.handlers[trigger] = removing
    expected = "NotAuthorizedException" if trigger == "PreAuthentication" else code
    with refused(expected):
        cognito.sign_in()


def test_a_user_signed_out_while_the_token_trigger_ran_gets_no_refreshed_tokens(door: Door) -> None:
    cognito = Triggered(door, PreTokenGeneration=answering({}))
    cognito.create_user()
    token = cognito.sign_in()["RefreshToken"]

    def signing_out(_: dict[str, Any]) -> dict[str, Any]:
        cognito.admin("admin_user_global_sign_out", Username="alice")
        return {"response": {}}

    cognito.functions.handlers["PreTokenGeneration"] = signing_out
    with refused("NotAuthorizedException", "Refresh Token has been revoked"):
        cognito.refresh(token)


# --- Failures ---------------------------------------------------------------------------------------------------------


def test_a_function_that_cannot_be_invoked_is_a_denied_invocation(door: Door) -> None:
    cognito = Triggered(door, PreSignUp=echo)
    cognito.functions.handlers.clear()

    with refused("UnexpectedLambdaException", "PreSignUp invocation failed due to error AccessDeniedException."):
        cognito.sign_up()


def test_a_function_that_does_not_answer_is_called_three_times(door: Door) -> None:
    cognito = Triggered(door, PreSignUp=failing(FunctionTimedOutError()))

    with refused("UnexpectedLambdaException"):
        cognito.sign_up()

    assert len(cognito.functions.events) == 3


@pytest.mark.parametrize(
    "handler",
    [
        lambda _: None,
        lambda _: {},
        lambda event: {**event, "response": None},
        lambda event: {**event, "response": []},
        answering({"autoConfirmUser": "yes"}),
    ],
    ids=["no object", "no response", "null", "list", "text for a flag"],
)
def test_an_answer_that_is_not_the_event_is_unrecognizable(door: Door, handler: Any) -> None:
    with refused("InvalidLambdaResponseException", "Unrecognizable lambda output"):
        Triggered(door, PreSignUp=handler).sign_up()


def test_where_nothing_runs_functions_a_pool_with_triggers_is_refused_as_unknown() -> None:
    pools = UserPools(Clock(), REGION, ACCOUNT, lambda *_: None)
    call = Call("CreateUserPool", {"PoolName": "p", "LambdaConfig": {"PreSignUp": function_arn("f")}}, None)

    with pytest.raises(NotDerivableError):
        pools._create(call)


@pytest.mark.parametrize("trigger", ["CustomMessage", "UserMigration", "DefineAuthChallenge", "KMSKeyID"])
def test_triggers_that_are_not_implemented_are_refused_as_unknown(door: Door, trigger: str) -> None:
    with not_derivable():
        Cognito(door, LambdaConfig={trigger: function_arn("f")})
