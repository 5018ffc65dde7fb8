"""The classic flow and AssumeRoleWithWebIdentity: clients pick a role, its trust decides (sections 3.4, 3.5, 5.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from cognito_aws import CognitoAws
from embedded_aws import Refusal, allow, document, keys_of, trusting
from identity_services import claims_of

if TYPE_CHECKING:
    from embedded_aws import EmbeddedAws

COGNITO = "cognito-identity.amazonaws.com"
OTHER = "999999999999"
NOT_TRUSTED = Refusal("AccessDenied", 403, "Not authorized to perform sts:AssumeRoleWithWebIdentity")


@pytest.fixture
def cognito(aws: EmbeddedAws) -> CognitoAws:
    return CognitoAws(aws)


@pytest.mark.parametrize(
    ("settings", "refusal"),
    [
        ({"AllowClassicFlow": True}, None),
        ({}, None),
        ({"AllowClassicFlow": False}, "Basic (classic) flow is not enabled, please use enhanced flow."),
    ],
)
@pytest.mark.parametrize("guest", [True, False])
def test_3_5_a_token_is_issued_unless_the_classic_flow_is_off(
    aws: EmbeddedAws,
    settings: dict[str, Any],
    refusal: str | None,
    guest: bool,  # noqa: FBT001  a table of cases
) -> None:
    cognito = CognitoAws(aws, **settings)
    params: dict[str, Any] = {} if guest else {"Logins": cognito.logins()}
    identity = cognito.get_id(params.get("Logins"))

    if refusal is None:
        assert cognito.public("GetOpenIdToken", IdentityId=identity, **params)["IdentityId"] == identity
    else:
        assert cognito.refused("GetOpenIdToken", IdentityId=identity, **params) == Refusal(
            "InvalidParameterException", 400, refusal
        )


def test_3_5_role_mappings_block_the_classic_flow(cognito: CognitoAws) -> None:
    mapping = {"Type": "Token", "AmbiguousRoleResolution": "Deny"}
    cognito.do("SetIdentityPoolRoles", Roles={}, RoleMappings={f"{cognito.provider}:{cognito.client}": mapping})

    assert cognito.refused("GetOpenIdToken", IdentityId=cognito.get_id()) == Refusal(
        "InvalidParameterException",
        400,
        "Basic (classic) flow is not supported with RoleMappings, please use enhanced flow.",
    )


def test_3_1_the_token_lives_ten_minutes_and_says_whose_it_is(cognito: CognitoAws) -> None:
    logins = cognito.logins()
    alice = cognito.get_id(logins)

    claims = claims_of(cognito.open_id_token(alice, logins))
    guest = claims_of(cognito.open_id_token(cognito.get_id()))

    assert claims["exp"] - claims["iat"] == 600
    assert (claims["iss"], claims["aud"], claims["sub"]) == (f"https://{COGNITO}", cognito.pool, alice)
    sub = claims_of(logins[cognito.provider])["sub"]
    assert claims["amr"] == ["authenticated", cognito.provider, f"{cognito.provider}:CognitoSignIn:{sub}"]
    assert guest["amr"] == ["unauthenticated"]


def test_3_7_a_token_needs_the_logins_of_its_identity(cognito: CognitoAws) -> None:
    alice = cognito.get_id(cognito.logins())

    assert cognito.refused("GetOpenIdToken", IdentityId=alice).message == f"Access to Identity '{alice}' is forbidden."
    refusal = cognito.refused("GetOpenIdToken", IdentityId=alice, Logins=cognito.logins("bob"))
    assert refusal.message.startswith("Logins don't match.")
    guest = cognito.get_id()
    cognito.update(AllowUnauthenticatedIdentities=False)
    assert cognito.refused("GetOpenIdToken", IdentityId=guest).message == (
        "Unauthenticated access is not supported for this identity pool."
    )


@pytest.mark.parametrize(
    ("trust", "guest", "trusted"),
    [
        ({}, False, True),
        ({}, True, False),
        ({"amr": "unauthenticated"}, True, True),
        ({"amr": None}, True, True),
        ({"aud": "us-east-1:00000000-0000-0000-0000-000000000000"}, False, False),
        ({"aud": None}, False, True),
    ],
)
def test_3_4_the_trust_policy_decides_for_whichever_role_the_client_picks(
    cognito: CognitoAws,
    trust: dict[str, Any],
    guest: bool,  # noqa: FBT001  a table of cases
    trusted: bool,  # noqa: FBT001  as above
) -> None:
    logins = None if guest else cognito.logins()
    identity = cognito.get_id(logins)
    token = cognito.open_id_token(identity, logins)
    role = cognito.aws.role("picked", cognito.trust(**trust))

    if not trusted:
        assert cognito.exchange_refused(token, role) == NOT_TRUSTED
        return
    answer = cognito.exchange(token, role)
    keys = cognito.aws.context_of(keys_of(answer["Credentials"]))
    assert (answer["SubjectFromWebIdentityToken"], answer["Audience"], answer["Provider"]) == (
        identity,
        cognito.pool,
        COGNITO,
    )
    assert answer["AssumedRoleUser"]["Arn"].endswith(":assumed-role/picked/client-chosen")
    assert keys[f"{COGNITO}:sub"] == (identity,)
    assert keys["aws:federatedprovider"] == (COGNITO,)


def test_5_2_a_role_of_another_account_may_trust_the_pool_too(cognito: CognitoAws) -> None:
    token = cognito.open_id_token(cognito.get_id())
    owner = cognito.aws.in_account(OTHER)
    trust = document(cognito.trust(amr="unauthenticated"))
    role = cognito.aws.call(owner, "iam", "CreateRole", RoleName="r", AssumeRolePolicyDocument=trust)["Role"]["Arn"]

    session = cognito.session(token, role)

    assert cognito.aws.call(session, "sts", "GetCallerIdentity")["Account"] == OTHER
    missing = role.replace("/r", "/missing")
    assert cognito.exchange_refused(token, missing) == NOT_TRUSTED


def test_5_2_the_callers_choice_of_a_session_policy_is_no_control(cognito: CognitoAws) -> None:
    token = cognito.open_id_token(cognito.get_id())
    role = cognito.aws.role("wide", cognito.trust(amr="unauthenticated"), allow("iam:*"))
    narrow = document(allow("iam:ListUsers"))

    assert cognito.aws.may(cognito.session(token, role), "iam", "ListRoles")
    assert not cognito.aws.may(cognito.session(token, role, Policy=narrow), "iam", "ListRoles")


def test_3_6_the_scope_down_of_guests_is_the_enhanced_flows_alone(cognito: CognitoAws) -> None:
    role = cognito.aws.role("guest", cognito.trust(amr="unauthenticated"), allow("iam:*", "dynamodb:*"))
    cognito.set_roles(unauthenticated=role)
    guest = cognito.get_id()

    enhanced = keys_of(cognito.public("GetCredentialsForIdentity", IdentityId=guest)["Credentials"])
    classic = cognito.session(cognito.open_id_token(guest), role)

    refusal = cognito.aws.refusal(enhanced, "iam", "ListRoles")
    assert refusal.message.endswith("because no session policy allows the iam:ListRoles action")
    assert cognito.aws.may(enhanced, "dynamodb", "ListTables")
    assert cognito.aws.may(classic, "iam", "ListRoles")


def test_3_3_the_token_carries_tags_that_the_trust_policy_must_let_in(cognito: CognitoAws) -> None:
    cognito.do("SetPrincipalTagAttributeMap", IdentityProviderName=cognito.provider, UseDefaults=True)
    logins = cognito.logins()
    token = cognito.open_id_token(cognito.get_id(logins), logins)
    silent = cognito.aws.role("silent", cognito.trust())
    allowing = cognito.aws.role("allowing", cognito.trust("sts:TagSession"))

    claim = claims_of(token)["https://aws.amazon.com/tags"]["principal_tags"]
    assert claim == {"client": [cognito.client], "username": [claims_of(logins[cognito.provider])["sub"]]}
    assert cognito.exchange_refused(token, silent).message == "Not authorized to perform sts:TagSession"
    assert cognito.aws.context_of(cognito.session(token, allowing))["aws:principaltag/client"] == (cognito.client,)


def test_3_4_keys_of_the_token_end_with_role_chaining(cognito: CognitoAws) -> None:
    token = cognito.open_id_token(cognito.get_id())
    trust = cognito.trust(amr="unauthenticated")
    first = cognito.aws.role("first", trust, allow("sts:AssumeRole"))
    second = cognito.aws.role("second", trusting(first))

    keys = cognito.aws.context_of(cognito.aws.assume(second, cognito.session(token, first)))

    assert not [key for key in keys if key.startswith(COGNITO)]


def test_5_1_the_roles_own_maximum_limits_the_client(cognito: CognitoAws) -> None:
    token = cognito.open_id_token(cognito.get_id())
    role = cognito.aws.role("r", cognito.trust(amr="unauthenticated"), MaxSessionDuration=7200)

    assert cognito.exchange(token, role, DurationSeconds=7200)
    assert cognito.exchange_refused(token, role, DurationSeconds=7201).message == (
        "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
    )


def _federated(cognito: CognitoAws, provider_arn: str, **condition: str) -> dict[str, Any]:
    """Return the trust in an OIDC provider, on conditions about the keys of its tokens."""
    keys = {f"{cognito.provider}:{name}": value for name, value in condition.items()}
    return {
        "Effect": "Allow",
        "Principal": {"Federated": provider_arn},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringEquals": keys},
    }


def test_5_2_a_user_pool_token_needs_an_oidc_provider_for_its_issuer(cognito: CognitoAws) -> None:
    tokens = cognito.tokens()
    url = f"https://{cognito.provider}"
    sub = claims_of(tokens["IdToken"])["sub"]
    arn = f"arn:aws:iam::{cognito.aws.account}:oidc-provider/{cognito.provider}"
    own = cognito.aws.role("own", _federated(cognito, arn, aud=cognito.client, sub=sub))
    others = cognito.aws.role("others", _federated(cognito, arn, sub="somebody"))

    assert cognito.exchange_refused(tokens["IdToken"], own) == Refusal(
        "InvalidIdentityToken", 400, f"No OpenIDConnect provider found in your account for {url}"
    )
    cognito.aws.iam("CreateOpenIDConnectProvider", Url=url, ClientIDList=["another"])
    refusal = cognito.exchange_refused(tokens["IdToken"], own)
    assert refusal == Refusal("InvalidIdentityToken", 400, "Incorrect token audience")
    cognito.aws.iam("AddClientIDToOpenIDConnectProvider", OpenIDConnectProviderArn=arn, ClientID=cognito.client)
    answer = cognito.exchange(tokens["IdToken"], own)
    keys = cognito.aws.context_of(keys_of(answer["Credentials"]))
    assert (answer["Provider"], keys["aws:federatedprovider"]) == (url, (arn,))
    assert cognito.exchange_refused(tokens["IdToken"], others) == NOT_TRUSTED


@pytest.mark.parametrize("token", ["no.jwt", "x" * 40, "access"])
def test_5_3_what_is_no_id_token_is_refused(cognito: CognitoAws, token: str) -> None:
    role = cognito.aws.role("r", cognito.trust())
    sent = cognito.tokens()["AccessToken"] if token == "access" else token

    assert cognito.exchange_refused(sent, role) == Refusal(
        "InvalidIdentityToken",
        400,
        "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)",
    )


def test_5_3_forged_and_expired_tokens_are_refused(cognito: CognitoAws) -> None:
    token = cognito.open_id_token(cognito.get_id())
    role = cognito.aws.role("r", cognito.trust(amr="unauthenticated"))
    forged = token.rpartition(".")[0] + "." + "A" * 342

    assert cognito.exchange_refused(forged, role).code == "InvalidIdentityToken"
    with cognito.aws.cloud.clock.shifted(601):
        refusal = cognito.exchange_refused(token, role)
    assert (refusal.code, refusal.status) == ("ExpiredTokenException", 400)
    assert refusal.message.startswith("Token expired: current date/time ")


def test_5_3_a_user_pool_that_is_gone_cannot_be_asked(cognito: CognitoAws) -> None:
    token = cognito.tokens()["IdToken"]
    cognito.aws.iam("CreateOpenIDConnectProvider", Url=f"https://{cognito.provider}", ClientIDList=[cognito.client])
    cognito.aws.do("cognito-idp", "DeleteUserPool", UserPoolId=cognito.user_pool)

    assert cognito.exchange_refused(token, cognito.aws.role("r", cognito.trust())).code == "IDPCommunicationError"
