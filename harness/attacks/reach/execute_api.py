"""Reaching for the routes of an API that belong to somebody else."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from harness.attacks.technique import Feature, Severity, Technique
from harness.blueprints.contract import Effect
from harness.targets.http import HttpRequest, RouteCall

if TYPE_CHECKING:
    from harness.attacks.aim import Aim

_READ = partial(
    Technique,
    plane="execute-api",
    effect=Effect.READ,
    operation="GET",
    severity=Severity.CRITICAL,
    documentation="https://docs.aws.amazon.com/apigateway/latest/developerguide/permissions.html",
    actions=("execute-api:Invoke",),
    requires=frozenset({Feature.ROUTES}),
)


def _get(aim: Aim, *, signed: bool) -> tuple[RouteCall, ...]:
    return (RouteCall(HttpRequest("GET", aim.deployment.api_url + aim.asset.path), signed=signed),)


TECHNIQUES = (
    _READ(
        id="execute-api.read.foreign-route",
        title="GET on a route of a foreign organisation",
        catalogue=("api-path-tenant-vs-token-tenant",),
        steps=lambda aim: _get(aim, signed=True),
    ),
    _READ(
        id="execute-api.read.unsigned-route",
        title="GET on a route of a foreign organisation without any signature",
        catalogue=("api-missing-or-malformed-bearer",),
        cwe=("CWE-306",),
        # API Gateway itself refuses, before IAM is asked about any action.
        actions=(),
        steps=lambda aim: _get(aim, signed=False),
        control_steps=lambda aim: _get(aim, signed=True),
    ),
)
