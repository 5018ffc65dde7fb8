"""Reaching for the routes of an API that belong to somebody else."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from harness import forgery
from harness.attacks.obtained import BySomebody
from harness.attacks.technique import Callers, Feature, LeakKind, Severity, Technique, Victim
from harness.blueprints.contract import Effect
from harness.outcome import Outcome
from harness.targets.http import BearerToken, HttpRequest, RouteCall

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from harness.attacks.aim import Aim
    from harness.attacks.technique import Steps
    from harness.secret import Secret
    from harness.sessions import Session
    from harness.targets.api import ApiResponse

_GUIDE = "https://docs.aws.amazon.com/apigateway/latest/developerguide"
# Longer than a sort key of DynamoDB may be: whatever looks such a name up fails.
_OVERLONG = "x" * 1100
# What an answer to the public must not hold of what goes on behind it.
_INTERNALS = re.compile(r"Traceback \(most recent call last\)|\barn:aws[a-z-]*:|\b[0-9]{12}\b|/var/task/")
_FAILURES = frozenset({"400", "404", "500", "502"})


def _call(
    aim: Aim, path: str, *, by: Session | None = None, method: str = "GET", headers: Mapping[str, str] | None = None
) -> RouteCall:
    """Return a call of a route as the design wants it: signed, or with the access token of whoever calls."""
    request = HttpRequest(method, aim.deployment.api_url + path, headers or {})
    if aim.routes_are_signed:
        return RouteCall(request, signed=True)
    token = (by or aim.caller).access_token
    return RouteCall(request, None if token is None else BearerToken(token))


def _foreign(aim: Aim) -> tuple[RouteCall, ...]:
    return (_call(aim, aim.asset.path),)


def _own(aim: Aim) -> tuple[RouteCall, ...]:
    return (_call(aim, aim.own.path),)


def _bare(aim: Aim, **headers: str) -> tuple[RouteCall, ...]:
    return (RouteCall(HttpRequest("GET", aim.deployment.api_url + aim.asset.path, headers)),)


def _with(token_of: Callable[[Aim], Secret]) -> Steps:
    return lambda aim: (
        RouteCall(HttpRequest("GET", aim.deployment.api_url + aim.asset.path), BearerToken(token_of(aim))),
    )


def _own_namesake(aim: Aim) -> str:
    """Return the path of the caller's own that differs from the victim's in nothing but whose it is."""
    return aim.asset.path_of(aim.own.discriminator)


def _after_the_victim(aim: Aim) -> tuple[BySomebody | RouteCall, ...]:
    # Parameters that nobody else sends, so that nothing but the victim's call can be remembered of them.
    pair = (aim.caller.caller, aim.victim.caller)
    query = "?view=" + "-".join(f"{each.tenant}-{each.persona}" for each in pair)
    theirs = _call(aim, aim.asset.path + query, by=aim.victim)
    return (BySomebody(theirs, aim.victim), _call(aim, _own_namesake(aim) + query))


def _after_ones_own(aim: Aim) -> tuple[BySomebody | RouteCall, ...]:
    return (BySomebody(_call(aim, aim.own.path), aim.caller), *_foreign(aim))


def _up_and_down(aim: Aim) -> tuple[RouteCall, ...]:
    # An encoded slash separates nothing for the API, and everything for whoever decodes the path once more.
    own = aim.own.path.removesuffix(aim.own.path_name)
    up = "..%2F" * own.strip("/").count("/") + "..%2F"
    return (_call(aim, own + up + aim.asset.path.lstrip("/").replace("/", "%2F")),)


def _in_the_victims_name(aim: Aim) -> tuple[RouteCall, ...]:
    # Every place but the token in which APIs have been seen to be told whom to serve.
    named = {"tenant": aim.asset.discriminator, "tenant_id": aim.asset.discriminator, "org": aim.asset.discriminator}
    headers = {"x-tenant-id": aim.asset.discriminator, "x-api-key": aim.asset.discriminator}
    return (_call(aim, f"{_own_namesake(aim)}?{urlencode(named)}", headers=headers),)


def _own_is_sound(answer: ApiResponse) -> Outcome | None:
    return Outcome.REFUSED if answer.succeeded else None


def _nothing_there_is_sound(answer: ApiResponse) -> Outcome | None:
    return Outcome.REFUSED if answer.error_code == "404" else None


def _tells_internals(answer: ApiResponse) -> Outcome | None:
    if answer.error_code not in _FAILURES:
        return None
    return Outcome.ALLOWED if _INTERNALS.search(f"{dict(answer.data)} {answer.message}") else Outcome.REFUSED


_READ = partial(
    Technique,
    plane="execute-api",
    effect=Effect.READ,
    operation="GET",
    severity=Severity.CRITICAL,
    control_steps=_foreign,
    requires=frozenset({Feature.ROUTES}),
)
_OWN = partial(_READ, callers=Callers.OWNERS)
_SIGNED = partial(
    _READ,
    documentation=f"{_GUIDE}/permissions.html",
    actions=("execute-api:Invoke",),
    requires=frozenset({Feature.SIGNED_ROUTES}),
)
_TOKEN = partial(
    _READ,
    documentation=f"{_GUIDE}/apigateway-use-lambda-authorizer.html",
    requires=frozenset({Feature.TOKEN_ROUTES}),
)

TECHNIQUES = (
    _SIGNED(
        id="execute-api.read.foreign-route",
        title="GET on a route of a foreign organisation",
        catalogue=("api-path-tenant-vs-token-tenant",),
        steps=_foreign,
    ),
    _SIGNED(
        id="execute-api.read.other-verb",
        title="POST on a route of a foreign organisation that is meant for GET",
        operation="POST",
        catalogue=("api-path-tenant-vs-token-tenant",),
        steps=lambda aim: (_call(aim, aim.asset.path, method="POST"),),
    ),
    _SIGNED(
        id="execute-api.read.unsigned-route",
        title="GET on a route of a foreign organisation without any signature",
        catalogue=("api-missing-or-malformed-bearer",),
        cwe=("CWE-306",),
        # API Gateway itself refuses, before IAM is asked about any action.
        actions=(),
        steps=_bare,
    ),
    _TOKEN(
        id="execute-api.read.foreign-route-with-token",
        title="GET on a route of a foreign organisation with one's own token",
        catalogue=("api-path-tenant-vs-token-tenant",),
        steps=_foreign,
    ),
    _TOKEN(
        id="execute-api.read.foreign-route-after-own",
        title="GET on a route of a foreign organisation right after one of one's own, with the same token",
        catalogue=("api-authorizer-cache-too-wide",),
        cwe=("CWE-524", "CWE-863"),
        callers=Callers.OWNERS,
        steps=_after_ones_own,
    ),
    _TOKEN(
        id="execute-api.read.no-token",
        title="GET on a route of a foreign organisation without any token",
        catalogue=("api-missing-or-malformed-bearer",),
        cwe=("CWE-306",),
        steps=_bare,
    ),
    _TOKEN(
        id="execute-api.read.malformed-bearer",
        title="GET on a route of a foreign organisation with an authorization that is no bearer token",
        catalogue=("api-missing-or-malformed-bearer",),
        cwe=("CWE-287",),
        steps=lambda aim: _bare(aim, authorization="Basic bm9ib2R5Og=="),
    ),
    _TOKEN(
        id="execute-api.read.foreign-key",
        title="GET on a route of a foreign organisation with a token in the victim's name and a key of one's own",
        catalogue=("tok-signature-stripped-or-tampered",),
        cwe=("CWE-347",),
        steps=_with(lambda aim: forgery.signed_with_foreign_key(aim.access_token, **aim.victims_claims)),
    ),
    _TOKEN(
        id="execute-api.read.id-token",
        title="GET on one's own route with the ID token, which is for the application, in place of the access token",
        catalogue=("tok-id-token-as-access-token",),
        documentation=f"{_GUIDE}/http-api-jwt-authorizer.html",
        severity=Severity.NORMAL,
        cwe=("CWE-287",),
        callers=Callers.OWNERS,
        victim=Victim.NOBODY,
        control_steps=_own,
        steps=lambda aim: (
            RouteCall(HttpRequest("GET", aim.deployment.api_url + aim.own.path), BearerToken(aim.id_token)),
        ),
    ),
    _OWN(
        id="execute-api.read.forged-subject",
        title="GET on one's own route, naming the victim's organisation in parameters and headers",
        catalogue=(
            "api-forged-subject-parameter",
            "api-usage-plan-key-as-identity",
            "ddb-query-filter-is-not-authorisation",
        ),
        documentation=f"{_GUIDE}/api-gateway-api-usage-plans.html",
        reads=_own_is_sound,
        steps=_in_the_victims_name,
    ),
    _OWN(
        id="execute-api.read.after-the-victim",
        title="GET on one's own route right after the victim has asked for the same on its own",
        catalogue=("api-cache-key-without-tenant",),
        documentation=f"{_GUIDE}/api-gateway-caching.html",
        cwe=("CWE-524",),
        reads=_own_is_sound,
        steps=_after_the_victim,
    ),
    _OWN(
        id="execute-api.read.dots-in-path",
        title="GET on a path that begins as one's own and leads by encoded dots to the victim's",
        catalogue=("api-path-tenant-vs-token-tenant", "s3-key-traversal-and-encoding"),
        documentation=f"{_GUIDE}/http-api-develop-routes.html",
        cwe=("CWE-22",),
        reads=_nothing_there_is_sound,
        steps=_up_and_down,
    ),
    _OWN(
        id="execute-api.read.provoked-error",
        title="GET on one's own route for a name so long that looking it up fails",
        catalogue=("api-error-message-leaks-foreign-data",),
        documentation=f"{_GUIDE}/handle-errors-in-lambda-integration.html",
        severity=Severity.NORMAL,
        cwe=("CWE-209",),
        allowed_means=LeakKind.ORACLE,
        reads=_tells_internals,
        steps=lambda aim: (_call(aim, aim.own.path + _OVERLONG),),
    ),
)
