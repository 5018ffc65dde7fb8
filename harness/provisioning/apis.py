"""Making a blueprint's API: an HTTP API with JWT or IAM routes, or a REST API with a Cognito authorizer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.blueprints.spec import ApiKind, RouteAuthorizer
from harness.deployment import operate
from harness.provisioning.functions import allow_invocation
from harness.provisioning.making import make

if TYPE_CHECKING:
    from harness.blueprints.spec import ApiSpec, Blueprint
    from harness.deployment import Deployment
    from harness.targets.target import Target

_STAGE = "live"


def make_api(blueprint: Blueprint, target: Target, deployment: Deployment) -> None:
    """Make the API with its routes; the functions behind them must exist."""
    spec = blueprint.api
    if spec is None:
        return
    if spec.kind is ApiKind.HTTP:
        _make_http_api(spec, target, deployment)
    else:
        _make_rest_api(spec, target, deployment)
    source = f"arn:aws:execute-api:{deployment.region}:{deployment.account}:{deployment.api}/*"
    authorizers = set() if spec.authorizer is None else {spec.authorizer.function}
    for function in sorted({route.function for route in spec.routes} | authorizers):
        allow_invocation(target, deployment, function, "apigateway.amazonaws.com", source)


def _make_http_api(spec: ApiSpec, target: Target, deployment: Deployment) -> None:
    name = deployment.name_of(spec.name)
    made = make(target, deployment, "http-api", name, ProtocolType="HTTP")
    deployment.api, deployment.api_url = made["ApiId"], made["ApiEndpoint"]

    def add(part: str, **params: Any) -> str:
        answer = operate(target, "apigatewayv2", f"Create{part}", ApiId=deployment.api, **params)
        return str(answer[f"{part}Id"])

    authorizer = ""
    if any(route.authorizer is RouteAuthorizer.TOKEN for route in spec.routes):
        issuer, audience = f"https://{deployment.provider}", [deployment.app_clients[spec.audience]]
        authorizer = add(
            "Authorizer",
            Name="user-pool",
            AuthorizerType="JWT",
            IdentitySource=["$request.header.Authorization"],
            JwtConfiguration={"Issuer": issuer, "Audience": audience},
        )
    function_authorizer = ""
    if spec.authorizer is not None:
        function = deployment.functions[spec.authorizer.function]
        path = f"path/2015-03-31/functions/{function}/invocations"
        function_authorizer = add(
            "Authorizer",
            Name="function",
            AuthorizerType="REQUEST",
            AuthorizerUri=f"arn:aws:apigateway:{deployment.region}:lambda:{path}",
            AuthorizerPayloadFormatVersion="2.0",
            EnableSimpleResponses=True,
            AuthorizerResultTtlInSeconds=spec.authorizer.cached_seconds,
            IdentitySource=["$request.header.Authorization"],
        )
    kinds: dict[RouteAuthorizer, dict[str, str]] = {
        RouteAuthorizer.FUNCTION: {"AuthorizationType": "CUSTOM", "AuthorizerId": function_authorizer},
        RouteAuthorizer.NONE: {"AuthorizationType": "NONE"},
        RouteAuthorizer.IAM: {"AuthorizationType": "AWS_IAM"},
        RouteAuthorizer.TOKEN: {"AuthorizationType": "JWT", "AuthorizerId": authorizer},
    }
    integrations = {
        function: add(
            "Integration",
            IntegrationType="AWS_PROXY",
            IntegrationUri=deployment.functions[function],
            PayloadFormatVersion="2.0",
        )
        for function in sorted({route.function for route in spec.routes})
    }
    for route in spec.routes:
        target_of_route = f"integrations/{integrations[route.function]}"
        add("Route", RouteKey=f"{route.method} {route.path}", Target=target_of_route, **kinds[route.authorizer])
    operate(target, "apigatewayv2", "CreateStage", ApiId=deployment.api, StageName="$default", AutoDeploy=True)


def _make_rest_api(spec: ApiSpec, target: Target, deployment: Deployment) -> None:
    def call(operation: str, **params: Any) -> Any:
        return operate(target, "apigateway", operation, restApiId=deployment.api, **params)

    deployment.api = make(target, deployment, "rest-api", deployment.name_of(spec.name))["id"]
    host = f"{deployment.api}.execute-api.{deployment.region}.amazonaws.com"
    deployment.api_url = f"https://{host}/{_STAGE}"
    pool = f"arn:aws:cognito-idp:{deployment.region}:{deployment.account}:userpool/{deployment.user_pool}"
    kinds: dict[RouteAuthorizer, dict[str, str]] = {
        RouteAuthorizer.NONE: {"authorizationType": "NONE"},
        RouteAuthorizer.IAM: {"authorizationType": "AWS_IAM"},
    }
    if any(route.authorizer is RouteAuthorizer.TOKEN for route in spec.routes):
        made = call(
            "CreateAuthorizer",
            name="user-pool",
            type="COGNITO_USER_POOLS",
            providerARNs=[pool],
            identitySource="method.request.header.Authorization",
        )
        kinds[RouteAuthorizer.TOKEN] = {"authorizationType": "COGNITO_USER_POOLS", "authorizerId": made["id"]}
    resources = {item["path"]: item["id"] for item in call("GetResources")["items"]}
    for route in spec.routes:
        parent = ""
        for part in route.path.strip("/").split("/"):
            path = f"{parent}/{part}"
            if path not in resources:
                above = resources[parent or "/"]
                resources[path] = call("CreateResource", parentId=above, pathPart=part)["id"]
            parent = path
        on_method = {"resourceId": resources[parent or "/"], "httpMethod": route.method}
        call("PutMethod", **on_method, **kinds[route.authorizer])
        function = deployment.functions[route.function]
        uri = f"arn:aws:apigateway:{deployment.region}:lambda:path/2015-03-31/functions/{function}/invocations"
        call("PutIntegration", **on_method, type="AWS_PROXY", integrationHttpMethod="POST", uri=uri)
    call("CreateDeployment", stageName=_STAGE)
