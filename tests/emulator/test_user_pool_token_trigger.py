"""What a pre token generation function sees and may change of the tokens (aws-semantics 4.5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from cognito import ACCOUNT, PASSWORD, Cognito, Triggered, answering, claims_of, echo, function_arn, refused

from harness.emulator.operations import accepting

if TYPE_CHECKING:
    from collections.abc import Mapping

    from doors import Door

ROLE = f"arn:aws:iam::{ACCOUNT}:role/"
SCOPE = "aws.cognito.signin.user.admin"


class Tokens(Triggered):
    """A pool with a pre token generation trigger, and alice with an attribute in two groups."""

    def __init__(self, door: Door, version: str) -> None:
        super().__init__(door, version, PreTokenGeneration=echo)
        self.details = "claimsOverrideDetails" if version == "V1_0" else "claimsAndScopeOverrideDetails"
        self.create_user(custom__org="acme", email="alice@example.com")
        for number in (0, 1):
            self.admin("create_group", GroupName=f"g{number}", RoleArn=f"{ROLE}r{number}", Precedence=number)
            self.admin("admin_add_user_to_group", GroupName=f"g{number}", Username="alice")

    def claims(self, details: Any = None, **more: Any) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
        """Return the claims of both tokens, made with the function's answer for this version of the event."""
        self.functions.handlers["PreTokenGeneration"] = answering({self.details: details, **more})
        tokens = self.sign_in()
        return claims_of(tokens["IdToken"]), claims_of(tokens["AccessToken"])


@pytest.fixture(scope="module")
def first(door: Door) -> Tokens:
    return Tokens(door, "V1_0")


@pytest.fixture(scope="module")
def second(door: Door) -> Tokens:
    return Tokens(door, "V2_0")


@pytest.mark.parametrize(("version", "number"), [("V1_0", "1"), ("V2_0", "2"), ("V3_0", "3")])
def test_the_token_event_shows_attributes_and_groups_and_from_version_two_on_scopes(
    door: Door, version: str, number: str
) -> None:
    cognito = Tokens(door, version)
    cognito.sign_in()

    event = cognito.last_event()
    assert (event["version"], event["triggerSource"]) == (number, "TokenGeneration_Authentication")
    assert event["request"]["userAttributes"]["custom:org"] == "acme"
    assert event["request"]["groupConfiguration"] == {
        "groupsToOverride": ["g0", "g1"],
        "iamRolesToOverride": [ROLE + "r0", ROLE + "r1"],
        "preferredRole": ROLE + "r0",
    }
    assert event["request"].get("scopes") == (None if version == "V1_0" else [SCOPE])


def test_an_empty_answer_changes_nothing(first: Tokens, second: Tokens) -> None:
    for cognito in (first, second):
        for id_claims, access_claims in (cognito.claims(None), cognito.claims({})):
            assert id_claims["custom:org"] == "acme"
            assert id_claims["cognito:preferred_role"] == ROLE + "r0"
            assert access_claims["cognito:groups"] == ["g0", "g1"]
            assert access_claims["scope"] == SCOPE


def test_version_one_changes_the_id_token_only(first: Tokens) -> None:
    changes = {"claimsToAddOrOverride": {"custom:org": "other", "tier": "gold"}, "claimsToSuppress": ["email", "tier"]}
    id_claims, access_claims = first.claims(changes)

    assert id_claims["custom:org"] == "other"
    assert not {"email", "tier"} & set(id_claims)
    assert "custom:org" not in access_claims


def test_version_two_changes_both_tokens_and_the_scopes(second: Tokens) -> None:
    added = {"tenant": "acme", "scope": "x"}
    changes = {
        "idTokenGeneration": {"claimsToAddOrOverride": {"tenants": ["a", {"b": 1}], "limit": 7}},
        "accessTokenGeneration": {"claimsToAddOrOverride": added, "scopesToAdd": ["orders/read"]},
    }
    id_claims, access_claims = second.claims(changes)

    assert (id_claims["tenants"], id_claims["limit"]) == (["a", {"b": 1}], 7)
    assert (access_claims["tenant"], access_claims["scope"]) == ("acme", f"{SCOPE} orders/read")
    assert "tenant" not in id_claims


def test_each_version_reads_its_own_member_of_the_answer_only(first: Tokens, second: Tokens) -> None:
    silver, gold = ({"claimsToAddOrOverride": {"tier": tier}} for tier in ("silver", "gold"))
    both: dict[str, Any] = {
        "claimsOverrideDetails": silver,
        "claimsAndScopeOverrideDetails": {"idTokenGeneration": gold},
    }

    assert first.claims(**both)[0]["tier"] == "silver"
    assert second.claims(**both)[0]["tier"] == "gold"


# The list of aws-semantics 4.5, and what the developer guide's table of claims adds to it.
UNCHANGEABLE = accepting(
    "acr amr aud at_hash auth_time azp cognito:username exp iat identities iss jti nbf nonce origin_jti sub token_use",
    "client_id username event_id device_key version cognito:groups cognito:roles cognito:preferred_role cognito:other",
)


def test_a_function_cannot_change_what_cognito_vouches_for(second: Tokens) -> None:
    added = {"claimsToAddOrOverride": dict.fromkeys(UNCHANGEABLE, "forged") | {"other": "added"}}

    for claims in second.claims({"idTokenGeneration": added, "accessTokenGeneration": added}):
        assert [name for name, value in claims.items() if value == "forged"] == []
        assert claims["other"] == "added"


def test_a_function_cannot_suppress_what_cognito_vouches_for(first: Tokens, second: Tokens) -> None:
    suppressed = {"claimsToSuppress": sorted(UNCHANGEABLE - {"cognito:groups"})}
    everything = {"idTokenGeneration": suppressed, "accessTokenGeneration": suppressed}

    for cognito, details in ((first, suppressed), (second, everything)):
        for plain, changed in zip(cognito.claims(), cognito.claims(details), strict=True):
            assert set(changed) == set(plain)


def test_an_access_token_gets_an_audience_only_of_its_own_client(second: Tokens) -> None:
    for audience, expected in ((second.client_id, second.client_id), ("another", None)):
        changes = {"accessTokenGeneration": {"claimsToAddOrOverride": {"aud": audience}}}
        assert second.claims(changes)[1].get("aud") == expected


GROUPS = {"groupsToOverride": ["g9"], "iamRolesToOverride": [ROLE + "r9"], "preferredRole": ROLE + "r9"}


@pytest.mark.parametrize("given", [GROUPS, {}, None], ids=["replaced", "empty", "null"])
def test_an_override_of_groups_reaches_both_tokens_and_an_empty_one_suppresses_them(
    first: Tokens, second: Tokens, given: dict[str, Any] | None
) -> None:
    expected = {"groups": ["g9"], "roles": [ROLE + "r9"], "preferred_role": ROLE + "r9"} if given else {}
    for cognito in (first, second):
        id_claims, access_claims = cognito.claims({"groupOverrideDetails": given})

        for name in ("groups", "roles", "preferred_role"):
            assert id_claims.get(f"cognito:{name}") == expected.get(name)
        assert access_claims.get("cognito:groups") == expected.get("groups")


def test_suppressing_the_groups_takes_the_roles_along_and_they_cannot_be_suppressed_alone(first: Tokens) -> None:
    whole, access_claims = first.claims({"claimsToSuppress": ["cognito:groups"]})
    alone, _ = first.claims({"claimsToSuppress": ["cognito:roles"]})

    assert [claim for claim in whole if claim.startswith("cognito:")] == ["cognito:username"]
    assert access_claims["cognito:groups"] == ["g0", "g1"]
    assert alone["cognito:roles"] == [ROLE + "r0", ROLE + "r1"]


@pytest.mark.parametrize(
    "details",
    [
        {"claimsToAddOrOverride": {"tenants": ["a"]}},
        {"claimsToAddOrOverride": {"limit": 7}},
        {"claimsToAddOrOverride": []},
        {"claimsToSuppress": "email"},
        {"groupOverrideDetails": {"groupsToOverride": "g"}},
        {"groupOverrideDetails": {"preferredRole": 1}},
    ],
)
def test_what_version_one_cannot_express_is_unrecognizable(first: Tokens, details: dict[str, Any]) -> None:
    with refused("InvalidLambdaResponseException", "Unrecognizable lambda output"):
        first.claims(details)


def _mirroring(event: dict[str, Any]) -> dict[str, Any]:
    metadata = event["request"].get("clientMetadata", {})
    claims = {"seen": metadata.get("tenant", "nothing"), "source": event["triggerSource"]}
    return {**event, "response": {"claimsOverrideDetails": {"claimsToAddOrOverride": claims}}}


def test_client_metadata_reaches_the_token_trigger_with_a_challenge_and_not_with_a_sign_in(door: Door) -> None:
    cognito = Triggered(door, PreTokenGeneration=_mirroring)
    cognito.create_user()
    cognito.admin("admin_set_user_password", Username="alice", Password="Temporary-1", Permanent=False)
    metadata = {"tenant": "victim"}
    challenge = cognito.initiate(USERNAME="alice", PASSWORD="Temporary-1")
    answered = cognito.client.respond_to_auth_challenge(
        ClientId=cognito.client_id,
        ChallengeName="NEW_PASSWORD_REQUIRED",
        Session=challenge["Session"],
        ChallengeResponses={"USERNAME": "alice", "NEW_PASSWORD": PASSWORD},
        ClientMetadata=metadata,
    )
    signed_in = cognito.client.initiate_auth(
        ClientId=cognito.client_id,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "alice", "PASSWORD": PASSWORD},
        ClientMetadata=metadata,
    )

    seen = [claims_of(answer["AuthenticationResult"]["IdToken"]) for answer in (answered, signed_in)]
    assert [claims["seen"] for claims in seen] == ["victim", "nothing"]
    assert [claims["source"] for claims in seen] == [
        "TokenGeneration_NewPasswordChallenge",
        "TokenGeneration_Authentication",
    ]


def test_the_token_trigger_runs_at_every_refresh(door: Door) -> None:
    cognito = Triggered(door, PreTokenGeneration=_mirroring)
    cognito.create_user()
    token = cognito.sign_in()["RefreshToken"]

    assert claims_of(cognito.refresh(token)["IdToken"])["source"] == "TokenGeneration_RefreshTokens"


def test_changing_access_tokens_needs_more_than_the_lite_tier(door: Door) -> None:
    config = {"PreTokenGenerationConfig": {"LambdaVersion": "V2_0", "LambdaArn": function_arn("f")}}

    with refused("FeatureUnavailableInTierException"):
        Cognito(door, LambdaConfig=config, UserPoolTier="LITE")
    assert Cognito(door, LambdaConfig=config, UserPoolTier="ESSENTIALS")


def test_both_settings_of_the_token_trigger_must_agree(door: Door) -> None:
    config = {"LambdaVersion": "V1_0", "LambdaArn": function_arn("f")}

    with refused("InvalidParameterException"):
        Cognito(door, LambdaConfig={"PreTokenGeneration": function_arn("g"), "PreTokenGenerationConfig": config})
