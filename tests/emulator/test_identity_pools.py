from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from identity_services import ACCOUNT, REGION, IdentityServices, claims_of, cognito_trust, document, provider_name

from harness.emulator.faults import Fault
from harness.emulator.identity_pools.guest_session import guest_session_policies
from harness.emulator.principals import root_of
from harness.emulator.service import Call, NotDerivableError, ServiceError
from harness.policy import Outcome, PolicyKind, PolicySet, Request, decide, parse_policy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from doors import Door

    from harness.emulator.principals import Principal

BAD_CONFIGURATION = "Invalid identity pool configuration. Check assigned IAM roles for this pool."
MISMATCH = "Logins don't match. Please include at least one valid login for this identity or identity pool."


class Exchange:
    """A user pool with alice and bob, and an identity pool that takes its tokens, with a role for each kind."""

    def __init__(self, door: Door, *faults: Fault, guests: bool = True, check: bool = False) -> None:
        self.services = IdentityServices(door, *faults)
        self.user_pool_id = self.services.new_user_pool()
        self.client_id = self.services.new_client(self.user_pool_id)
        for username in ("alice", "bob"):
            self.services.new_user(self.user_pool_id, username)
        self.provider = provider_name(self.user_pool_id)
        self.mapping_key = f"{self.provider}:{self.client_id}"
        self.settings: dict[str, Any] = {
            "IdentityPoolName": "pool",
            "AllowUnauthenticatedIdentities": guests,
            "CognitoIdentityProviders": [
                {"ProviderName": self.provider, "ClientId": self.client_id, "ServerSideTokenCheck": check}
            ],
        }
        self.pool_id = self.services.new_identity_pool(**self.settings)
        self.default_role = self.role("default")
        self.guest_role = self.role("guest", "unauthenticated")
        self.set_roles()

    def role(self, name: str, amr: str = "authenticated", **fields: Any) -> str:
        return self.services.add_role(name, cognito_trust(self.pool_id, amr), **fields)

    def set_roles(self, mapping: Mapping[str, Any] | None = None, **roles: str) -> None:
        given = {"authenticated": self.default_role, "unauthenticated": self.guest_role, **roles}
        mappings = {} if mapping is None else {"RoleMappings": {self.mapping_key: mapping}}
        kept = {kind: arn for kind, arn in given.items() if arn}
        self.services.identity("SetIdentityPoolRoles", IdentityPoolId=self.pool_id, Roles=kept, **mappings)

    def group(self, name: str, username: str = "alice", **params: Any) -> str:
        arn = self.role(name)
        self.services.new_group(self.user_pool_id, name, username, RoleArn=arn, **params)
        return arn

    def token(self, username: str = "alice") -> str:
        token: str = self.services.sign_in(self.client_id, username)["IdToken"]
        return token

    def logins(self, username: str = "alice") -> dict[str, str]:
        return {self.provider: self.token(username)}

    def identity_of(self, logins: Mapping[str, str] | None = None) -> str:
        params = {} if logins is None else {"Logins": logins}
        answer = self.services.public_identity("GetId", IdentityPoolId=self.pool_id, **params)
        identity_id: str = answer["IdentityId"]
        return identity_id

    def exchange(self, identity_id: str, **params: Any) -> Mapping[str, Any]:
        return self.services.public_identity("GetCredentialsForIdentity", IdentityId=identity_id, **params)

    def principal(self, identity_id: str, **params: Any) -> Principal:
        answer = self.exchange(identity_id, **params)
        return self.services.principal_of(answer["Credentials"]["AccessKeyId"])

    def chosen_role(self, username: str = "alice", **params: Any) -> str:
        logins = self.logins(username)
        return self.principal(self.identity_of(logins), Logins=logins, **params).owner_arn

    def refusal(self, identity_id: str, **params: Any) -> ServiceError:
        with pytest.raises(ServiceError) as caught:
            self.exchange(identity_id, **params)
        return caught.value

    def refused_role(self, **params: Any) -> ServiceError:
        logins = self.logins()
        return self.refusal(self.identity_of(logins), Logins=logins, **params)


def test_a_login_always_has_the_same_identity_and_guests_a_new_one_each(door: Door) -> None:
    exchange = Exchange(door)

    alice, again = exchange.identity_of(exchange.logins()), exchange.identity_of(exchange.logins())
    guests = {exchange.identity_of(), exchange.identity_of({})}

    assert alice == again
    assert alice != exchange.identity_of(exchange.logins("bob"))
    assert len(guests) == 2
    assert all(re.fullmatch(rf"{REGION}:[0-9a-f-]{{36}}", identity) for identity in {alice, *guests})


def test_another_identity_pool_gives_the_same_login_another_identity(door: Door) -> None:
    exchange = Exchange(door)
    alice = exchange.identity_of(exchange.logins())
    exchange.pool_id = exchange.services.new_identity_pool(**exchange.settings)

    assert exchange.identity_of(exchange.logins()) != alice


def test_credentials_of_a_login_carry_the_identity_and_last_an_hour(door: Door) -> None:
    exchange = Exchange(door)
    logins = exchange.logins()
    alice = exchange.identity_of(logins)

    answer = exchange.exchange(alice, Logins=logins)
    credentials = answer["Credentials"]
    principal = exchange.services.principal_of(credentials["AccessKeyId"])

    assert answer["IdentityId"] == alice
    assert set(credentials) == {"AccessKeyId", "SecretKey", "SessionToken", "Expiration"}
    assert credentials["AccessKeyId"].startswith("ASIA")
    assert credentials["Expiration"].timestamp() == pytest.approx(exchange.services.clock.now() + 3600, abs=5)
    assert principal.arn == f"arn:aws:sts::{ACCOUNT}:assumed-role/default/CognitoIdentityCredentials"
    assert principal.owner_arn == exchange.default_role
    assert principal.context["cognito-identity.amazonaws.com:sub"] == (alice,)
    assert principal.context["cognito-identity.amazonaws.com:aud"] == (exchange.pool_id,)
    assert principal.context["cognito-identity.amazonaws.com:amr"] == (
        "authenticated",
        exchange.provider,
        f"{exchange.provider}:CognitoSignIn:{claims_of(logins[exchange.provider])['sub']}",
    )
    assert principal.session_policies is None


def test_guests_get_the_guest_role_scoped_down(door: Door) -> None:
    exchange = Exchange(door)

    principal = exchange.principal(exchange.identity_of())

    assert principal.owner_arn == exchange.guest_role
    assert principal.context["cognito-identity.amazonaws.com:amr"] == ("unauthenticated",)
    assert principal.session_policies == guest_session_policies()


@pytest.mark.parametrize(
    ("action", "resource", "outcome"),
    [
        ("dynamodb:GetItem", f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/t", Outcome.ALLOW),
        ("s3:GetObject", "arn:aws:s3:::bucket/key", Outcome.ALLOW),
        ("rum:PutRumEvents", f"arn:aws:rum:{REGION}:{ACCOUNT}:appmonitor/a", Outcome.ALLOW),
        ("iam:ListRoles", "*", Outcome.IMPLICIT_DENY),
        ("sts:AssumeRole", f"arn:aws:iam::{ACCOUNT}:role/r", Outcome.IMPLICIT_DENY),
        ("secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:s", Outcome.IMPLICIT_DENY),
        ("kms:CreateKey", "*", Outcome.IMPLICIT_DENY),
    ],
)
def test_the_guest_policies_limit_even_an_administrators_role(action: str, resource: str, outcome: Outcome) -> None:
    everything = parse_policy(
        document({"Effect": "Allow", "Action": "*", "Resource": "*"}), kind=PolicyKind.IDENTITY, name="all"
    )
    session = f"arn:aws:sts::{ACCOUNT}:assumed-role/guest/CognitoIdentityCredentials"

    policies = PolicySet(identity=(everything,), session=guest_session_policies())

    assert decide(policies, Request(session, action, resource)) is outcome


def test_guests_are_refused_where_the_pool_does_not_allow_them(door: Door) -> None:
    exchange = Exchange(door)
    guest = exchange.identity_of()
    closed = {**exchange.settings, "AllowUnauthenticatedIdentities": False}
    exchange.services.identity("UpdateIdentityPool", IdentityPoolId=exchange.pool_id, **closed)
    message = "Unauthenticated access is not supported for this identity pool."

    with pytest.raises(ServiceError) as caught:
        exchange.identity_of()
    assert (caught.value.code, caught.value.message) == ("NotAuthorizedException", message)
    assert exchange.refusal(guest).message == message


def test_unknown_pools_and_identities_are_named(door: Door) -> None:
    exchange, unknown = Exchange(door), f"{REGION}:00000000-0000-0000-0000-000000000000"

    error = exchange.refusal(unknown)
    assert (error.code, error.message) == ("ResourceNotFoundException", f"Identity '{unknown}' not found.")
    exchange.pool_id = unknown
    with pytest.raises(ServiceError, match=f"IdentityPool '{unknown}' not found."):
        exchange.identity_of()


def test_an_id_that_breaks_the_pattern_is_a_validation_error(door: Door) -> None:
    exchange = Exchange(door)
    exchange.pool_id = "x"

    with pytest.raises(ServiceError) as caught:
        exchange.identity_of()

    assert caught.value.message == (
        "1 validation error detected: Value 'x' at 'identityPoolId' failed to satisfy constraint: "
        r"Member must satisfy regular expression pattern: [\w-]+:[0-9a-f-]+"
    )


def test_a_login_token_is_left_out_of_validation_errors(door: Door) -> None:
    exchange = Exchange(door)

    with pytest.raises(ServiceError) as caught:
        exchange.identity_of({exchange.provider: ""})
    assert "at 'logins' failed to satisfy constraint" in caught.value.message

    with pytest.raises(ServiceError) as caught:
        exchange.identity_of({"a b": "some-token"})
    assert "some-token" not in caught.value.message


def test_an_authenticated_identity_is_not_handed_out_without_its_login(door: Door) -> None:
    sound, faulty = Exchange(door), Exchange(door, Fault.SKIP_IDENTITY_OWNERSHIP)

    alice = sound.identity_of(sound.logins())
    error = sound.refusal(alice)
    assert (error.code, error.message) == ("NotAuthorizedException", f"Access to Identity '{alice}' is forbidden.")

    alice = faulty.identity_of(faulty.logins())
    principal = faulty.principal(alice)
    assert principal.owner_arn == faulty.default_role
    assert principal.context["cognito-identity.amazonaws.com:sub"] == (alice,)
    assert principal.session_policies is None


@pytest.mark.parametrize("bob_has_an_identity", [True, False])
def test_ones_own_login_does_not_open_anothers_identity(door: Door, bob_has_an_identity: bool) -> None:  # noqa: FBT001  a table of cases
    for exchange in (Exchange(door), Exchange(door, Fault.SKIP_IDENTITY_OWNERSHIP)):
        alice, logins = exchange.identity_of(exchange.logins()), exchange.logins("bob")
        if bob_has_an_identity:
            exchange.identity_of(logins)
        if exchange.services.faults:
            principal = exchange.principal(alice, Logins=logins)
            assert principal.context["cognito-identity.amazonaws.com:sub"] == (alice,)
        else:
            error = exchange.refusal(alice, Logins=logins)
            assert (error.code, error.message) == ("NotAuthorizedException", MISMATCH)


def test_the_ownership_fault_still_verifies_tokens_in_full(door: Door) -> None:
    exchange = Exchange(door, Fault.SKIP_IDENTITY_OWNERSHIP)
    alice, token = exchange.identity_of(exchange.logins()), exchange.token("bob")
    unsigned = {exchange.provider: token.rpartition(".")[0] + "."}

    assert exchange.refusal(alice, Logins=unsigned).message == "Invalid login token. Couldn't verify signed token."
    with exchange.services.clock.shifted(3601):
        expired = exchange.refusal(alice, Logins={exchange.provider: token})
    assert expired.message.startswith("Invalid login token. Token expired: ")


def test_an_identity_of_another_pool_does_not_open_to_the_login(door: Door) -> None:
    exchange = Exchange(door)
    alice = exchange.identity_of(exchange.logins())
    exchange.pool_id = exchange.services.new_identity_pool(**exchange.settings)
    elsewhere = exchange.identity_of(exchange.logins("bob"))

    assert exchange.refusal(elsewhere, Logins=exchange.logins()).message == MISMATCH
    assert alice != elsewhere


def test_a_guests_identity_is_linked_to_the_first_login_that_brings_it(door: Door) -> None:
    exchange = Exchange(door)
    guest = exchange.identity_of()

    principal = exchange.principal(guest, Logins=exchange.logins())

    assert principal.context["cognito-identity.amazonaws.com:sub"] == (guest,)
    assert exchange.identity_of(exchange.logins()) == guest
    assert exchange.refusal(guest).message == f"Access to Identity '{guest}' is forbidden."
    assert exchange.refusal(guest, Logins=exchange.logins("bob")).message == MISMATCH


def test_several_logins_are_verified_one_by_one_before_they_are_refused_as_unknown(door: Door) -> None:
    exchange = Exchange(door)
    other = Exchange(door)
    logins = exchange.logins()
    alice = exchange.identity_of(logins)

    mixed = exchange.refusal(alice, Logins={**logins, other.provider: other.token()})

    assert mixed.message == "Token is not from a supported provider of this identity pool."


def test_a_token_for_the_wrong_provider_is_refused_in_cognitos_words(door: Door) -> None:
    exchange = Exchange(door)
    token = exchange.token()
    alice = exchange.identity_of(exchange.logins())
    cognito = {"cognito-identity.amazonaws.com": token}

    assert exchange.refusal(alice, Logins=cognito).message == "Invalid login token. Not a Cognito token."
    with pytest.raises(ServiceError, match=re.escape("Invalid login token. Can't pass in a Cognito token.")):
        exchange.identity_of(cognito)
    with pytest.raises(ServiceError, match=re.escape("Token is not from a supported provider of this identity pool.")):
        exchange.identity_of({"graph.facebook.com": token})


@pytest.mark.parametrize("event", ["AdminUserGlobalSignOut", "AdminDeleteUser", "AdminDisableUser"])
def test_only_the_server_side_check_notices_what_became_of_the_user(door: Door, event: str) -> None:
    for check in (True, False):
        exchange = Exchange(door, check=check)
        logins = exchange.logins()
        alice = exchange.identity_of(logins)
        exchange.services.idp(event, UserPoolId=exchange.user_pool_id, Username="alice")
        if check:
            assert exchange.refusal(alice, Logins=logins).code == "NotAuthorizedException"
            with pytest.raises(ServiceError):
                exchange.identity_of(logins)
        else:
            assert exchange.exchange(alice, Logins=logins)


@pytest.mark.parametrize("event", ["RevokeToken", "disabled and enabled again"])
def test_the_server_side_check_is_not_known_to_notice_a_revoked_token(door: Door, event: str) -> None:
    exchange = Exchange(door, check=True)
    tokens = exchange.services.sign_in(exchange.client_id)
    logins = {exchange.provider: tokens["IdToken"]}
    alice = exchange.identity_of(logins)

    if event == "RevokeToken":
        exchange.services.public_idp("RevokeToken", Token=tokens["RefreshToken"], ClientId=exchange.client_id)
    else:
        for operation in ("AdminDisableUser", "AdminEnableUser"):
            exchange.services.idp(operation, UserPoolId=exchange.user_pool_id, Username="alice")

    with pytest.raises(ServiceError, match="Access Token has been revoked"):
        exchange.services.public_idp("GetUser", AccessToken=tokens["AccessToken"])
    assert exchange.exchange(alice, Logins=logins)


def _token_mapping(resolution: str = "Deny") -> dict[str, Any]:
    return {"Type": "Token", "AmbiguousRoleResolution": resolution}


def _rules(*rules: tuple[str, str, str, str], resolution: str = "Deny") -> dict[str, Any]:
    listed = [
        {"Claim": claim, "MatchType": match, "Value": value, "RoleARN": f"arn:aws:iam::{ACCOUNT}:role/{role}"}
        for claim, match, value, role in rules
    ]
    return {"Type": "Rules", "AmbiguousRoleResolution": resolution, "RulesConfiguration": {"Rules": listed}}


def test_without_a_mapping_group_roles_are_ignored(door: Door) -> None:
    exchange = Exchange(door)
    exchange.group("reader")

    assert exchange.chosen_role() == exchange.default_role


def test_with_a_token_mapping_the_preferred_role_is_chosen(door: Door) -> None:
    exchange = Exchange(door)
    exchange.set_roles(_token_mapping())
    exchange.group("reader", Precedence=2)
    writer = exchange.group("writer", Precedence=1)

    assert exchange.chosen_role() == writer


@pytest.mark.parametrize("groups", [0, 2])
def test_without_a_preferred_role_the_resolution_decides(door: Door, groups: int) -> None:
    exchange = Exchange(door)
    for number in range(groups):
        exchange.group(f"g{number}", Precedence=1)

    exchange.set_roles(_token_mapping("AuthenticatedRole"))
    assert exchange.chosen_role() == exchange.default_role
    exchange.set_roles(_token_mapping("Deny"))
    error = exchange.refused_role()
    assert error.code == "NotAuthorizedException"
    assert error.message.startswith("The ambiguous role mapping rules for: ")
    assert error.message.endswith(" denied this request.")


def test_a_custom_role_must_be_among_the_tokens_roles(door: Door) -> None:
    sound, faulty = Exchange(door), Exchange(door, Fault.SKIP_CUSTOM_ROLE_CHECK)
    for exchange in (sound, faulty):
        exchange.set_roles(_token_mapping())
        exchange.group("reader", Precedence=1)
        other, foreign = exchange.group("writer", Precedence=2), exchange.role("admin")
        assert exchange.chosen_role(CustomRoleArn=other) == other
        if exchange is sound:
            assert exchange.refused_role(CustomRoleArn=foreign).code == "NotAuthorizedException"
        else:
            assert exchange.chosen_role(CustomRoleArn=foreign) == foreign


def test_a_custom_role_settles_an_ambiguity(door: Door) -> None:
    exchange = Exchange(door)
    exchange.set_roles(_token_mapping())
    exchange.group("a", Precedence=1)
    second = exchange.group("b", Precedence=1)

    assert exchange.chosen_role(CustomRoleArn=second) == second


def test_a_custom_role_without_a_mapping_is_an_invalid_parameter(door: Door) -> None:
    sound, faulty = Exchange(door), Exchange(door, Fault.SKIP_CUSTOM_ROLE_CHECK)
    message = "Only SAML providers and providers with RoleMappings support custom role ARN."

    admin = sound.role("admin")
    error = sound.refused_role(CustomRoleArn=admin)
    guest = sound.refusal(sound.identity_of(), CustomRoleArn=admin)

    assert (error.code, error.message) == ("InvalidParameterException", message)
    assert guest.message == message
    foreign = faulty.role("admin")
    assert faulty.chosen_role(CustomRoleArn=foreign) == foreign


@pytest.mark.parametrize(
    ("rule", "matches"),
    [
        (("cognito:username", "Equals", "alice"), True),
        (("cognito:username", "Equals", "ali"), False),
        (("cognito:username", "StartsWith", "ali"), True),
        (("cognito:username", "StartsWith", "lice"), False),
        (("cognito:username", "Contains", "lic"), True),
        (("cognito:username", "NotEqual", "bob"), True),
        (("cognito:username", "NotEqual", "alice"), False),
        # A rule on a claim that is not there is passed over, also the negated one.
        (("custom:none", "NotEqual", "x"), False),
        (("custom:none", "Equals", "x"), False),
        # Unconfirmed: an array is compared as text, so that another group's name may contain the value.
        (("cognito:groups", "Contains", "admin"), True),
        (("cognito:groups", "Contains", "owner"), False),
    ],
)
def test_rules_compare_claims(door: Door, rule: tuple[str, str, str], matches: bool) -> None:  # noqa: FBT001  a table of cases
    exchange = Exchange(door)
    exchange.group("not-admin")
    matched = exchange.role("matched")
    exchange.set_roles(_rules((*rule, "matched"), resolution="AuthenticatedRole"))

    assert exchange.chosen_role() == (matched if matches else exchange.default_role)


def test_the_first_matching_rule_wins_and_a_custom_role_overrides_the_order(door: Door) -> None:
    exchange = Exchange(door)
    first, second = exchange.role("first"), exchange.role("second")
    everybody, nobody = ("token_use", "Equals", "id"), ("token_use", "Equals", "x")
    third = exchange.role("third")
    exchange.set_roles(_rules((*nobody, "third"), (*everybody, "first"), (*everybody, "second")))

    assert exchange.chosen_role() == first
    assert exchange.chosen_role(CustomRoleArn=second) == second
    assert exchange.refused_role(CustomRoleArn=third).code == "NotAuthorizedException"
    exchange.set_roles(_rules((*nobody, "third")))
    assert exchange.refused_role().message.startswith("The ambiguous role mapping rules for: ")


def test_a_missing_role_or_one_that_does_not_trust_the_pool_is_a_bad_configuration(door: Door) -> None:
    exchange = Exchange(door)
    expected = ("InvalidIdentityPoolConfigurationException", BAD_CONFIGURATION)

    exchange.set_roles(authenticated="", unauthenticated=exchange.default_role)
    errors = [exchange.refused_role(), exchange.refusal(exchange.identity_of())]
    exchange.set_roles(authenticated=f"arn:aws:iam::{ACCOUNT}:role/gone")
    errors.append(exchange.refused_role())
    exchange.set_roles(authenticated=exchange.services.add_role("other", cognito_trust("eu-west-1:0")))
    errors.append(exchange.refused_role())

    assert [(error.code, error.message) for error in errors] == [expected] * 4
    exchange.services.faults.add(Fault.SKIP_TRUST_POLICY)
    assert exchange.chosen_role().endswith("role/other")


def test_a_trust_policy_without_a_condition_on_the_pool_serves_any_pool(door: Door) -> None:
    exchange = Exchange(door)
    exchange.set_roles(authenticated=exchange.services.add_role("open", cognito_trust(None)))

    assert exchange.chosen_role().endswith("role/open")


@pytest.mark.parametrize(
    ("fault", "make"),
    [
        (Fault.SKIP_TOKEN_SIGNATURE, lambda exchange: exchange.token().rpartition(".")[0] + "."),
        (
            Fault.SKIP_TOKEN_AUDIENCE,
            lambda exchange: exchange.services.sign_in(exchange.client_id)["AccessToken"],
        ),
    ],
)
def test_token_faults_reach_the_exchange(door: Door, fault: Fault, make: Any) -> None:
    for exchange in (Exchange(door), Exchange(door, fault)):
        logins = {exchange.provider: make(exchange)}
        if exchange.services.faults:
            assert exchange.exchange(exchange.identity_of(logins), Logins=logins)
        else:
            with pytest.raises(ServiceError, match="Invalid login token"):
                exchange.identity_of(logins)


def test_a_foreign_pools_roles_count_under_the_issuer_fault_alone(door: Door) -> None:
    for exchange in (Exchange(door), Exchange(door, Fault.SKIP_TOKEN_ISSUER)):
        services, admin = exchange.services, exchange.role("admin")
        exchange.set_roles(_token_mapping())
        foreign_pool = services.new_user_pool()
        services.new_user(foreign_pool, "mallory")
        services.new_group(foreign_pool, "admins", "mallory", RoleArn=admin)
        token = services.sign_in(services.new_client(foreign_pool), "mallory")["IdToken"]
        logins = {exchange.provider: token}
        if services.faults:
            assert exchange.principal(exchange.identity_of(logins), Logins=logins).owner_arn == admin
        else:
            with pytest.raises(ServiceError, match="Issuer doesn't match providerName"):
                exchange.identity_of(logins)


def test_faults_may_be_switched_while_the_cloud_runs(door: Door) -> None:
    exchange = Exchange(door)
    alice = exchange.identity_of(exchange.logins())

    exchange.services.faults.add(Fault.SKIP_IDENTITY_OWNERSHIP)
    assert exchange.exchange(alice)
    exchange.services.faults.clear()
    assert exchange.refusal(alice).code == "NotAuthorizedException"


def test_setting_roles_needs_permission_to_pass_them(door: Door) -> None:
    exchange = Exchange(door)
    exchange.services.deny("iam:PassRole")

    with pytest.raises(ServiceError) as caught:
        exchange.set_roles()

    assert (caught.value.code, caught.value.message) == (
        "NotAuthorizedException",
        "Access to Role 'default' is forbidden.",
    )
    asked = exchange.services.asked()[-1]
    assert (asked.action, asked.resource) == ("iam:PassRole", exchange.default_role)
    assert asked.context["iam:passedtoservice"] == ("cognito-identity.amazonaws.com",)


class Tagged(Exchange):
    """An exchange whose authenticated role may be tagged, and users with an organization."""

    def __init__(self, door: Door, *trusted_actions: str, **attributes: str) -> None:
        super().__init__(door)
        schema = [{"Name": name, "AttributeDataType": "String", "Mutable": True} for name in ("org", "team")]
        self.user_pool_id = self.services.new_user_pool(Schema=schema)
        self.client_id = self.services.new_client(self.user_pool_id)
        self.services.new_user(self.user_pool_id, "alice", **(attributes or {"custom__org": "acme"}))
        self.provider = provider_name(self.user_pool_id)
        entry = {"ProviderName": self.provider, "ClientId": self.client_id}
        self.pool_id = self.services.new_identity_pool(**{**self.settings, "CognitoIdentityProviders": [entry]})
        trust = cognito_trust(self.pool_id, "authenticated", *(trusted_actions or ("sts:TagSession",)))
        self.default_role = self.services.add_role("tagged", trust, tags={"Org": "of-the-role", "kind": "tenant"})
        self.guest_role = self.role("tagged-guest", "unauthenticated")
        self.set_roles()

    def set_map(self, **params: Any) -> Mapping[str, Any]:
        named = {"IdentityPoolId": self.pool_id, "IdentityProviderName": self.provider}
        return self.services.identity("SetPrincipalTagAttributeMap", **named, **params)

    def tags(self) -> dict[str, str]:
        logins = self.logins()
        context = self.principal(self.identity_of(logins), Logins=logins).context
        return {key.partition("/")[2]: value[0] for key, value in context.items() if "principaltag/" in key}


def test_the_tag_map_turns_claims_into_session_tags_that_override_the_roles(door: Door) -> None:
    tagged = Tagged(door)
    assert tagged.tags() == {"org": "of-the-role", "kind": "tenant"}

    # A claim the token does not have gives no tag; one that is there overrides the role's, whatever the case.
    answer = tagged.set_map(UseDefaults=False, PrincipalTags={"ORG": "custom:org", "team": "custom:team"})

    assert answer["PrincipalTags"] == {"ORG": "custom:org", "team": "custom:team"}
    assert tagged.tags() == {"org": "acme", "kind": "tenant"}
    named = {"IdentityPoolId": tagged.pool_id, "IdentityProviderName": tagged.provider}
    assert tagged.services.identity("GetPrincipalTagAttributeMap", **named) == answer


def test_the_default_tag_map_gives_client_and_user(door: Door) -> None:
    tagged = Tagged(door)
    tagged.set_map(UseDefaults=True)

    tags = tagged.tags()

    assert tags["client"] == tagged.client_id
    assert tags["username"] == claims_of(tagged.token())["sub"]


def test_guests_get_no_session_tags(door: Door) -> None:
    tagged = Tagged(door)
    tagged.set_map(UseDefaults=True)

    principal = tagged.principal(tagged.identity_of())

    assert not any("principaltag" in key for key in principal.context)


def test_without_permission_to_tag_the_exchange_fails_instead_of_dropping_tags(door: Door) -> None:
    tagged = Tagged(door, "sts:SetSourceIdentity")
    assert tagged.tags()
    tagged.set_map(PrincipalTags={"org": "custom:org"})

    error = tagged.refused_role()

    assert (error.code, error.message) == ("InvalidIdentityPoolConfigurationException", BAD_CONFIGURATION)


@pytest.mark.parametrize(
    "attributes", [{"custom__org": "x" * 257}, {"custom__org": "x" * 250, "custom__team": "y" * 250}]
)
def test_tags_over_the_limits_are_a_bad_configuration(door: Door, attributes: dict[str, str]) -> None:
    tagged = Tagged(door, **attributes)
    tagged.set_map(PrincipalTags={"org": "custom:org", "team": "custom:team"})

    assert tagged.refused_role().message == BAD_CONFIGURATION


def test_a_tag_from_an_array_or_an_empty_claim_is_refused_as_unknown(door: Door) -> None:
    tagged = Tagged(door, custom__org="")
    tagged.group("g")

    for claim in ("cognito:groups", "custom:org"):
        tagged.set_map(PrincipalTags={"tag": claim})
        assert isinstance(tagged.refused_role(), NotDerivableError)


def test_tag_maps_nobody_set_or_that_contradict_themselves_are_refused_as_unknown(door: Door) -> None:
    tagged = Tagged(door)
    named = {"IdentityPoolId": tagged.pool_id, "IdentityProviderName": tagged.provider}

    with pytest.raises(NotDerivableError):
        tagged.services.identity("GetPrincipalTagAttributeMap", **named)
    with pytest.raises(NotDerivableError):
        tagged.set_map(UseDefaults=True, PrincipalTags={"a": "b"})
    with pytest.raises(NotDerivableError):
        tagged.set_map(PrincipalTags={"a": "b", "A": "c"})
    tagged.provider = "accounts.google.com"
    with pytest.raises(NotDerivableError):
        tagged.set_map(UseDefaults=True)


def test_pools_are_described_updated_listed_and_deleted(door: Door) -> None:
    exchange = Exchange(door)
    services, pool = exchange.services, {"IdentityPoolId": exchange.pool_id}
    exchange.set_roles(_token_mapping())
    guest = exchange.identity_of()

    services.identity("UpdateIdentityPool", **pool, **{**exchange.settings, "IdentityPoolName": "renamed"})
    described = services.identity("DescribeIdentityPool", **pool)
    roles = services.identity("GetIdentityPoolRoles", **pool)
    listed = services.identity("ListIdentityPools", MaxResults=10)

    assert described == {**pool, **exchange.settings, "IdentityPoolName": "renamed"}
    assert roles["RoleMappings"] == {exchange.mapping_key: _token_mapping()}
    assert roles["Roles"]["authenticated"] == exchange.default_role
    assert listed == {"IdentityPools": [{**pool, "IdentityPoolName": "renamed"}]}
    services.identity("DeleteIdentityPool", **pool)
    assert exchange.refusal(guest).code == "ResourceNotFoundException"


@pytest.mark.parametrize(
    "operation", ["DescribeIdentityPool", "DeleteIdentityPool", "GetIdentityPoolRoles", "ListIdentities"]
)
def test_administration_is_authorized_on_the_pool(door: Door, operation: str) -> None:
    exchange = Exchange(door)
    exchange.services.deny(f"cognito-identity:{operation}")

    more = {"MaxResults": 10} if operation == "ListIdentities" else {}
    with pytest.raises(ServiceError) as caught:
        exchange.services.identity(operation, IdentityPoolId=exchange.pool_id, **more)

    assert caught.value.code == "AccessDeniedException"
    assert exchange.services.asked()[-1].resource == (
        f"arn:aws:cognito-identity:{REGION}:{ACCOUNT}:identitypool/{exchange.pool_id}"
    )


def test_public_operations_ask_for_no_permission_and_administration_for_a_signature(door: Door) -> None:
    exchange = Exchange(door)
    logins = exchange.logins()
    identity = exchange.identity_of(logins)
    assert not exchange.services.asked()
    assert exchange.exchange(identity, Logins=logins)

    with pytest.raises(ServiceError, match="Request is missing Authentication Token"):
        exchange.services.public_identity("DescribeIdentityPool", IdentityPoolId=exchange.pool_id)
    assert not exchange.services.asked()


@pytest.mark.parametrize(
    ("operation", "params"),
    [
        ("CreateIdentityPool", {"SupportedLoginProviders": {"accounts.google.com": "x"}}),
        ("CreateIdentityPool", {"SamlProviderARNs": ["arn:aws:iam::123456789012:saml-provider/s"]}),
        ("CreateIdentityPool", {"OpenIdConnectProviderARNs": ["arn:aws:iam::123456789012:oidc-provider/none"]}),
        ("CreateIdentityPool", {"CognitoIdentityProviders": [{"ProviderName": "x"}]}),
    ],
)
def test_what_is_not_implemented_is_refused_and_not_ignored(
    door: Door, operation: str, params: Mapping[str, Any]
) -> None:
    exchange = Exchange(door)
    named = {"IdentityPoolName": "p", "AllowUnauthenticatedIdentities": True} if "Create" in operation else {}

    with pytest.raises(NotDerivableError):
        exchange.services.identity(operation, **named, **params)


def test_an_operation_that_no_model_has_is_refused_as_unknown(door: Door) -> None:
    services = IdentityServices(door)
    for service in (services.identity_pools, services.user_pools):
        with pytest.raises(NotDerivableError):
            service.handle(Call("NoSuchOperation", {}, root_of(ACCOUNT)))


def test_a_mapping_needs_a_resolution_and_rules_of_its_type(door: Door) -> None:
    exchange = Exchange(door)
    for mapping in ({"Type": "Token"}, {"Type": "Rules", "AmbiguousRoleResolution": "Deny"}):
        with pytest.raises(ServiceError) as caught:
            exchange.set_roles(mapping)
        assert (caught.value.code, caught.value.status) == ("InvalidParameterException", 400)


def test_no_secret_shows_in_what_is_kept(door: Door) -> None:
    exchange = Exchange(door)
    logins = exchange.logins()
    credentials = exchange.exchange(exchange.identity_of(logins), Logins=logins)["Credentials"]

    kept = repr(vars(exchange.services.identity_pools)) + repr(vars(exchange.services.identity_pools._identities))
    kept += repr(exchange.services.store.find(credentials["AccessKeyId"]))

    assert credentials["SecretKey"] not in kept
    assert credentials["SessionToken"] not in kept
    assert logins[exchange.provider] not in kept
