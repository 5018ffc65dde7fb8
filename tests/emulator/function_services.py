"""Functions and APIs of an embedded target: what their tests stand on."""

from __future__ import annotations

import io
import json
import textwrap
import zipfile
from typing import TYPE_CHECKING, Any

from harness.secret import Secret
from harness.targets.api import ApiRequest, AwsCredentials
from harness.targets.embedded import EmbeddedTarget
from harness.targets.http import BearerToken, HttpRequest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from harness.targets.api import ApiResponse
    from harness.targets.http import HttpResponse

REGION = "us-east-1"
PASSWORD = "Correct-Horse-1"
API_GATEWAY = "apigateway.amazonaws.com"


class FunctionServices:
    """An embedded target with the steps that most tests of functions and APIs need."""

    def __init__(self) -> None:
        self.target = EmbeddedTarget(REGION)
        self.account = self.target.account
        self.operator = self.target._operator

    def operate(self, service: str, operation: str, **params: Any) -> Mapping[str, Any]:
        """Perform a call as the operator; it has to work."""
        answer = self.target.send_as_operator(ApiRequest(service, operation, params))
        assert answer.succeeded, answer
        return answer.data

    def call(self, caller: AwsCredentials | None, service: str, operation: str, **params: Any) -> ApiResponse:
        return self.target.send(ApiRequest(service, operation, params), caller)

    def role(
        self,
        name: str,
        *statements: Mapping[str, Any],
        trusts: Mapping[str, Any] | None = None,
        actions: Sequence[str] = ("sts:AssumeRole",),
        condition: Mapping[str, Any] | None = None,
    ) -> str:
        """Return the ARN of a new role, which trusts Lambda unless it is said whom else."""
        principal = trusts or {"Service": "lambda.amazonaws.com"}
        trust = {"Effect": "Allow", "Principal": principal, "Action": list(actions), "Condition": condition or {}}
        self.operate("iam", "CreateRole", RoleName=name, AssumeRolePolicyDocument=document(trust))
        if statements:
            policy = {"RoleName": name, "PolicyName": "p", "PolicyDocument": document(*statements)}
            self.operate("iam", "PutRolePolicy", **policy)
        return f"arn:aws:iam::{self.account}:role/{name}"

    def session(self, name: str, *statements: Mapping[str, Any]) -> AwsCredentials:
        """Return credentials of a new role that may do what the statements say."""
        arn = self.role(name, *statements, trusts={"AWS": "*"})
        return credentials_of(self.operate("sts", "AssumeRole", RoleArn=arn, RoleSessionName="session")["Credentials"])

    def function(self, name: str, code: str, role: str, **settings: Any) -> str:
        """Return the ARN of a new function with the handler index.handler."""
        made = self.operate("lambda", "CreateFunction", **{**function(name, role, code), **settings})
        arn: str = made["FunctionArn"]
        return arn

    def invoke(self, name: str, event: Any = None, caller: AwsCredentials | None = None) -> ApiResponse:
        request = ApiRequest("lambda", "Invoke", {"FunctionName": name, "Payload": json.dumps(event or {}).encode()})
        return self.target.send_as_operator(request) if caller is None else self.target.send(request, caller)

    def let_apis_invoke(self, function: str, source: str = "*") -> None:
        arn = f"arn:aws:execute-api:{REGION}:{self.account}:{source}"
        permission = {"Action": "lambda:InvokeFunction", "Principal": API_GATEWAY, "SourceArn": arn}
        self.operate("lambda", "AddPermission", FunctionName=function, StatementId="apis", **permission)

    def user_pool(self, *users: str, **settings: Any) -> tuple[str, str]:
        """Return the ids of a new user pool with these users and of an app client."""
        pool = self.operate("cognito-idp", "CreateUserPool", PoolName="pool", **settings)["UserPool"]["Id"]
        flows = ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
        client = self.operate(
            "cognito-idp", "CreateUserPoolClient", UserPoolId=pool, ClientName="app", ExplicitAuthFlows=flows
        )["UserPoolClient"]["ClientId"]
        for user in users:
            named = {"UserPoolId": pool, "Username": user}
            self.operate("cognito-idp", "AdminCreateUser", **named, MessageAction="SUPPRESS")
            self.operate("cognito-idp", "AdminSetUserPassword", **named, Password=PASSWORD, Permanent=True)
        return pool, client

    def tokens(self, client: str, user: str) -> Mapping[str, str]:
        """Return IdToken and AccessToken of a user who signs in."""
        answer = self.target.send(
            ApiRequest(
                "cognito-idp",
                "InitiateAuth",
                {
                    "ClientId": client,
                    "AuthFlow": "USER_PASSWORD_AUTH",
                    "AuthParameters": {"USERNAME": user, "PASSWORD": PASSWORD},
                },
            ),
            None,
        )
        assert answer.succeeded, answer
        tokens: Mapping[str, str] = answer.data["AuthenticationResult"]
        return tokens

    def http_api(self, function: str, payload_format: str = "2.0") -> HttpApi:
        return HttpApi(self, function, payload_format)

    def rest_api(self, function: str) -> RestApi:
        return RestApi(self, function)

    def get(
        self,
        url: str,
        caller: AwsCredentials | str | None = None,
        headers: Mapping[str, str | Secret] | None = None,
        method: str = "GET",
    ) -> HttpResponse:
        """Send a request: signed by the caller, with a caller's token, or with neither."""
        who = BearerToken(Secret(caller)) if isinstance(caller, str) else caller
        return self.target.send_http(HttpRequest(method, url, headers or {}), who)


class HttpApi:
    """An HTTP API whose stage $default deploys by itself."""

    def __init__(self, services: FunctionServices, function: str, payload_format: str) -> None:
        self._services = services
        api = services.operate("apigatewayv2", "CreateApi", Name="api", ProtocolType="HTTP")
        self.id, self.url = api["ApiId"], api["ApiEndpoint"]
        proxy = {"IntegrationType": "AWS_PROXY", "PayloadFormatVersion": payload_format}
        self._integration = self._make("Integration", IntegrationUri=function, **proxy)
        services.operate("apigatewayv2", "CreateStage", ApiId=self.id, StageName="$default", AutoDeploy=True)

    def route(self, key: str, **params: Any) -> None:
        self._make("Route", RouteKey=key, Target=f"integrations/{self._integration}", **params)

    def jwt_authorizer(self, pool: str, client: str) -> str:
        jwt = {"Issuer": f"https://cognito-idp.{REGION}.amazonaws.com/{pool}", "Audience": [client]}
        source = ["$request.header.Authorization"]
        return self._make("Authorizer", Name="jwt", AuthorizerType="JWT", IdentitySource=source, JwtConfiguration=jwt)

    def lambda_authorizer(self, function: str, **params: Any) -> str:
        settings = {
            "Name": "function",
            "AuthorizerType": "REQUEST",
            "IdentitySource": ["$request.header.Authorization"],
            "AuthorizerUri": invocations(function),
            "AuthorizerPayloadFormatVersion": "2.0",
            "EnableSimpleResponses": True,
            **params,
        }
        return self._make("Authorizer", **settings)

    def _make(self, part: str, **params: Any) -> str:
        made: str = self._services.operate("apigatewayv2", f"Create{part}", ApiId=self.id, **params)[f"{part}Id"]
        return made


class RestApi:
    """A REST API; `deploy` publishes what it has to the stage prod."""

    def __init__(self, services: FunctionServices, function: str) -> None:
        self._services = services
        self._function = function
        api = services.operate("apigateway", "CreateRestApi", name="api")
        self.id, self._root = api["id"], api["rootResourceId"]
        self.url = f"https://{self.id}.execute-api.{REGION}.amazonaws.com/prod"

    def method(self, part: str, authorization_type: str, **params: Any) -> None:
        """Add a resource under the root with the method GET."""
        made = self._services.operate(
            "apigateway", "CreateResource", restApiId=self.id, parentId=self._root, pathPart=part
        )
        on = {"restApiId": self.id, "resourceId": made["id"], "httpMethod": "GET"}
        self._services.operate("apigateway", "PutMethod", **on, authorizationType=authorization_type, **params)
        proxy = {"type": "AWS_PROXY", "integrationHttpMethod": "POST", "uri": invocations(self._function)}
        self._services.operate("apigateway", "PutIntegration", **on, **proxy)

    def authorizer(self, kind: str, **params: Any) -> str:
        made: str = self._services.operate(
            "apigateway", "CreateAuthorizer", restApiId=self.id, name="authorizer", type=kind, **params
        )["id"]
        return made

    def deploy(self) -> None:
        self._services.operate("apigateway", "CreateDeployment", restApiId=self.id, stageName="prod")


def invocations(function: str) -> str:
    return f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{function}/invocations"


def function(name: str, role: str, code: str = "def handler(event, context): return event") -> dict[str, Any]:
    """Return the parameters of CreateFunction."""
    settings: dict[str, Any] = {"FunctionName": name, "Role": role, "Runtime": "python3.12", "Handler": "index.handler"}
    # Long enough for a machine that is busy with other tests.
    settings["Timeout"] = 60
    return {**settings, "Code": {"ZipFile": package(code)}}


def package(code: str, name: str = "index.py") -> bytes:
    """Return a deployment package with one module."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr(name, textwrap.dedent(code))
    return archive.getvalue()


def document(*statements: Mapping[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(action: str | list[str], resource: str | list[str], **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def credentials_of(issued: Mapping[str, str]) -> AwsCredentials:
    return AwsCredentials(*(Secret(issued[name]) for name in ("AccessKeyId", "SecretAccessKey", "SessionToken")))
