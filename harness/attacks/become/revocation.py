"""Staying somebody after one has been put out: credentials that outlive what they were given for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.attacks.become.broker import ask, use
from harness.attacks.obtained import ByOperator, Later, ObtainedCall
from harness.attacks.technique import Callers, Feature, Severity, Technique, Victim
from harness.blueprints.contract import Effect
from harness.targets.target import Capability

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.attacks.aim import Aim
    from harness.attacks.technique import Sent, Step
    from harness.targets.api import ApiRequest

# STS gives nothing shorter than a quarter of an hour, so that whoever is put out may stay as long.
_SECONDS = 1200.0


def _put_out(aim: Aim) -> tuple[Step, ...]:
    given: dict[str, Any] = {}

    def remove(answer: Mapping[str, Any]) -> Sent:
        given.update(answer)
        return next(ByOperator(request) for request in aim.membership.removing(aim.membership.tenants))

    return (
        ask(aim, aim.id_token),
        remove,
        lambda _: Later(ObtainedCall.from_answer(given, aim.own.reading), _SECONDS),
    )


def _let_in_again(aim: Aim) -> tuple[ApiRequest, ...]:
    return aim.membership.adding(aim.membership.tenants)


TECHNIQUES = (
    Technique(
        id="broker.session.outlives-membership",
        title="using credentials twenty minutes after one has left the tenant that they are for",
        plane="broker",
        effect=Effect.SESSION,
        operation="GET",
        severity=Severity.NORMAL,
        documentation="https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_revoke-sessions.html",
        catalogue=("sts-credentials-outlive-revocation", "api-broker-projects-stale"),
        cwe=("CWE-613",),
        requires=frozenset({Feature.BROKER, Feature.MEMBERSHIPS, Feature.BUCKET}),
        callers=Callers.MEMBERS,
        victim=Victim.NOBODY,
        needs=frozenset({Capability.TIME_TRAVEL}),
        actions=("s3:GetObject",),
        refusals=(r"token has expired",),
        steps=_put_out,
        control_steps=lambda aim: (ask(aim, aim.id_token), use(aim)),
        clean_up=_let_in_again,
    ),
)
