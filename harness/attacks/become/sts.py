"""Becoming a role by asking STS for it, past the identity pool."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from harness.attacks.technique import Callers, ControlKind, Feature, Severity, Technique, Victim
from harness.blueprints.contract import Effect
from harness.targets.api import ApiRequest

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.attacks.aim import Aim


def _assume(
    role_of: Callable[[Aim], str], external_id: Callable[[Aim], str] | None = None
) -> Callable[[Aim], tuple[ApiRequest, ...]]:
    def requests(aim: Aim) -> tuple[ApiRequest, ...]:
        params = {"RoleArn": role_of(aim), "RoleSessionName": "isolation-harness"}
        named = {} if external_id is None else {"ExternalId": external_id(aim)}
        return (ApiRequest("sts", "AssumeRole", {**params, **named}),)

    return requests


_ASSUME = partial(
    Technique,
    plane="sts",
    effect=Effect.SESSION,
    operation="AssumeRole",
    actions=("sts:AssumeRole",),
    severity=Severity.BLOCKER,
    documentation="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html",
    cwe=("CWE-269",),
    victim=Victim.NOBODY,
    callers=Callers.TENANTS,
    control=ControlKind.WITNESS,
    operator_steps=_assume(lambda aim: aim.deployment.witness_role),
)

TECHNIQUES = (
    _ASSUME(
        id="sts.session.assume-admin-role",
        title="AssumeRole on the staff's role",
        catalogue=("sts-base-role-trust-account-root",),
        requires=frozenset({Feature.PRIVILEGED_ROLE}),
        steps=_assume(lambda aim: aim.privileged_role),
    ),
    _ASSUME(
        id="sts.session.assume-member-role",
        title="AssumeRole on the role of signed-in users",
        catalogue=("sts-session-policy-allows-chaining",),
        requires=frozenset({Feature.PERSONA_ROLE}),
        steps=_assume(lambda aim: aim.role_of_tenants),
    ),
    _ASSUME(
        id="sts.session.assume-role-of-another",
        title="AssumeRole on a role that other users have",
        catalogue=("sts-base-role-trust-account-root", "idp-custom-role-arn-legit-role-switch"),
        requires=frozenset({Feature.PERSONA_ROLE}),
        victim=Victim.SOMEBODY,
        victims=Callers.TENANTS,
        aims_at_role=True,
        steps=_assume(lambda aim: aim.victims_role),
    ),
    _ASSUME(
        id="sts.session.external-id-guessed",
        title="AssumeRole on a role that other users have, with the name of their tenant as the external id",
        documentation="https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_common-scenarios_third-party.html",
        catalogue=("sts-external-id-as-secret",),
        cwe=("CWE-330", "CWE-269"),
        requires=frozenset({Feature.PERSONA_ROLE}),
        victim=Victim.SOMEBODY,
        victims=Callers.OWNERS,
        aims_at_role=True,
        steps=_assume(lambda aim: aim.victims_role, lambda aim: aim.asset.discriminator),
        operator_steps=_assume(lambda aim: aim.deployment.witness_role, lambda _: "isolation-harness"),
    ),
)
