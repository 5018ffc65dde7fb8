"""REST APIs: Cognito, Lambda and IAM authorizers, word by word as aws-semantics section 8 has them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from function_services import REGION, FunctionServices, RestApi, allow, invocations

from harness.emulator.service import NOT_DERIVABLE
from harness.forgery import signed_with_foreign_key, tampered, unsigned
from harness.secret import Secret
from harness.targets.api import AwsCredentials

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

UNAUTHORIZED = {"message": "Unauthorized"}
MISSING = {"message": "Missing Authentication Token"}
SCOPE = "aws.cognito.signin.user.admin"
ECHO = """
    import json
    def handler(event, context):
        return {"statusCode": 200, "body": json.dumps(event)}
    """
# The token says what to answer; the policy names the one method that was called, or another, or denies it.
AUTHORIZER = """
    def handler(event, context):
        token = event.get("authorizationToken") or event["headers"]["X-Token"]
        word = token.partition("-")[0]
        if word == "raise":
            raise Exception("Unauthorized")
        if word == "break":
            raise Exception("Something else")
        if word == "nonsense":
            return {"principalId": "p", "policyDocument": {"Statement": "?"}}
        arn = event["methodArn"]
        arn = {"deny": arn, "only": arn, "all": arn.split("/")[0] + "/*", "other": arn + "-other"}[word]
        effect = "Deny" if word == "deny" else "Allow"
        statement = {"Effect": effect, "Action": "execute-api:Invoke", "Resource": arn}
        policy = {"Version": "2012-10-17", "Statement": [statement]}
        return {"principalId": "somebody", "policyDocument": policy, "context": {"tenant": "t1"}}
    """


@pytest.fixture(scope="module")
def services() -> Iterator[FunctionServices]:
    services = FunctionServices()
    role = services.role("execution")
    services.function("echo", ECHO, role)
    services.function("authorizer", AUTHORIZER, role)
    services.let_apis_invoke("echo")
    services.let_apis_invoke("authorizer")
    yield services
    services.target.close()


@pytest.fixture(scope="module")
def pool(services: FunctionServices) -> tuple[str, str]:
    return services.user_pool("alice")


@pytest.fixture(scope="module")
def tokens(services: FunctionServices, pool: tuple[str, str]) -> Mapping[str, str]:
    return services.tokens(pool[1], "alice")


def _arn(services: FunctionServices, name: str) -> str:
    return f"arn:aws:lambda:{REGION}:{services.account}:function:{name}"


@pytest.fixture(scope="module")
def api(services: FunctionServices, pool: tuple[str, str]) -> RestApi:
    api = services.rest_api(_arn(services, "echo"))
    pool_arn = f"arn:aws:cognito-idp:{REGION}:{services.account}:userpool/{pool[0]}"
    cognito = {"authorizerId": api.authorizer("COGNITO_USER_POOLS", providerARNs=[pool_arn])}
    api.method("plain", "COGNITO_USER_POOLS", **cognito)
    api.method("scoped", "COGNITO_USER_POOLS", **cognito, authorizationScopes=[SCOPE])
    api.method("unscoped", "COGNITO_USER_POOLS", **cognito, authorizationScopes=["other/scope"])
    uri = invocations(_arn(services, "authorizer"))
    token = {"authorizerId": api.authorizer("TOKEN", authorizerUri=uri, identityValidationExpression="[a-z]+-[0-9]")}
    api.method("token", "CUSTOM", **token)
    api.method("token-too", "CUSTOM", **token)
    by_header = api.authorizer(
        "REQUEST", authorizerUri=uri, identitySource="method.request.header.X-Token", authorizerResultTtlInSeconds=0
    )
    api.method("request", "CUSTOM", authorizerId=by_header)
    api.method("signed", "AWS_IAM")
    api.method("open", "NONE")
    api.deploy()
    return api


@pytest.mark.parametrize(
    ("headers", "body"),
    [({}, UNAUTHORIZED), ({"Authorization": ""}, UNAUTHORIZED), ({"Authorization": "Bearer a.b.c"}, UNAUTHORIZED)],
    ids=["missing", "empty", "malformed"],
)
def test_cognito_without_a_readable_token_it_is_401(
    services: FunctionServices, api: RestApi, headers: dict[str, str], body: dict[str, str]
) -> None:
    answer = services.get(f"{api.url}/plain", headers=headers)
    assert (answer.status, answer.json(), answer.error_type) == (401, body, "UnauthorizedException")


@pytest.mark.parametrize("forge", [unsigned, tampered, signed_with_foreign_key])
def test_cognito_forged_tokens_are_401(
    services: FunctionServices, api: RestApi, tokens: Mapping[str, str], forge: Callable[..., Secret]
) -> None:
    answer = services.get(f"{api.url}/plain", forge(Secret(tokens["IdToken"]), sub="somebody-else").reveal())
    assert (answer.status, answer.json()) == (401, UNAUTHORIZED)


def test_cognito_a_token_of_another_pool_is_401(services: FunctionServices, api: RestApi) -> None:
    _, client = services.user_pool("alice")
    answer = services.get(f"{api.url}/plain", services.tokens(client, "alice")["IdToken"])
    assert (answer.status, answer.json()) == (401, UNAUTHORIZED)


def test_cognito_an_expired_token_says_so(services: FunctionServices, api: RestApi, tokens: Mapping[str, str]) -> None:
    with services.target.time_shifted(3601):
        answer = services.get(f"{api.url}/plain", tokens["IdToken"])
    assert (answer.status, answer.json()) == (401, {"message": "The incoming token has expired"})


@pytest.mark.parametrize(
    ("path", "token", "status"),
    [
        ("plain", "IdToken", 200),
        ("plain", "AccessToken", 401),
        ("scoped", "AccessToken", 200),
        ("scoped", "IdToken", 401),
        ("unscoped", "AccessToken", 401),
    ],
)
def test_cognito_scopes_decide_which_token_is_expected(
    services: FunctionServices, api: RestApi, tokens: Mapping[str, str], path: str, token: str, status: int
) -> None:
    answer = services.get(f"{api.url}/{path}", tokens[token])
    assert answer.status == status
    if status == 401:
        assert answer.json() == UNAUTHORIZED


def test_cognito_the_function_sees_the_claims(
    services: FunctionServices, api: RestApi, tokens: Mapping[str, str], pool: tuple[str, str]
) -> None:
    services.operate("cognito-idp", "CreateGroup", UserPoolId=pool[0], GroupName="admins")
    services.operate("cognito-idp", "CreateGroup", UserPoolId=pool[0], GroupName="users")
    for group in ("admins", "users"):
        named = {"UserPoolId": pool[0], "Username": "alice", "GroupName": group}
        services.operate("cognito-idp", "AdminAddUserToGroup", **named)
    bare = {"Authorization": Secret(services.tokens(pool[1], "alice")["IdToken"])}
    event = services.get(f"{api.url}/plain?a=1&a=2", headers=bare).json()
    claims = event["requestContext"]["authorizer"]["claims"]
    assert (claims["cognito:username"], claims["cognito:groups"]) == ("alice", "admins,users")
    assert all(isinstance(value, str) for value in claims.values())
    assert (event["resource"], event["path"], event["requestContext"]["stage"]) == ("/plain", "/plain", "prod")
    assert event["multiValueQueryStringParameters"] == {"a": ["1", "2"]}
    assert tokens


@pytest.mark.parametrize(
    ("headers", "status", "body"),
    [
        pytest.param({}, 401, UNAUTHORIZED, id="missing"),
        pytest.param({"Authorization": "UPPER-1"}, 401, UNAUTHORIZED, id="regex"),
        pytest.param({"Authorization": "raise-1"}, 401, UNAUTHORIZED, id="throws-unauthorized"),
        pytest.param({"Authorization": "break-1"}, 500, {"message": None}, id="throws-other"),
        pytest.param({"Authorization": "nonsense-1"}, 500, {"message": None}, id="bad-policy"),
        pytest.param(
            {"Authorization": "deny-1"},
            403,
            {"message": "User is not authorized to access this resource with an explicit deny"},
            id="explicit-deny",
        ),
        pytest.param(
            {"Authorization": "other-1"},
            403,
            {"message": "User is not authorized to access this resource"},
            id="not-covered",
        ),
    ],
)
def test_lambda_token_authorizer_refusals(
    services: FunctionServices, api: RestApi, headers: dict[str, str], status: int, body: dict[str, Any]
) -> None:
    answer = services.get(f"{api.url}/token", headers=headers)
    assert (answer.status, answer.json()) == (status, body)


def test_lambda_authorizer_policies_are_cached_by_token_for_the_whole_stage(
    services: FunctionServices, api: RestApi
) -> None:
    only, everything = {"Authorization": "only-2"}, {"Authorization": "all-2"}
    event = services.get(f"{api.url}/token", headers=only).json()
    assert event["requestContext"]["authorizer"] == {"principalId": "somebody", "tenant": "t1"}
    assert services.get(f"{api.url}/token-too", headers=only).status == 403
    assert [services.get(f"{api.url}/{path}", headers=everything).status for path in ("token", "token-too")] == [
        200,
        200,
    ]
    with services.target.time_shifted(301):
        assert services.get(f"{api.url}/token-too", headers=only).status == 200
        assert services.get(f"{api.url}/token", headers=only).status == 403


def test_lambda_request_authorizer_without_cache(services: FunctionServices, api: RestApi) -> None:
    assert services.get(f"{api.url}/request", headers={"X-Token": "only-1"}).status == 200
    assert services.get(f"{api.url}/request", headers={"X-Token": "deny-1"}).status == 403
    assert services.get(f"{api.url}/request", headers={"Authorization": "only-1"}).json() == UNAUTHORIZED


def test_iam_unsigned_requests_and_unknown_paths_read_the_same(services: FunctionServices, api: RestApi) -> None:
    for path in ("signed", "nowhere", "Signed", "open/"):
        answer = services.get(f"{api.url}/{path}")
        assert (answer.status, answer.json()) == (403, MISSING)
        assert answer.error_type == "MissingAuthenticationTokenException"
    assert services.get(f"{api.url}/open", method="POST").json() == MISSING
    stage = services.get(api.url.replace("/prod", "/other/open"))
    assert (stage.status, stage.json()) == (403, {"message": "Forbidden"})


def test_iam_a_denied_caller_is_named(services: FunctionServices, api: RestApi) -> None:
    arn = f"arn:aws:execute-api:{REGION}:{services.account}:{api.id}/prod/GET/signed"
    permitted = services.session("permitted", allow("execute-api:Invoke", arn))
    stranger = services.session("stranger")
    event = services.get(f"{api.url}/signed", permitted).json()
    identity = event["requestContext"]["identity"]
    assert identity["userArn"] == f"arn:aws:sts::{services.account}:assumed-role/permitted/session"
    refused = services.get(f"{api.url}/signed", stranger)
    caller = f"arn:aws:sts::{services.account}:assumed-role/stranger/session"
    sentence = f"User: {caller} is not authorized to perform: execute-api:Invoke on resource: {arn}"
    assert refused.status == 403
    assert refused.json()["Message"].startswith(sentence)
    assert [found["action"] for found in services.target.explain(refused)] == ["execute-api:Invoke"]


def test_iam_a_wrong_signature_is_told_apart_from_a_denial(services: FunctionServices, api: RestApi) -> None:
    known = services.session("known", allow("execute-api:Invoke", "*"))
    wrong = AwsCredentials(known.access_key_id, Secret("wrong"), known.session_token)
    answer = services.get(f"{api.url}/signed", wrong)
    assert (answer.status, answer.error_type) == (403, "InvalidSignatureException")
    with services.target.time_shifted(3601):
        expired = services.get(f"{api.url}/signed", known)
    assert (expired.status, expired.error_type) == (403, "ExpiredTokenException")


def test_a_change_is_live_only_after_the_next_deployment(services: FunctionServices) -> None:
    api = services.rest_api(_arn(services, "echo"))
    api.method("first", "NONE")
    assert services.get(f"{api.url}/first").status == 403
    api.deploy()
    api.method("second", "NONE")
    assert (services.get(f"{api.url}/first").status, services.get(f"{api.url}/second").status) == (200, 403)
    api.deploy()
    assert services.get(f"{api.url}/second").status == 200


def test_a_function_that_fails_or_answers_nonsense_is_a_bad_gateway(services: FunctionServices) -> None:
    arn = services.function("bad", "def handler(e, c): return {'own': 1}", services.role("bad-execution"))
    api = services.rest_api(arn)
    api.method("a", "NONE")
    api.deploy()
    uninvited = services.get(f"{api.url}/a")
    assert (uninvited.status, uninvited.json()) == (500, {"message": "Internal server error"})
    services.let_apis_invoke("bad")
    for _ in range(2):
        answer = services.get(f"{api.url}/a")
        assert (answer.status, answer.json()) == (502, {"message": "Internal server error"})
        services.operate("lambda", "UpdateFunctionConfiguration", FunctionName="bad", Handler="index.missing_handler")


@pytest.mark.parametrize(
    ("operation", "params", "code"),
    [
        ("CreateRestApi", {"name": "a", "policy": "{}"}, NOT_DERIVABLE),
        ("CreateRestApi", {"name": "a", "endpointConfiguration": {"types": ["PRIVATE"]}}, NOT_DERIVABLE),
        ("CreateDeployment", {"restApiId": "none"}, "NotFoundException"),
        ("CreateApiKey", {"name": "a"}, NOT_DERIVABLE),
        ("UpdateRestApi", {"restApiId": "{api}", "patchOperations": []}, NOT_DERIVABLE),
        ("CreateAuthorizer", {"restApiId": "{api}", "name": "a", "type": "COGNITO_USER_POOLS"}, "BadRequestException"),
        (
            "CreateAuthorizer",
            {"restApiId": "{api}", "name": "a", "type": "TOKEN", "authorizerUri": "https://x"},
            NOT_DERIVABLE,
        ),
        ("CreateResource", {"restApiId": "{api}", "parentId": "none", "pathPart": "a"}, "NotFoundException"),
    ],
)
def test_what_does_not_fit_or_is_not_known_is_refused(
    services: FunctionServices, api: RestApi, operation: str, params: dict[str, Any], code: str
) -> None:
    named = {name: api.id if value == "{api}" else value for name, value in params.items()}
    assert services.call(services.operator, "apigateway", operation, **named).error_code == code


def test_managing_an_api_is_authorized_on_its_path(services: FunctionServices, api: RestApi) -> None:
    path = f"arn:aws:apigateway:{REGION}::/restapis/{api.id}"
    reader = services.session("reader", allow("apigateway:GET", [path, f"{path}/*"]))
    assert services.call(reader, "apigateway", "GetRestApi", restApiId=api.id).succeeded
    refused = services.call(reader, "apigateway", "DeleteRestApi", restApiId=api.id)
    assert (refused.error_code, refused.status) == ("AccessDeniedException", 403)
