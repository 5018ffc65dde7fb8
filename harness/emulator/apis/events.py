"""What a function behind a route is given: events of payload format 1.0 and 2.0, and those of Lambda authorizers.

Their members are those of the pages "Create AWS Lambda proxy integrations for HTTP APIs", "Input format of a Lambda
function for proxy integration" and the two on Lambda authorizers.
"""

from __future__ import annotations

import base64
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from harness.emulator.apis.apis import ApiKind, AuthorizerKind
from harness.emulator.apis.token_authorizers import claim_texts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.emulator.apis.apis import Authorizer
    from harness.emulator.apis.route_calls import Authorized, RouteCall
    from harness.emulator.principals import Principal

_HERE = "127.0.0.1"
_COGNITO = "cognito-identity.amazonaws.com"
_TEXT = ("text/", "application/json", "application/javascript", "application/xml", "application/x-www-form-urlencoded")


def integration_event(call: RouteCall, authorized: Authorized) -> dict[str, Any]:
    """Return the event for the function behind the route, in the payload format of its integration."""
    integration = call.match.route.integration
    if integration is not None and integration.payload_format == "2.0":
        context = _context_2(call)
        authorizer = _authorizer_2(authorized)
        if authorizer:
            context["authorizer"] = authorizer
        event = {"version": "2.0", **_request_2(call), "requestContext": context, **_body(call)}
        return {name: value for name, value in event.items() if value is not None}
    return {**_versions(call), **_request_1(call, authorized), **_body(call)}


def authorizer_event(call: RouteCall, authorizer: Authorizer, identity: tuple[str, ...]) -> dict[str, Any]:
    """Return the event for a Lambda authorizer, with the values of its identity sources."""
    if authorizer.kind is AuthorizerKind.TOKEN:
        return {"type": "TOKEN", "authorizationToken": identity[0], "methodArn": call.arn}
    if authorizer.payload_format == "2.0":
        event = {
            "version": "2.0",
            "type": "REQUEST",
            "routeArn": call.arn,
            "identitySource": list(identity),
            **_request_2(call),
            "requestContext": _context_2(call),
        }
        return {name: value for name, value in event.items() if value is not None}
    event = {**_versions(call), "type": "REQUEST", "methodArn": call.arn, **_request_1(call, None)}
    if call.api.kind is ApiKind.HTTP:
        sources = ",".join(identity)
        event |= {"identitySource": sources, "authorizationToken": sources}
    return event


def _versions(call: RouteCall) -> dict[str, str]:
    return {"version": "1.0"} if call.api.kind is ApiKind.HTTP else {}


def _request_2(call: RouteCall) -> dict[str, Any]:
    headers = dict(call.sent.headers)
    cookies = headers.pop("cookie", None)
    return {
        "routeKey": call.match.route.key,
        "rawPath": unquote(call.full_path),
        "rawQueryString": call.raw_query,
        "cookies": None if cookies is None else [cookie.strip() for cookie in cookies.split(";")],
        "headers": headers,
        "queryStringParameters": {name: ",".join(values) for name, values in call.query.items()} or None,
        "pathParameters": call.match.parameters or None,
        "stageVariables": dict(call.stage.variables) or None,
    }


def _context_2(call: RouteCall) -> dict[str, Any]:
    return {
        "accountId": call.api.account,
        "apiId": call.api.id,
        "domainName": call.api.domain,
        "domainPrefix": call.api.id,
        "http": {
            "method": call.sent.method,
            "path": unquote(call.full_path),
            "protocol": "HTTP/1.1",
            "sourceIp": _HERE,
            "userAgent": call.sent.headers.get("user-agent", ""),
        },
        "requestId": call.request_id,
        "routeKey": call.match.route.key,
        "stage": call.stage.name,
        "time": time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(call.now)),
        "timeEpoch": int(call.now * 1000),
    }


def _authorizer_2(authorized: Authorized) -> dict[str, Any]:
    if authorized.claims is not None:
        scopes = None if authorized.scopes is None else list(authorized.scopes)
        return {"jwt": {"claims": claim_texts(authorized.claims, ApiKind.HTTP), "scopes": scopes}}
    if authorized.caller is not None:
        caller = authorized.caller
        return {
            "iam": {
                "accessKey": authorized.access_key_id,
                "accountId": caller.account,
                "callerId": caller.user_id,
                "cognitoIdentity": _cognito_identity(caller),
                "principalOrgId": None,
                "userArn": caller.arn,
                "userId": caller.user_id,
            }
        }
    return {} if authorized.context is None else {"lambda": dict(authorized.context)}


def _cognito_identity(caller: Principal) -> dict[str, Any] | None:
    if f"{_COGNITO}:sub" not in caller.context:
        return None
    return {
        "amr": list(caller.context.get(f"{_COGNITO}:amr", ())),
        "identityId": caller.context[f"{_COGNITO}:sub"][0],
        "identityPoolId": caller.context[f"{_COGNITO}:aud"][0],
    }


def _request_1(call: RouteCall, authorized: Authorized | None) -> dict[str, Any]:
    route, query = call.match.route, call.query
    # unconfirmed.HEADER_NAMES_OF_FORMAT_1: the doors do not keep the letters' case.
    headers = {name.title(): value for name, value in call.sent.headers.items()}
    return {
        "resource": route.path,
        "path": unquote(call.full_path if call.api.kind is ApiKind.HTTP else call.path),
        "httpMethod": call.sent.method,
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": {name: values[-1] for name, values in query.items()} or None,
        "multiValueQueryStringParameters": query or None,
        "pathParameters": call.match.parameters or None,
        "stageVariables": dict(call.stage.variables) or None,
        "requestContext": _context_1(call, authorized),
    }


def _context_1(call: RouteCall, authorized: Authorized | None) -> dict[str, Any]:
    route = call.match.route
    context = {
        "accountId": call.api.account,
        "apiId": call.api.id,
        "domainName": call.api.domain,
        "domainPrefix": call.api.id,
        "extendedRequestId": call.request_id,
        "httpMethod": call.sent.method,
        "identity": _identity_1(call, authorized),
        "path": unquote(call.full_path),
        "protocol": "HTTP/1.1",
        "requestId": call.request_id,
        "requestTime": time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(call.now)),
        "requestTimeEpoch": int(call.now * 1000),
        "resourceId": route.resource_id or route.key,
        "resourcePath": route.path,
        "stage": call.stage.name,
    }
    authorizer = {} if authorized is None else _authorizer_1(call.api.kind, authorized)
    return {**context, "authorizer": authorizer} if authorizer else context


def _authorizer_1(kind: ApiKind, authorized: Authorized) -> Mapping[str, Any]:
    if authorized.claims is not None:
        claims = {"claims": claim_texts(authorized.claims, kind)}
        return {**claims, "scopes": list(authorized.scopes or ()) or None} if kind is ApiKind.HTTP else claims
    if authorized.context is None:
        return {}
    principal = {} if authorized.principal_id is None else {"principalId": authorized.principal_id}
    return {**authorized.context, **principal}


def _identity_1(call: RouteCall, authorized: Authorized | None) -> dict[str, Any]:
    caller = None if authorized is None else authorized.caller
    cognito = None if caller is None else _cognito_identity(caller)
    return {
        "accessKey": authorized.access_key_id if authorized is not None and caller is not None else None,
        "accountId": None if caller is None else caller.account,
        "caller": None if caller is None else caller.user_id,
        "cognitoAuthenticationProvider": None if cognito is None else ",".join(cognito["amr"][1:]) or None,
        "cognitoAuthenticationType": None if cognito is None else cognito["amr"][0],
        "cognitoIdentityId": None if cognito is None else cognito["identityId"],
        "cognitoIdentityPoolId": None if cognito is None else cognito["identityPoolId"],
        "principalOrgId": None,
        "sourceIp": _HERE,
        "user": None if caller is None else caller.user_id,
        "userAgent": call.sent.headers.get("user-agent"),
        "userArn": None if caller is None else caller.arn,
    }


def _body(call: RouteCall) -> dict[str, Any]:
    if not call.sent.body:
        return {"body": None, "isBase64Encoded": False}
    is_text = call.api.kind is ApiKind.REST or call.sent.headers.get("content-type", "text/plain").startswith(_TEXT)
    if is_text:
        return {"body": call.sent.body.decode("utf-8", "replace"), "isBase64Encoded": False}
    return {"body": base64.b64encode(call.sent.body).decode(), "isBase64Encoded": True}
