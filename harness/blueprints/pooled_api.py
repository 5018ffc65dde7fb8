"""pooled-api: one API for all organisations; a function decides by the token whether a request may pass.

Users have no AWS credentials. What is behind the API may read everything, so that the authorizer and the path alone
keep organisations apart.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from harness.blueprints.contract import Contract, Effect, Grant, Persona, Reach, SignIn
from harness.blueprints.edit import also, edit_function, edit_roles, edit_route, set_environment
from harness.blueprints.functions import source_of
from harness.blueprints.identity_trust import TRUSTING_LAMBDA
from harness.blueprints.policies import allow, policy
from harness.blueprints.spec import (
    ApiSpec,
    AppClientSpec,
    AttributeSpec,
    AuthorizerSpec,
    Blueprint,
    FunctionSpec,
    Place,
    RoleSpec,
    RouteAuthorizer,
    RouteSpec,
    TableSpec,
    UserPoolSpec,
    Weakness,
)

if TYPE_CHECKING:
    from harness.blueprints.edit import Change

_CONTRACT = Contract(
    personas=(
        Persona("member", SignIn.TOKENS, attributes={"custom:org": "{tenant}"}),
        Persona("manager", SignIn.TOKENS, attributes={"custom:org": "{tenant}"}),
    ),
    grants=(
        Grant("member", "execute-api", Effect.READ, Reach.OWN),
        Grant("manager", "execute-api", Effect.READ, Reach.OWN),
    ),
)
_ROUTE = RouteSpec("GET", "/{org}/notes/{proxy+}", RouteAuthorizer.FUNCTION, "notes")
_API = ApiSpec("notes", routes=(_ROUTE,), authorizer=AuthorizerSpec("authorizer"))


def _answers_kept(blueprint: Blueprint) -> Blueprint:
    return replace(blueprint, api=replace(_API, authorizer=AuthorizerSpec("authorizer", cached_seconds=300)))


def _opened(blueprint: Blueprint) -> Blueprint:
    return edit_route(blueprint, _ROUTE.path, lambda route: replace(route, authorizer=RouteAuthorizer.NONE))


def _coding(function: str, *changes: tuple[str, str]) -> Change:
    return lambda blueprint: edit_function(blueprint, function, *changes)


_showing = partial(_coding, "notes")
_deciding = partial(_coding, "authorizer")
_ORG = "path['org']"
_LOOKED_UP = 'TABLE.get_item(Key={"PK": f"{path[\'org\']}#notes", "SK": path["proxy"]}).get("Item")'
_CACHED = f"""CACHE.get((path["proxy"], event["rawQueryString"])) or {_LOOKED_UP}
    if event["rawQueryString"]:
        CACHE[path["proxy"], event["rawQueryString"]] = found"""
_FILTERED = """next(iter(TABLE.scan(
        FilterExpression="PK = :org AND SK = :name",
        ExpressionAttributeValues={
            ":org": (event.get("queryStringParameters") or {}).get("tenant", path["org"]) + "#notes",
            ":name": path["proxy"],
        },
    )["Items"]), None)"""
_NORMALISED = """    org, _, proxy = posixpath.normpath(event["rawPath"])[1:].partition("/notes/")
    path = {"org": org, "proxy": proxy}
"""
_CAUGHT = """    try:
        return shown(event)
    except Exception:
        return {"statusCode": 500, "body": json.dumps({"message": traceback.format_exc()})}


def shown(event):
    path = event["pathParameters"]"""
_BELIEVED = """    part = token.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    name = claims.get("cognito:username") or claims["username"]
    user = COGNITO.admin_get_user(UserPoolId=os.environ["USER_POOL"], Username=name)
"""
_VERIFIED = """    try:
        user = COGNITO.get_user(AccessToken=token)
    except ClientError:
        return None
"""


def _tokens_decoded(blueprint: Blueprint) -> Blueprint:
    decoding = _deciding(
        (_VERIFIED, _BELIEVED), ("import boto3\n", "import base64\nimport json\nimport os\n\nimport boto3\n")
    )
    told = set_environment(decoding(blueprint), "authorizer", USER_POOL="@{user_pool.id}")
    finding = allow("FindUsers", "cognito-idp:AdminGetUser", "@{user_pool.arn}")
    return edit_roles(told, ("authorizer-function",), lambda role: replace(role, policies={"users": policy(finding)}))


def _any_token_of_the_client(blueprint: Blueprint) -> Blueprint:
    opened = replace(blueprint, api=replace(_API, authorizer=None, audience="web"))
    return edit_route(opened, _ROUTE.path, lambda route: replace(route, authorizer=RouteAuthorizer.TOKEN))


def _searched_by_filter(blueprint: Blueprint) -> Blueprint:
    searching = allow("SearchNotes", "dynamodb:Scan", "@{table.items.arn}")
    return also(("notes-function",), "notes", searching)(_showing((_LOOKED_UP, _FILTERED))(blueprint))


_WEAKNESSES = (
    Weakness(
        id="api-path-tenant-vs-token-tenant",
        title="the authorizer lets everybody pass who is of some organisation, and the path says whose notes to show",
        change=_deciding((' and organisation == event["pathParameters"]["org"]', "")),
        leaks=("execute-api.read.foreign-route-with-token",),
    ),
    Weakness(
        id="api-path-tenant-vs-token-tenant/normalised",
        title="the function behind the route takes the organisation from the path once its dots are resolved",
        change=_showing(
            ('    path = event["pathParameters"]\n', _NORMALISED),
            ("import os\n", "import os\nimport posixpath\n"),
        ),
        leaks=("execute-api.read.dots-in-path",),
    ),
    Weakness(
        id="api-authorizer-cache-too-wide",
        title="the authorizer's answer is kept for the token, whatever route it was given for",
        change=_answers_kept,
        leaks=("execute-api.read.foreign-route-after-own",),
    ),
    Weakness(
        id="api-missing-or-malformed-bearer",
        title="the authorizer takes what is no bearer token for a colleague's tool, and lets it pass",
        change=_deciding(
            ('{"isAuthorized": organisation', '{"isAuthorized": organisation == "tool" or organisation'),
            (
                '    if scheme != "Bearer":\n        return None\n',
                '    if scheme != "Bearer":\n        return "tool"\n',
            ),
        ),
        leaks=("execute-api.read.malformed-bearer",),
    ),
    Weakness(
        id="api-route-without-authorizer",
        title="the route asks for no token",
        change=_opened,
        leaks=("execute-api.read.no-token", "execute-api.read.foreign-route-with-token"),
    ),
    Weakness(
        id="tok-signature-stripped-or-tampered",
        title="the authorizer decodes tokens without verifying them",
        change=_tokens_decoded,
        leaks=("execute-api.read.foreign-key",),
    ),
    Weakness(
        id="tok-id-token-as-access-token",
        title="a JWT authorizer without scopes takes tokens of either kind, and nobody compares them with the path",
        change=_any_token_of_the_client,
        leaks=("execute-api.read.id-token", "execute-api.read.foreign-route-with-token"),
    ),
    Weakness(
        id="api-forged-subject-parameter",
        title="a parameter of the request says whose notes are shown",
        change=_showing((_ORG, "(event.get('queryStringParameters') or {}).get('org', path['org'])")),
        leaks=("execute-api.read.forged-subject",),
    ),
    Weakness(
        id="ddb-query-filter-is-not-authorisation",
        title="the function searches the whole table by a filter, whose value the request may give",
        change=_searched_by_filter,
        leaks=("execute-api.read.forged-subject",),
    ),
    Weakness(
        id="api-usage-plan-key-as-identity",
        title="the API key, which names the organisation whose plan is used, says whose notes are shown",
        change=_showing((_ORG, "event['headers'].get('x-api-key', path['org'])")),
        leaks=("execute-api.read.forged-subject",),
    ),
    Weakness(
        id="api-cache-key-without-tenant",
        title="notes that are asked for with parameters are kept under name and parameters, without the organisation",
        change=_showing((_LOOKED_UP, _CACHED), ("TABLE =", "CACHE = {}\nTABLE =")),
        leaks=("execute-api.read.after-the-victim",),
    ),
    Weakness(
        id="api-error-message-leaks-foreign-data",
        title="whatever goes wrong behind the API is shown to whoever has asked",
        change=_showing(
            ('    path = event["pathParameters"]', _CAUGHT), ("import os\n", "import os\nimport traceback\n")
        ),
        leaks=("execute-api.read.provoked-error",),
    ),
)

POOLED_API = Blueprint(
    name="pooled-api",
    title="One API for all organisations; a function asks Cognito whose token it is, and compares with the path",
    source="https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html",
    contract=_CONTRACT,
    places=(Place("execute-api", "items", "{tenant}#notes", path="/{tenant}/notes/{name}"),),
    user_pool=UserPoolSpec(
        app_clients=(
            AppClientSpec(
                "web",
                identity_provider=False,
                read_attributes=("email", "name", "custom:org"),
                write_attributes=("email", "name"),
            ),
        ),
        attributes=(AttributeSpec("org", mutable=True),),
    ),
    roles=(
        RoleSpec("authorizer-function", TRUSTING_LAMBDA),
        RoleSpec(
            "notes-function",
            TRUSTING_LAMBDA,
            {"notes": policy(allow("Notes", "dynamodb:GetItem", "@{table.items.arn}"))},
        ),
    ),
    tables=(TableSpec("items"),),
    functions=(
        FunctionSpec("authorizer", source=source_of("organisation_authorizer"), role="authorizer-function"),
        FunctionSpec(
            "notes", source=source_of("notes"), role="notes-function", environment={"TABLE": "@{table.items.name}"}
        ),
    ),
    api=_API,
    weaknesses=_WEAKNESSES,
)
