"""HTTP APIs: their routes, and who gets through which authorizer (aws-semantics section 8)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from function_services import REGION, FunctionServices, HttpApi, allow

from harness.emulator.service import NOT_DERIVABLE
from harness.forgery import signed_with_foreign_key, tampered, unsigned
from harness.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

UNAUTHORIZED = {"message": "Unauthorized"}
FORBIDDEN = {"message": "Forbidden"}
ECHO = "def handler(event, context): return event"
SCOPE = "aws.cognito.signin.user.admin"
# Lets a token pass that says so, and remembers how often it was asked.
AUTHORIZER = """
    asked = 0
    def handler(event, context):
        global asked
        asked += 1
        token = event["headers"]["authorization"]
        if token == "fail":
            raise Exception("Unauthorized")
        if token == "nonsense":
            return {}
        return {"isAuthorized": token.startswith("good"), "context": {"asked": asked, "route": event["routeKey"]}}
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
def echo(services: FunctionServices) -> str:
    return _arn(services, "echo")


@pytest.fixture(scope="module")
def api(services: FunctionServices, echo: str) -> HttpApi:
    return services.http_api(echo)


@pytest.fixture(scope="module")
def pool(services: FunctionServices) -> tuple[str, str]:
    return services.user_pool("alice")


@pytest.fixture(scope="module")
def tokens(services: FunctionServices, pool: tuple[str, str]) -> Mapping[str, str]:
    return services.tokens(pool[1], "alice")


@pytest.fixture(scope="module")
def jwt_api(services: FunctionServices, echo: str, pool: tuple[str, str]) -> HttpApi:
    api = services.http_api(echo)
    secured = {"AuthorizationType": "JWT", "AuthorizerId": api.jwt_authorizer(*pool)}
    api.route("GET /plain", **secured)
    api.route("GET /scoped", **secured, AuthorizationScopes=[SCOPE, "other/scope"])
    api.route("GET /unscoped", **secured, AuthorizationScopes=["other/scope"])
    return api


def _arn(services: FunctionServices, name: str) -> str:
    return f"arn:aws:lambda:{REGION}:{services.account}:function:{name}"


def test_an_open_route_hands_over_the_request(services: FunctionServices, api: HttpApi) -> None:
    api.route("GET /open/{name}")
    answer = services.get(f"{api.url}/open/a%20b?q=1&q=2&r=", headers={"Cookie": "c=1; d=2", "X-Own": "x"})
    event = answer.json()
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
    assert (event["version"], event["routeKey"], event["rawPath"]) == ("2.0", "GET /open/{name}", "/open/a b")
    assert event["pathParameters"] == {"name": "a b"}
    assert event["queryStringParameters"] == {"q": "1,2", "r": ""}
    assert (event["rawQueryString"], event["cookies"]) == ("q=1&q=2&r=", ["c=1", "d=2"])
    assert event["headers"]["x-own"] == "x"
    context = event["requestContext"]
    assert (context["accountId"], context["apiId"], context["stage"]) == (services.account, api.id, "$default")
    assert (context["http"]["method"], context["http"]["path"]) == ("GET", "/open/a b")
    assert "authorizer" not in context


def test_a_path_without_route_is_not_found(services: FunctionServices, api: HttpApi) -> None:
    answer = services.get(f"{api.url}/nowhere")
    assert (answer.status, answer.json()) == (404, {"message": "Not Found"})


@pytest.mark.parametrize("use", ["IdToken", "AccessToken"])
def test_jwt_id_and_access_tokens_pass_without_scopes(
    services: FunctionServices, jwt_api: HttpApi, tokens: Mapping[str, str], use: str
) -> None:
    answer = services.get(f"{jwt_api.url}/plain", tokens[use])
    jwt = answer.json()["requestContext"]["authorizer"]["jwt"]
    assert answer.status == 200
    assert jwt["claims"]["token_use"] == {"IdToken": "id", "AccessToken": "access"}[use]
    assert all(isinstance(value, str) for value in jwt["claims"].values())
    assert jwt["scopes"] is None


def test_jwt_tokens_stand_in_the_header_with_or_without_bearer(
    services: FunctionServices, jwt_api: HttpApi, tokens: Mapping[str, str]
) -> None:
    bare = {"Authorization": Secret(tokens["IdToken"])}
    assert services.get(f"{jwt_api.url}/plain", headers=bare).status == 200


def test_jwt_a_missing_token_is_401_with_a_bare_challenge(services: FunctionServices, jwt_api: HttpApi) -> None:
    answer = services.get(f"{jwt_api.url}/plain")
    assert (answer.status, answer.json(), answer.headers["www-authenticate"]) == (401, UNAUTHORIZED, "Bearer")


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Token x", "Basic YTpi", "Bearer a.b", "Bearer a.b.c"])
def test_jwt_malformed_tokens_are_401(services: FunctionServices, jwt_api: HttpApi, header: str) -> None:
    answer = services.get(f"{jwt_api.url}/plain", headers={"Authorization": header})
    assert (answer.status, answer.json()) == (401, UNAUTHORIZED)


@pytest.mark.parametrize("forge", [unsigned, tampered, signed_with_foreign_key])
def test_jwt_forged_tokens_are_401(
    services: FunctionServices, jwt_api: HttpApi, tokens: Mapping[str, str], forge: Callable[..., Secret]
) -> None:
    answer = services.get(f"{jwt_api.url}/plain", forge(Secret(tokens["IdToken"]), sub="somebody-else").reveal())
    assert (answer.status, answer.json()) == (401, UNAUTHORIZED)
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]


def test_jwt_a_token_of_another_client_has_no_valid_audience(
    services: FunctionServices, jwt_api: HttpApi, pool: tuple[str, str]
) -> None:
    client = services.operate(
        "cognito-idp",
        "CreateUserPoolClient",
        UserPoolId=pool[0],
        ClientName="other",
        ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"],
    )["UserPoolClient"]["ClientId"]
    for token in ("IdToken", "AccessToken"):
        answer = services.get(f"{jwt_api.url}/plain", services.tokens(client, "alice")[token])
        assert (answer.status, answer.json()) == (401, UNAUTHORIZED)
        challenge = 'error="invalid_token" error_description="the token does not have a valid audience"'
        assert answer.headers["www-authenticate"] == f'Bearer scope="" {challenge}'


def test_jwt_a_token_of_another_pool_is_401(services: FunctionServices, jwt_api: HttpApi) -> None:
    _, client = services.user_pool("alice")
    answer = services.get(f"{jwt_api.url}/plain", services.tokens(client, "alice")["IdToken"])
    assert (answer.status, answer.json()) == (401, UNAUTHORIZED)


def test_jwt_an_expired_token_is_401(services: FunctionServices, jwt_api: HttpApi, tokens: Mapping[str, str]) -> None:
    with services.target.time_shifted(3601):
        answer = services.get(f"{jwt_api.url}/plain", tokens["IdToken"])
    assert (answer.status, answer.json()) == (401, UNAUTHORIZED)
    assert "the token has expired" in answer.headers["www-authenticate"]


def test_jwt_a_scope_of_the_route_must_be_in_the_token(
    services: FunctionServices, jwt_api: HttpApi, tokens: Mapping[str, str]
) -> None:
    assert services.get(f"{jwt_api.url}/scoped", tokens["AccessToken"]).status == 200
    for path, token in (("scoped", "IdToken"), ("unscoped", "AccessToken")):
        answer = services.get(f"{jwt_api.url}/{path}", tokens[token])
        assert (answer.status, answer.json()) == (403, FORBIDDEN)
        assert 'error="insufficient_scope"' in answer.headers["www-authenticate"]


def test_jwt_revocation_is_not_noticed(services: FunctionServices, jwt_api: HttpApi, pool: tuple[str, str]) -> None:
    named = {"UserPoolId": pool[0], "Username": "leaver"}
    services.operate("cognito-idp", "AdminCreateUser", **named, MessageAction="SUPPRESS")
    services.operate("cognito-idp", "AdminSetUserPassword", **named, Password="Correct-Horse-1", Permanent=True)
    token = services.tokens(pool[1], "leaver")["IdToken"]
    services.operate("cognito-idp", "AdminUserGlobalSignOut", **named)
    services.operate("cognito-idp", "AdminDisableUser", **named)
    assert services.get(f"{jwt_api.url}/plain", token).status == 200
    services.operate("cognito-idp", "AdminDeleteUser", **named)
    assert services.get(f"{jwt_api.url}/plain", token).status == 200


def test_iam_a_signed_request_passes_where_the_policy_allows_its_path(services: FunctionServices, api: HttpApi) -> None:
    api.route("ANY /{org}/{proxy+}", AuthorizationType="AWS_IAM")
    arn = f"arn:aws:execute-api:{REGION}:{services.account}:{api.id}/$default/GET"
    caller = services.session("tenant", allow("execute-api:Invoke", f"{arn}/acme/*"))
    answer = services.get(f"{api.url}/acme/items?a=b", caller)
    identity = answer.json()["requestContext"]["authorizer"]["iam"]
    assert identity["userArn"] == f"arn:aws:sts::{services.account}:assumed-role/tenant/session"
    assert identity["accessKey"] == caller.access_key_id.reveal()
    assert identity["cognitoIdentity"] is None
    for path in ("other/items", "Acme/items", "ac%2Fme/items", "other/../acme"):
        refused = services.get(f"{api.url}/{path}", caller)
        assert (path, refused.status, refused.json()) == (path, 403, FORBIDDEN)
    assert services.get(f"{api.url}/acme/items", caller, method="POST").status == 403
    # unconfirmed.EXECUTE_API_ARNS_ARE_DECODED: the ARN is that of the decoded path, and dot segments stay.
    for path, org in (("%61cme/items", "acme"), ("acme/../other", "acme"), ("acme%2F..%2Fother/x", "acme/../other")):
        assert services.get(f"{api.url}/{path}", caller).json()["pathParameters"]["org"] == org


@pytest.mark.parametrize(
    "headers",
    [{}, {"Authorization": "Bearer x"}, {"Authorization": "AWS4-HMAC-SHA256 Credential=x"}],
    ids=["unsigned", "bearer", "incomplete"],
)
def test_iam_without_a_signature_it_is_forbidden(
    services: FunctionServices, api: HttpApi, headers: dict[str, str]
) -> None:
    answer = services.get(f"{api.url}/acme/items", headers=headers)
    assert (answer.status, answer.json()) == (403, FORBIDDEN)


@pytest.fixture(scope="module")
def guarded(services: FunctionServices, echo: str) -> HttpApi:
    api = services.http_api(echo)
    cached = api.lambda_authorizer(_arn(services, "authorizer"), AuthorizerResultTtlInSeconds=300)
    fresh = api.lambda_authorizer(_arn(services, "authorizer"), AuthorizerResultTtlInSeconds=0)
    for key, authorizer in {"GET /one": cached, "GET /two": cached, "GET /fresh": fresh}.items():
        api.route(key, AuthorizationType="CUSTOM", AuthorizerId=authorizer)
    return api


def _asked(services: FunctionServices, url: str, token: str) -> dict[str, Any]:
    answer = services.get(url, headers={"Authorization": token})
    assert answer.status == 200
    context: dict[str, Any] = answer.json()["requestContext"]["authorizer"]["lambda"]
    return context


def test_lambda_authorizer_false_is_403_and_a_missing_identity_source_401(
    services: FunctionServices, guarded: HttpApi
) -> None:
    refused = services.get(f"{guarded.url}/fresh", headers={"Authorization": "bad"})
    assert (refused.status, refused.json()) == (403, FORBIDDEN)
    missing = services.get(f"{guarded.url}/fresh")
    assert (missing.status, missing.json()) == (401, UNAUTHORIZED)
    assert _asked(services, f"{guarded.url}/fresh", "good")["route"] == "GET /fresh"


@pytest.mark.parametrize(("token", "status"), [("fail", 401), ("nonsense", 500)])
def test_lambda_authorizer_failures(services: FunctionServices, guarded: HttpApi, token: str, status: int) -> None:
    assert services.get(f"{guarded.url}/fresh", headers={"Authorization": token}).status == status


def test_lambda_authorizer_answers_are_remembered_by_identity_source_for_all_routes(
    services: FunctionServices, guarded: HttpApi
) -> None:
    first = _asked(services, f"{guarded.url}/one", "good-1")
    assert _asked(services, f"{guarded.url}/two", "good-1") == first
    assert _asked(services, f"{guarded.url}/two", "good-2")["asked"] != first["asked"]
    with services.target.time_shifted(301):
        assert _asked(services, f"{guarded.url}/two", "good-1")["route"] == "GET /two"
    uncached = [_asked(services, f"{guarded.url}/fresh", "good-1")["asked"] for _ in range(2)]
    assert uncached[0] != uncached[1]


def test_the_function_must_let_this_api_invoke_it(services: FunctionServices) -> None:
    arn = services.function("private", ECHO, f"arn:aws:iam::{services.account}:role/execution")
    api = services.http_api(arn)
    api.route("GET /a")
    api.route("GET /b")
    answer = services.get(f"{api.url}/a")
    assert (answer.status, answer.json()) == (500, {"message": "Internal Server Error"})
    services.let_apis_invoke("private", f"{api.id}/*/GET/a")
    assert services.get(f"{api.url}/a").status == 200
    assert services.get(f"{api.url}/b").status == 500


@pytest.mark.parametrize(
    ("code", "status", "body"),
    [
        ("return {'statusCode': 201, 'body': 'made', 'headers': {'X-A': 'b'}}", 201, b"made"),
        ("return {'statusCode': 200, 'body': 'aGk=', 'isBase64Encoded': True}", 200, b"hi"),
        ("return 'text'", 200, b"text"),
        ("return {'own': 1}", 200, b'{"own": 1}'),
        ("return {'statusCode': 200, 'body': {'a': 1}}", 500, b'{"message":"Internal Server Error"}'),
        ("raise ValueError('secret detail')", 500, b'{"message":"Internal Server Error"}'),
    ],
)
def test_what_the_function_returns_becomes_the_answer(
    services: FunctionServices, code: str, status: int, body: bytes
) -> None:
    role = f"arn:aws:iam::{services.account}:role/execution"
    arn = services.function("answering", f"def handler(event, context): {code}", role)
    services.let_apis_invoke("answering")
    api = services.http_api(arn)
    api.route("$default")
    answer = services.get(f"{api.url}/anything")
    assert (answer.status, answer.body) == (status, body)
    if status == 201:
        assert answer.headers["x-a"] == "b"
    services.operate("lambda", "DeleteFunction", FunctionName="answering")


def test_stages_have_what_was_deployed_to_them(services: FunctionServices, echo: str) -> None:
    api = services.http_api(echo, "1.0")
    api.route("GET /first")
    services.operate("apigatewayv2", "CreateStage", ApiId=api.id, StageName="v1", StageVariables={"a": "b"})
    assert services.get(f"{api.url}/v1/first").status == 404
    services.operate("apigatewayv2", "CreateDeployment", ApiId=api.id, StageName="v1")
    api.route("GET /second")
    event = services.get(f"{api.url}/v1/first").body
    assert b'"statusCode"' not in event
    assert services.get(f"{api.url}/second").status == 500  # format 1.0 needs an answer with a statusCode
    assert services.get(f"{api.url}/v1/second").status == 404
    services.operate("apigatewayv2", "DeleteApi", ApiId=api.id)
    assert services.get(f"{api.url}/second").status == 403


@pytest.mark.parametrize(
    ("operation", "params", "code"),
    [
        ("CreateRoute", {"RouteKey": "FETCH /a"}, "BadRequestException"),
        ("CreateRoute", {"RouteKey": "GET /a/{b+}/c"}, "BadRequestException"),
        ("CreateRoute", {"RouteKey": "GET /j", "AuthorizationType": "JWT"}, "BadRequestException"),
        ("CreateRoute", {"RouteKey": "GET /t", "Target": "integrations/none"}, "BadRequestException"),
        ("CreateRoute", {"RouteKey": "GET /k", "ApiKeyRequired": True}, NOT_DERIVABLE),
        ("CreateIntegration", {"IntegrationType": "HTTP_PROXY", "IntegrationUri": "https://x"}, NOT_DERIVABLE),
        ("UpdateApi", {"CorsConfiguration": {"AllowOrigins": ["*"]}}, NOT_DERIVABLE),
        ("GetModels", {}, NOT_DERIVABLE),
        ("GetRoute", {"RouteId": "none"}, "NotFoundException"),
    ],
)
def test_what_does_not_fit_or_is_not_known_is_refused(
    services: FunctionServices, api: HttpApi, operation: str, params: dict[str, Any], code: str
) -> None:
    answer = services.call(services.operator, "apigatewayv2", operation, ApiId=api.id, **params)
    assert answer.error_code == code


def test_managing_an_api_is_authorized_on_its_path(services: FunctionServices, api: HttpApi) -> None:
    path = f"arn:aws:apigateway:{REGION}::/apis/{api.id}"
    reader = services.session("reader", allow("apigateway:GET", f"{path}/*"))
    assert services.call(reader, "apigatewayv2", "GetRoutes", ApiId=api.id).succeeded
    refused = services.call(reader, "apigatewayv2", "CreateRoute", ApiId=api.id, RouteKey="GET /planted")
    assert (refused.error_code, refused.status) == ("AccessDeniedException", 403)
    assert f"apigateway:POST on resource: {path}/routes because no identity-based" in refused.message
