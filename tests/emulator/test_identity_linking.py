"""Whose an identity is: linking, merging, unlinking, developers' users and their tokens (section 3.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from cognito_aws import DEVELOPER, CognitoAws
from embedded_aws import Refusal, keys_of
from identity_services import claims_of

from harness.emulator.service import NOT_DERIVABLE

if TYPE_CHECKING:
    from embedded_aws import EmbeddedAws

COGNITO = "cognito-identity.amazonaws.com"
MISMATCH = Refusal(
    "NotAuthorizedException",
    400,
    "Logins don't match. Please include at least one valid login for this identity or identity pool.",
)


@pytest.fixture
def cognito(aws: EmbeddedAws) -> CognitoAws:
    cognito = CognitoAws(aws)
    cognito.set_roles(
        authenticated=aws.role("user", cognito.trust("sts:TagSession")),
        unauthenticated=aws.role("guest", cognito.trust(amr="unauthenticated")),
    )
    return cognito


def _sub(cognito: CognitoAws, answer: Any) -> str:
    return cognito.aws.context_of(keys_of(answer["Credentials"]))[f"{COGNITO}:sub"][0]


def _forbidden(identity: str) -> Refusal:
    return Refusal("NotAuthorizedException", 400, f"Access to Identity '{identity}' is forbidden.")


def _second_provider(cognito: CognitoAws) -> tuple[str, str]:
    """Return the provider name and client of a second user pool whose tokens the identity pool takes too."""
    pool, client = cognito.new_user_pool()
    provider = f"cognito-idp.us-east-1.amazonaws.com/{pool}"
    first = {"ProviderName": cognito.provider, "ClientId": cognito.client}
    cognito.update(CognitoIdentityProviders=[first, {"ProviderName": provider, "ClientId": client}])
    return provider, client


def test_3_1_a_second_providers_unknown_login_is_linked(cognito: CognitoAws) -> None:
    provider, client = _second_provider(cognito)
    alice = cognito.get_id(cognito.logins())
    second = {provider: cognito.tokens(client=client)["IdToken"]}

    assert cognito.get_id({**cognito.logins(), **second}) == alice
    assert cognito.get_id(second) == alice
    described = cognito.aws.do("cognito-identity", "DescribeIdentity", IdentityId=alice)
    assert set(described["Logins"]) == {cognito.provider, provider}


def test_3_1_logins_of_two_identities_merge_them_and_one_is_disabled(cognito: CognitoAws) -> None:
    provider, client = _second_provider(cognito)
    alice = cognito.get_id(cognito.logins())
    second = {provider: cognito.tokens(client=client)["IdToken"]}
    other = cognito.get_id(second)

    assert alice != other
    assert cognito.get_id({**cognito.logins(), **second}) == alice
    answer = cognito.public("GetCredentialsForIdentity", IdentityId=other, Logins=second)
    assert (answer["IdentityId"], _sub(cognito, answer)) == (alice, alice)
    assert cognito.refused("GetCredentialsForIdentity", IdentityId=other) == _forbidden(other)
    listed = cognito.do("ListIdentities", MaxResults=10, HideDisabled=True)["Identities"]
    assert [each["IdentityId"] for each in listed] == [alice]


def test_3_1_two_logins_of_one_provider_are_a_conflict(cognito: CognitoAws) -> None:
    provider, client = _second_provider(cognito)
    second = {provider: cognito.tokens(client=client)["IdToken"]}
    cognito.get_id({**cognito.logins(), **second})

    refusal = cognito.refused("GetId", IdentityPoolId=cognito.pool, Logins={**cognito.logins("bob"), **second})

    assert (refusal.code, refusal.status) == ("ResourceConflictException", 400)
    assert cognito.get_id(cognito.logins("bob")) != cognito.get_id(second)


def test_3_1_a_guests_identity_is_taken_over_by_the_first_login_that_names_it(cognito: CognitoAws) -> None:
    guest, alice = cognito.get_id(), cognito.get_id(cognito.logins())

    answer = cognito.public("GetCredentialsForIdentity", IdentityId=guest, Logins=cognito.logins())

    assert answer["IdentityId"] == _sub(cognito, answer) == guest
    assert cognito.get_id(cognito.logins()) == guest
    assert cognito.refused("GetCredentialsForIdentity", IdentityId=guest) == _forbidden(guest)
    assert cognito.refused("GetCredentialsForIdentity", IdentityId=guest, Logins=cognito.logins("bob")) == MISMATCH
    disabled = cognito.aws.do("cognito-identity", "DescribeIdentity", IdentityId=alice)
    assert disabled.get("Logins", []) == []


def test_3_1_an_unlinked_login_is_new_when_it_is_seen_again(cognito: CognitoAws) -> None:
    alice = cognito.get_id(cognito.logins())
    bobs = cognito.get_id(cognito.logins("bob"))
    unlink = {"IdentityId": alice, "LoginsToRemove": [cognito.provider]}

    assert bobs != alice
    assert cognito.refused("UnlinkIdentity", **unlink, Logins=cognito.logins("bob")) == MISMATCH
    cognito.public("UnlinkIdentity", **unlink, Logins=cognito.logins())
    assert cognito.refused("GetCredentialsForIdentity", IdentityId=alice) == _forbidden(alice)
    for user in ("alice", "bob"):
        logins = cognito.logins(user)
        assert cognito.refused("GetCredentialsForIdentity", IdentityId=alice, Logins=logins) == MISMATCH
    assert cognito.get_id(cognito.logins()) != alice


def test_an_administrator_deletes_identities(cognito: CognitoAws) -> None:
    alice = cognito.get_id(cognito.logins())

    cognito.aws.do("cognito-identity", "DeleteIdentities", IdentityIdsToDelete=[alice])

    assert cognito.refused("GetCredentialsForIdentity", IdentityId=alice, Logins=cognito.logins()) == Refusal(
        "ResourceNotFoundException", 400, f"Identity '{alice}' not found."
    )
    assert cognito.get_id(cognito.logins()) != alice


def test_3_1_a_developers_user_has_one_identity_and_a_token_for_fifteen_minutes(cognito: CognitoAws) -> None:
    identity, token = cognito.developer_token("carol", PrincipalTags={"org": "a"})
    again, _ = cognito.developer_token("carol")
    claims = claims_of(token)

    assert identity == again
    assert (claims["iss"], claims["aud"], claims["sub"]) == (f"https://{COGNITO}", cognito.pool, identity)
    assert claims["exp"] - claims["iat"] == 900
    assert claims["amr"][:2] == ["authenticated", DEVELOPER]
    answer = cognito.public("GetCredentialsForIdentity", IdentityId=identity, Logins={COGNITO: token})
    keys = cognito.aws.context_of(keys_of(answer["Credentials"]))
    assert keys[f"{COGNITO}:sub"] == (identity,)
    assert keys["aws:principaltag/org"] == ("a",)
    _, short = cognito.developer_token("carol", TokenDuration=60)
    assert claims_of(short)["exp"] - claims_of(short)["iat"] == 60


def test_3_7_a_developers_token_opens_its_own_identity_alone(cognito: CognitoAws) -> None:
    identity, token = cognito.developer_token("carol")
    alice, alices = cognito.get_id(cognito.logins()), cognito.logins()[cognito.provider]
    exchange = "GetCredentialsForIdentity"

    assert cognito.refused(exchange, IdentityId=alice, Logins={COGNITO: token}) == MISMATCH
    assert cognito.refused(exchange, IdentityId=identity, Logins={COGNITO: alices}).message == (
        "Invalid login token. Not a Cognito token."
    )
    forged = token.rpartition(".")[0] + "." + "A" * 342
    assert cognito.refused(exchange, IdentityId=identity, Logins={COGNITO: forged}).code == "NotAuthorizedException"
    assert cognito.refused("GetId", IdentityPoolId=cognito.pool, Logins={COGNITO: token}).message == (
        "Invalid login token. Can't pass in a Cognito token."
    )
    with cognito.aws.cloud.clock.shifted(901):
        message = cognito.refused(exchange, IdentityId=identity, Logins={COGNITO: token}).message
    assert message.startswith("Invalid login token. Token expired: ")


def test_developers_users_are_looked_up_merged_and_unlinked(cognito: CognitoAws) -> None:
    carol, _ = cognito.developer_token("carol")
    dave, _ = cognito.developer_token("dave")
    found = cognito.do("LookupDeveloperIdentity", DeveloperUserIdentifier="carol")

    assert (found["IdentityId"], found["DeveloperUserIdentifierList"]) == (carol, ["carol"])
    refused = cognito.aws.refused(
        "cognito-identity",
        "LookupDeveloperIdentity",
        IdentityPoolId=cognito.pool,
        IdentityId=dave,
        DeveloperUserIdentifier="carol",
    )
    assert refused.code == "ResourceConflictException"
    merged = cognito.do(
        "MergeDeveloperIdentities",
        SourceUserIdentifier="carol",
        DestinationUserIdentifier="dave",
        DeveloperProviderName=DEVELOPER,
    )
    assert merged["IdentityId"] == dave
    assert cognito.developer_token("carol")[0] == dave
    both = cognito.do("LookupDeveloperIdentity", IdentityId=dave)["DeveloperUserIdentifierList"]
    assert both == ["dave", "carol"]
    cognito.do(
        "UnlinkDeveloperIdentity", IdentityId=dave, DeveloperProviderName=DEVELOPER, DeveloperUserIdentifier="carol"
    )
    assert cognito.developer_token("carol")[0] not in {carol, dave}


def test_3_7_a_developers_user_belongs_to_one_identity(cognito: CognitoAws) -> None:
    cognito.developer_token("carol")
    alice = cognito.get_id(cognito.logins())

    assert cognito.developer_token("dave", IdentityId=alice)[0] == alice
    refusal = cognito.aws.refused(
        "cognito-identity",
        "GetOpenIdTokenForDeveloperIdentity",
        IdentityPoolId=cognito.pool,
        IdentityId=alice,
        Logins={DEVELOPER: "carol"},
    )
    assert (refusal.code, refusal.status) == ("DeveloperUserAlreadyRegisteredException", 400)


def test_a_developers_token_needs_permission_and_the_pools_provider(cognito: CognitoAws) -> None:
    request = {"IdentityPoolId": cognito.pool, "Logins": {DEVELOPER: "carol"}}
    nobody = cognito.aws.user("nobody")

    denied = cognito.aws.refusal(nobody, "cognito-identity", "GetOpenIdTokenForDeveloperIdentity", **request)
    assert (denied.code, denied.status) == ("AccessDeniedException", 400)
    assert denied.message.endswith(
        f"on resource: arn:aws:cognito-identity:us-east-1:{cognito.aws.account}:identitypool/{cognito.pool} because no "
        "identity-based policy allows the cognito-identity:GetOpenIdTokenForDeveloperIdentity action"
    )
    other = {**request, "Logins": {"login.other.org": "carol"}}
    assert cognito.aws.refused("cognito-identity", "GetOpenIdTokenForDeveloperIdentity", **other).code == (
        "InvalidParameterException"
    )


@pytest.mark.parametrize(
    "settings",
    [
        {"SupportedLoginProviders": {"accounts.google.com": "client"}},
        {"SamlProviderARNs": ["arn:aws:iam::123456789012:saml-provider/s"]},
    ],
)
def test_providers_outside_this_cloud_are_refused_as_not_derivable(
    cognito: CognitoAws, settings: dict[str, Any]
) -> None:
    given = {"IdentityPoolName": "p", "AllowUnauthenticatedIdentities": False, **settings}

    assert cognito.aws.refused("cognito-identity", "CreateIdentityPool", **given).code == NOT_DERIVABLE


def test_an_oidc_provider_of_iam_brings_logins_of_its_clients_alone(cognito: CognitoAws) -> None:
    pool, client = cognito.new_user_pool()
    provider = f"cognito-idp.us-east-1.amazonaws.com/{pool}"
    arn = cognito.aws.iam("CreateOpenIDConnectProvider", Url=f"https://{provider}", ClientIDList=[client])
    cognito.update(OpenIdConnectProviderARNs=[arn["OpenIDConnectProviderArn"]])
    logins = {provider: cognito.tokens(client=client)["IdToken"]}

    identity = cognito.get_id(logins)
    answer = cognito.public("GetCredentialsForIdentity", IdentityId=identity, Logins=logins)
    assert cognito.aws.context_of(keys_of(answer["Credentials"]))[f"{COGNITO}:amr"][:2] == ("authenticated", provider)
    cognito.aws.iam(
        "RemoveClientIDFromOpenIDConnectProvider",
        OpenIDConnectProviderArn=arn["OpenIDConnectProviderArn"],
        ClientID=client,
    )
    assert cognito.refused("GetId", IdentityPoolId=cognito.pool, Logins=logins).message == (
        "Token is not from a supported provider of this identity pool."
    )


def test_identity_pools_are_tagged(cognito: CognitoAws) -> None:
    arn = f"arn:aws:cognito-identity:us-east-1:{cognito.aws.account}:identitypool/{cognito.pool}"
    do = cognito.aws.do

    do("cognito-identity", "TagResource", ResourceArn=arn, Tags={"tenant": "a", "colour": "red"})
    do("cognito-identity", "UntagResource", ResourceArn=arn, TagKeys=["colour"])
    assert do("cognito-identity", "ListTagsForResource", ResourceArn=arn)["Tags"] == {"tenant": "a"}
