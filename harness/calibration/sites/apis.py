"""APIs with a function behind them: who may call a route with a signature, with a token, or as an authorizer says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness import forgery
from harness.blueprints.contract import Contract
from harness.blueprints.identity_trust import TRUSTING_LAMBDA
from harness.blueprints.policies import ACCOUNT, allow, policy
from harness.blueprints.spec import (
    ApiKind,
    ApiSpec,
    AuthorizerSpec,
    Blueprint,
    FunctionSpec,
    RoleSpec,
    RouteAuthorizer,
    RouteSpec,
    UserPoolSpec,
)
from harness.calibration.probe import Call, Probe
from harness.calibration.rules import Rule
from harness.calibration.site import SiteDesign
from harness.calibration.sites.requests import nobody, role
from harness.calibration.sites.users import CLIENTS, persona
from harness.secret import Secret
from harness.targets.api import ApiRequest
from harness.targets.http import BearerToken, HttpRequest, RouteCall

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.blueprints.spec import Document
    from harness.calibration.probe import Asked, Caller
    from harness.calibration.site import Site

_USER = "user"
_ANSWERING = """\
def handler(event, context):
    return {"statusCode": 200, "body": "{}"}
"""
# Lets in whoever says a word that stands in no request of the attacks.
_AUTHORIZING = """\
def handler(event, context):
    return {"isAuthorized": event["headers"].get("authorization") == "Bearer sesame"}
"""
_TRUSTING_ACCOUNT: Document = policy({"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"})
_FUNCTION = "@{function.answering.arn}"


def _route(path: str, token: Callable[[Site], Secret] | None = None, *, signed: bool = False) -> Asked:
    def asks(site: Site) -> RouteCall:
        request = HttpRequest("GET", f"{site.deployment.api_url}{path}")
        return RouteCall(request, None if token is None else BearerToken(token(site)), signed)

    return asks


def _calls(asks: Asked, operation: str, by: Caller = nobody) -> Call:
    return Call(by=by, asks=asks, actions=("execute-api:Invoke",), operation=operation)


def _genuine(site: Site) -> Secret:
    return site.tokens(_USER)["IdToken"]


def _of_another_client(site: Site) -> Secret:
    return site.tokens(_USER, "other")["IdToken"]


def _token_probe(rule: Rule, path: str, *, app_clients: bool) -> Probe:
    """Return the probe of an authorizer that verifies tokens; only JWT authorizers tell app clients apart."""
    attacks = [
        _calls(_route(path), "a call without a token"),
        _calls(_route(path, lambda site: forgery.unsigned(_genuine(site))), "a token without a signature"),
        _calls(_route(path, lambda site: forgery.tampered(_genuine(site), sub="x")), "a token with changed claims"),
        _calls(
            _route(path, lambda site: forgery.signed_with_foreign_key(_genuine(site))),
            "a token signed with another key",
        ),
    ]
    if app_clients:
        attacks.append(_calls(_route(path, _of_another_client), "a token of another app client"))
    return Probe(rule, (_calls(_route(path, _genuine), "GET"),), tuple(attacks))


def _invoke(site: Site) -> ApiRequest:
    return ApiRequest("lambda", "Invoke", {"FunctionName": site.deployment.functions["answering"], "Payload": b"{}"})


def _invoked(name: str) -> Call:
    return Call(by=role(name), asks=_invoke, actions=("lambda:InvokeFunction",), operation="lambda:InvokeFunction")


_SIGNED = _route("/signed", signed=True)
_FUNCTIONS = (RoleSpec("function", TRUSTING_LAMBDA),)
HTTP_API = SiteDesign(
    Blueprint(
        name="calibration-http-api",
        title="An HTTP API with a route for each kind of authorizer",
        source=Rule.API_TOKEN_AUTHORIZERS.documentation,
        contract=Contract((persona(_USER),), ()),
        user_pool=UserPoolSpec(app_clients=CLIENTS),
        functions=(
            FunctionSpec("answering", _ANSWERING, "function"),
            FunctionSpec("authorizing", _AUTHORIZING, "function"),
        ),
        roles=(
            *_FUNCTIONS,
            RoleSpec("nobody", _TRUSTING_ACCOUNT),
            RoleSpec(
                "wide",
                _TRUSTING_ACCOUNT,
                {
                    "call": policy(
                        allow("Route", "execute-api:Invoke", "@{api.arn}/*/GET/signed"),
                        allow("Function", "lambda:InvokeFunction", _FUNCTION),
                    )
                },
            ),
            RoleSpec(
                "elsewhere",
                _TRUSTING_ACCOUNT,
                {
                    "call": policy(
                        allow("OtherRoute", "execute-api:Invoke", "@{api.arn}/*/GET/elsewhere"),
                        allow("OtherFunction", "lambda:InvokeFunction", f"{_FUNCTION}-elsewhere"),
                        allow("OtherCalls", "lambda:GetFunction", _FUNCTION),
                    )
                },
            ),
        ),
        api=ApiSpec(
            "calibration",
            (
                RouteSpec("GET", "/signed", RouteAuthorizer.IAM, "answering"),
                RouteSpec("GET", "/token", RouteAuthorizer.TOKEN, "answering"),
                RouteSpec("GET", "/function", RouteAuthorizer.FUNCTION, "answering"),
            ),
            audience="web",
            authorizer=AuthorizerSpec("authorizing"),
        ),
    ),
    (
        Probe(Rule.IDENTITY_POLICIES_LAMBDA, (_invoked("wide"),), (_invoked("nobody"), _invoked("elsewhere"))),
        Probe(
            Rule.IDENTITY_POLICIES_EXECUTE_API,
            (_calls(_SIGNED, "GET", role("wide")),),
            (
                _calls(_SIGNED, "GET", role("nobody")),
                _calls(_SIGNED, "GET", role("elsewhere")),
                _calls(_route("/signed"), "a call without a signature"),
            ),
        ),
        _token_probe(Rule.API_TOKEN_AUTHORIZERS, "/token", app_clients=True),
        Probe(
            Rule.API_FUNCTION_AUTHORIZERS,
            (_calls(_route("/function", lambda _: Secret("sesame")), "GET"),),
            (
                _calls(_route("/function", lambda _: Secret("wrong")), "a call that the authorizer refuses"),
                _calls(_route("/function"), "a call without a token"),
            ),
        ),
    ),
)
REST_API = SiteDesign(
    Blueprint(
        name="calibration-rest-api",
        title="A REST API with a Cognito authorizer",
        source=Rule.API_COGNITO_AUTHORIZERS.documentation,
        contract=Contract((persona(_USER),), ()),
        user_pool=UserPoolSpec(app_clients=CLIENTS),
        functions=(FunctionSpec("answering", _ANSWERING, "function"),),
        roles=_FUNCTIONS,
        api=ApiSpec(
            "calibration",
            (RouteSpec("GET", "/token", RouteAuthorizer.TOKEN, "answering"),),
            kind=ApiKind.REST,
        ),
    ),
    (_token_probe(Rule.API_COGNITO_AUTHORIZERS, "/token", app_clients=False),),
)
