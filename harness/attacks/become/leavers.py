"""Staying somebody whom one is no more: after signing out, after being disabled, dismissed or deleted."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from harness.attacks.become.broker import ask
from harness.attacks.become.newcomers import (
    PASSWORD,
    admitted,
    call,
    exchanging,
    forget_newcomer,
    hired,
    identifying,
    like_the_caller,
    newcomer_of,
    on_newcomer,
    signing_in,
    used,
)
from harness.attacks.obtained import ByOperator
from harness.attacks.technique import Callers, Feature, Severity, Technique, Victim
from harness.blueprints.contract import Effect
from harness.secret import Secret
from harness.targets.target import Capability

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from harness.attacks.aim import Aim
    from harness.attacks.technique import Sent, Step
    from harness.memberships import Memberships
    from harness.targets.api import ApiRequest

_REVOCATION = "https://docs.aws.amazon.com/cognito/latest/developerguide/token-revocation.html"
_GROUPS = "https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-user-groups.html"
_SERVER_SIDE_CHECK = "https://docs.aws.amazon.com/cognitoidentity/latest/APIReference/API_CognitoIdentityProvider.html"


def _kept_at_the_identity_pool(aim: Aim, *ending: ApiRequest) -> tuple[Step, ...]:
    """Return the steps that exchange a newcomer's token at the identity pool after what the operator does."""
    kept: dict[str, Secret] = {}

    def keep(answer: Mapping[str, Any]) -> Sent:
        kept["token"] = Secret(answer["AuthenticationResult"]["IdToken"])
        return ByOperator(ending[0]) if ending else identifying(aim, kept["token"])

    def exchanged(answer: Mapping[str, Any]) -> Sent:
        return exchanging(aim, answer["IdentityId"], kept["token"], aim.role_choice)

    identified: tuple[Step, ...] = (lambda _: identifying(aim, kept["token"]),) if ending else ()
    return (*like_the_caller(aim), signing_in(aim, newcomer_of(aim)), keep, *identified, exchanged)


def _members_of_own(aim: Aim, sub: str, tenants: tuple[str, ...]) -> Memberships:
    known_by = newcomer_of(aim) if aim.deployment.users_known_by == "username" else sub
    return replace(aim.membership, user_key=known_by, tenants=tenants)


def _kept_at_the_broker(aim: Aim, *ending: ApiRequest) -> tuple[Step, ...]:
    """Return the steps that bring the newcomer's token to the broker after what the operator does."""
    kept: dict[str, Secret] = {}

    def keep(answer: Mapping[str, Any]) -> Sent:
        kept["token"] = Secret(answer["AuthenticationResult"]["IdToken"])
        return ByOperator(ending[0]) if ending else ask(aim, kept["token"])

    asked: tuple[Step, ...] = (lambda _: ask(aim, kept["token"]),) if ending else ()
    return (*_employed(aim), signing_in(aim, newcomer_of(aim)), keep, *asked)


def _employed(aim: Aim, tenants: tuple[str, ...] = ()) -> tuple[Step, ...]:
    """Return the steps that make a newcomer like the caller, member of the tenants where a table says who is."""
    if aim.memberships is None:
        return like_the_caller(aim)
    made, *others = like_the_caller(aim)
    subs: dict[str, str] = {}

    def joined(answer: Mapping[str, Any]) -> Sent:
        subs.update({each["Name"]: each["Value"] for each in answer["User"]["Attributes"]})
        own = _members_of_own(aim, subs["sub"], tenants or aim.membership.tenants)
        return ByOperator(own.adding(own.tenants)[0])

    return (made, joined, *others)


def _signed_out(aim: Aim) -> ApiRequest:
    return on_newcomer(aim, "AdminUserGlobalSignOut")


def _disabled(aim: Aim) -> ApiRequest:
    return on_newcomer(aim, "AdminDisableUser")


def _dismissed(aim: Aim) -> tuple[Step, ...]:
    """Return the steps of somebody of the staff who is dismissed, two hours after the last sign-in."""
    kept: dict[str, Secret] = {}

    def remove(_: object) -> Sent:
        kept["token"] = aim.tokens.in_the_past(newcomer_of(aim), PASSWORD)
        (group, *_more) = aim.privileged_groups
        return ByOperator(on_newcomer(aim, "AdminRemoveUserFromGroup", GroupName=group))

    return (
        *hired(aim, aim.privileged_groups),
        remove,
        lambda _: identifying(aim, kept["token"]),
        lambda answer: exchanging(aim, answer["IdentityId"], kept["token"]),
    )


def _of_the_staff(aim: Aim) -> tuple[Step, ...]:
    return (*hired(aim, aim.privileged_groups), signing_in(aim, newcomer_of(aim)), *admitted(aim))


def _refresh(aim: Aim) -> tuple[Step, ...]:
    token = aim.tokens.refresh_token_after_sign_out(aim.caller)
    return (refreshing(aim, token), *admitted(aim, aim.role_choice))


def refreshing(aim: Aim, token: Secret) -> ApiRequest:
    """Return the request for new tokens by a refresh token."""
    params = {"REFRESH_TOKEN": token.reveal()}
    return call("InitiateAuth", AuthFlow="REFRESH_TOKEN_AUTH", ClientId=aim.users_client, AuthParameters=params)


def _name_given_again(aim: Aim) -> tuple[Step, ...]:
    """Return the steps of somebody who gets the name of a member of the victim's who has left."""
    return (
        *_employed(aim, (aim.asset.discriminator,)),
        lambda _: ByOperator(on_newcomer(aim, "AdminDeleteUser")),
        *hired(aim),
        signing_in(aim, newcomer_of(aim)),
        *admitted(aim),
        used(aim),
    )


def _no_member_any_more(aim: Aim) -> tuple[ApiRequest, ...]:
    # Where users are known by their names, the membership would be the next newcomer's.
    tenants = tuple(dict.fromkeys((aim.asset.discriminator, *aim.membership.tenants)))
    return (*_members_of_own(aim, newcomer_of(aim), tenants).removing(tenants), *forget_newcomer(aim))


def _gone(aim: Aim) -> tuple[ApiRequest, ...]:
    return forget_newcomer(aim) if aim.memberships is None else _no_member_any_more(aim)


_LEAVER = partial(
    Technique,
    effect=Effect.SESSION,
    severity=Severity.CRITICAL,
    documentation=_REVOCATION,
    cwe=("CWE-613",),
    callers=Callers.MEMBERS,
    victims=Callers.MEMBERS,
    victim=Victim.NOBODY,
)
_AT_THE_IDENTITY_POOL = partial(
    _LEAVER,
    plane="token",
    operation="GetId",
    documentation=_SERVER_SIDE_CHECK,
    requires=frozenset({Feature.ENHANCED_FLOW}),
    refusals=(r"signed out or deleted", r"(?i)\bnot authorized\b"),
    control_steps=_kept_at_the_identity_pool,
    clean_up=forget_newcomer,
)
_AT_THE_BROKER = partial(
    _LEAVER,
    plane="broker",
    operation="GET",
    requires=frozenset({Feature.BROKER}),
    control_steps=_kept_at_the_broker,
    clean_up=_gone,
)


def _after(
    steps: Callable[..., tuple[Step, ...]], ending: Callable[[Aim], ApiRequest]
) -> Callable[[Aim], tuple[Step, ...]]:
    return lambda aim: steps(aim, ending(aim))


TECHNIQUES = (
    _AT_THE_IDENTITY_POOL(
        id="token.session.after-sign-out",
        title="one's own unexpired token after a global sign-out",
        catalogue=("tok-server-side-check-off", "tok-revoked-still-valid-offline"),
        steps=_after(_kept_at_the_identity_pool, _signed_out),
    ),
    _AT_THE_IDENTITY_POOL(
        id="token.session.after-disabling",
        title="one's own unexpired token after an administrator has disabled the user",
        catalogue=("tok-server-side-check-off", "tok-revoked-still-valid-offline"),
        steps=_after(_kept_at_the_identity_pool, _disabled),
    ),
    _LEAVER(
        id="token.session.after-dismissal",
        title="a token of the staff's group, two hours old, after the removal from that group",
        plane="token",
        operation="GetId",
        documentation=_GROUPS,
        catalogue=("tok-groups-stale-after-removal",),
        requires=frozenset({Feature.TOKEN_ROLES, Feature.PRIVILEGED_ROLE}),
        needs=frozenset({Capability.TIME_TRAVEL}),
        refusals=(r"Invalid login token\. Token expired",),
        steps=_dismissed,
        control_steps=_of_the_staff,
        clean_up=forget_newcomer,
    ),
    _AT_THE_BROKER(
        id="broker.session.after-sign-out",
        title="asking the broker with one's own unexpired token after a global sign-out",
        catalogue=("tok-revoked-still-valid-offline",),
        steps=_after(_kept_at_the_broker, _signed_out),
    ),
    _AT_THE_BROKER(
        id="broker.session.after-disabling",
        title="asking the broker with one's own unexpired token after an administrator has disabled the user",
        catalogue=("tok-revoked-still-valid-offline",),
        steps=_after(_kept_at_the_broker, _disabled),
    ),
    _LEAVER(
        id="broker.session.name-given-again",
        title="asking the broker under the name of a member of the victim's who has left",
        plane="broker",
        operation="GET",
        documentation="https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-settings-attributes.html",
        catalogue=("up-username-reuse-after-delete",),
        cwe=("CWE-639",),
        requires=frozenset({Feature.BROKER, Feature.MEMBERSHIPS}),
        victim=Victim.SOMEBODY,
        victims=Callers.OWNING_MEMBERS,
        actions=("s3:GetObject", "dynamodb:GetItem"),
        steps=_name_given_again,
        control_steps=_kept_at_the_broker,
        clean_up=_no_member_any_more,
    ),
    _LEAVER(
        id="user-pool.session.refresh-after-sign-out",
        title="refreshing a session that the application has ended",
        plane="user-pool",
        operation="InitiateAuth",
        catalogue=("up-refresh-after-signout",),
        requires=frozenset({Feature.TOKEN_SESSIONS}),
        refusals=(r"(?i)refresh token has been revoked", r"(?i)invalid refresh token"),
        steps=_refresh,
        control_steps=lambda aim: (refreshing(aim, aim.refresh_token), *admitted(aim, aim.role_choice)),
    ),
)
