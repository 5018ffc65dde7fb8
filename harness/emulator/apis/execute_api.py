"""Requests to APIs: stage, route, authorizer, function, answer (aws-semantics section 8)."""

from __future__ import annotations

import base64
import binascii
import json
from typing import TYPE_CHECKING, Any

from harness.emulator.apis.apis import ApiKind, AuthorizerKind
from harness.emulator.apis.events import integration_event
from harness.emulator.apis.lambda_authorizers import API_GATEWAY, LambdaAuthorizers
from harness.emulator.apis.refusals import (
    ApiRefusal,
    bad_integration,
    internal_error,
    missing_signature,
    no_route,
    refusal,
)
from harness.emulator.apis.route_calls import Authorized, RouteCall
from harness.emulator.apis.routes import DEFAULT, match
from harness.emulator.apis.token_authorizers import TokenAuthorizers
from harness.emulator.authorization_check import AuthorizationCheck
from harness.emulator.endpoints import Endpoint
from harness.emulator.service import NotDerivableError, ServiceError
from harness.emulator.user_pools.functions_port import FunctionError, FunctionNotInvokableError
from harness.emulator.wire import Reply

if TYPE_CHECKING:
    from harness.emulator.apis.apis import Api, Apis, Stage
    from harness.emulator.authorization import Authorizer
    from harness.emulator.clock import Clock
    from harness.emulator.http.raw_http import RawCall
    from harness.emulator.signatures.sigv4 import SignatureVerifier
    from harness.emulator.token_issuers import TokenIssuers
    from harness.emulator.user_pools.functions_port import Functions

_ANSWER_MEMBERS = frozenset({"statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded", "cookies"})


class ExecuteApi:
    """Answers the plain HTTP requests to the APIs of one embedded cloud; see raw_http.RawHttp."""

    def __init__(
        self,
        *,
        apis: Apis,
        functions: Functions,
        issuers: TokenIssuers,
        verifier: SignatureVerifier,
        authorizer: Authorizer,
        clock: Clock,
    ) -> None:
        self._apis = apis
        self._functions = functions
        self._verifier = verifier
        self._authorizer = authorizer
        self._clock = clock
        self._tokens = TokenAuthorizers(issuers)
        self._lambdas = LambdaAuthorizers(functions, authorizer.decides_for_service)

    def answer(self, call: RawCall, request_id: str) -> Reply:
        """Return what the API answers. Raises NotDerivableError for what is not implemented."""
        try:
            routed = self._routed(call, request_id)
            return self._performed(routed, self._authorized(routed))
        except ApiRefusal as refused:
            return refused.reply

    def _routed(self, call: RawCall, request_id: str) -> RouteCall:
        api = self._apis.find(call.name)
        if api is None or call.region not in (None, api.region):
            raise refusal(ApiKind.REST, 403, "Forbidden")
        stage, path = _stage_of(api, call.path)
        if stage is None or stage.deployment is None:
            raise refusal(api.kind, 403, "Forbidden") if api.kind is ApiKind.REST else no_route(api.kind)
        found = match(stage.deployment.routes, call.sent.method, path)
        if found is None:
            raise no_route(api.kind)
        return RouteCall(api, stage, found, path, call.path, call.query, call.sent, request_id, self._clock.now())

    def _authorized(self, call: RouteCall) -> Authorized:
        route, deployment = call.match.route, call.stage.deployment
        if route.authorization_type == "NONE":
            return Authorized()
        if route.authorization_type == "AWS_IAM":
            return self._signed(call)
        authorizer = None if deployment is None else deployment.authorizers.get(route.authorizer_id or "")
        if authorizer is None:
            raise internal_error(call.api.kind)
        if authorizer.kind is AuthorizerKind.JWT:
            return self._tokens.by_jwt(authorizer, call)
        if authorizer.kind is AuthorizerKind.COGNITO:
            return self._tokens.by_cognito(authorizer, call)
        return self._lambdas.by_function(authorizer, call)

    def _signed(self, call: RouteCall) -> Authorized:
        api = call.api
        try:
            verified = self._verifier.verify(call.sent, Endpoint("execute-api", api.region))
            if verified is None:
                raise missing_signature(api.kind)
            check = AuthorizationCheck("execute-api:Invoke", call.arn, resource_account=api.account)
            self._authorizer.require(verified.principal, check, api.account, api.region)
        except NotDerivableError:
            raise
        except ServiceError as error:
            raise _refused(api.kind, error) from None
        return Authorized(caller=verified.principal, access_key_id=verified.issued.access_key_id)

    def _performed(self, call: RouteCall, authorized: Authorized) -> Reply:
        kind, integration = call.api.kind, call.match.route.integration
        if integration is None:
            raise internal_error(kind)
        try:
            answer = self._functions.invoke(
                integration.function_arn,
                integration_event(call, authorized),
                source_arn=call.route_arn,
                principal=API_GATEWAY,
            )
        except FunctionNotInvokableError:
            raise internal_error(kind) from None
        except FunctionError:
            raise bad_integration(kind) from None
        return _reply(answer, kind, inferred=integration.payload_format == "2.0")


def _stage_of(api: Api, path: str) -> tuple[Stage | None, str]:
    """Return the stage that a path names, and the path within it."""
    first, slash, rest = path[1:].partition("/")
    if first in api.stages and first != DEFAULT:
        return api.stages[first], f"{slash or '/'}{rest}"
    return (api.stages.get(DEFAULT), path) if api.kind is ApiKind.HTTP else (None, path)


def _refused(kind: ApiKind, error: ServiceError) -> ApiRefusal:
    if kind is ApiKind.HTTP:
        return refusal(kind, 403, "Forbidden")
    if error.code == "AccessDeniedException":
        return ApiRefusal(403, {"Message": error.message}, {"x-amzn-ErrorType": error.code})
    return refusal(kind, 403, error.message, error.code)


def _reply(answer: Any, kind: ApiKind, *, inferred: bool) -> Reply:
    """Return the HTTP answer that a function's answer means; with format 2.0 anything but that is a JSON body."""
    if inferred and not (isinstance(answer, dict) and "statusCode" in answer):
        text = answer if isinstance(answer, str) else json.dumps(answer)
        return Reply(200, {"Content-Type": "application/json"}, text.encode())
    if not isinstance(answer, dict) or (kind is ApiKind.REST and not answer.keys() <= _ANSWER_MEMBERS):
        raise bad_integration(kind)
    try:
        status = int(answer["statusCode"])
        body = _body(answer.get("body"), encoded=bool(answer.get("isBase64Encoded")))
        headers = {str(name): _header(value) for name, value in (answer.get("headers") or {}).items()}
        for name, values in (answer.get("multiValueHeaders") or {}).items():
            headers[str(name)] = _only(values)
        if answer.get("cookies"):
            headers["Set-Cookie"] = _only(answer["cookies"])
    except (KeyError, TypeError, ValueError, AttributeError, binascii.Error):
        raise bad_integration(kind) from None
    if not any(name.lower() == "content-type" for name in headers):
        headers["Content-Type"] = "application/json" if kind is ApiKind.REST else "text/plain; charset=utf-8"
    return Reply(status, headers, body)


def _body(body: Any, *, encoded: bool) -> bytes:
    if body is None:
        return b""
    if not isinstance(body, str):
        raise TypeError
    return base64.b64decode(body) if encoded else body.encode()


def _header(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if not isinstance(value, str | int | float):
        raise TypeError
    return str(value)


def _only(values: list[str]) -> str:
    if len(values) != 1:
        raise NotDerivableError("several headers of one name in an answer")
    return str(values[0])
