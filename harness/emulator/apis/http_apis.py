"""The service apigatewayv2: HTTP APIs with their routes, integrations, authorizers and stages."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from harness.emulator.apis.apis import Api, ApiKind, Authorizer, AuthorizerKind, Deployment, Stage, new_id
from harness.emulator.apis.identity import check_identity_sources
from harness.emulator.apis.management import ManagedApis, bad_request, function_behind, missing
from harness.emulator.apis.routes import DEFAULT, Integration, Route, is_template
from harness.emulator.apis.tags import ApiTags
from harness.emulator.listing import page
from harness.emulator.operations import accepting
from harness.emulator.service import Call, NotDerivableError, ServiceError
from harness.emulator.unconfirmed import apis as unconfirmed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from harness.emulator.apis.apis import Apis
    from harness.emulator.apis.management import ManagedOperation
    from harness.emulator.authorization import ScopedAuthorizer
    from harness.emulator.clock import Clock
    from harness.emulator.token_issuers import TokenIssuers

_SERVICE = "apigatewayv2"
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "ANY"})
_AUTHORIZATION_TYPES = {"NONE": None, "AWS_IAM": None, "JWT": "JWT", "CUSTOM": "REQUEST"}
_OF_LAMBDA_AUTHORIZERS = (
    "AuthorizerUri AuthorizerPayloadFormatVersion AuthorizerResultTtlInSeconds EnableSimpleResponses"
)
# The parts of an API that are lists of their own: parameters they take, and what stands in for those not given.
_PARTS: dict[str, tuple[str, dict[str, Any]]] = {
    "Route": (
        "RouteKey Target AuthorizationType AuthorizerId AuthorizationScopes OperationName",
        {"AuthorizationType": "NONE", "ApiKeyRequired": False},
    ),
    "Integration": (
        "IntegrationType IntegrationUri IntegrationMethod PayloadFormatVersion ConnectionType Description",
        {"ConnectionType": "INTERNET", "TimeoutInMillis": 30000},
    ),
    "Authorizer": (
        f"Name AuthorizerType IdentitySource JwtConfiguration {_OF_LAMBDA_AUTHORIZERS}",
        {},
    ),
}
_STAGE = "StageName AutoDeploy StageVariables Description DeploymentId"


@dataclass(slots=True)
class _Managed:
    """One HTTP API as its owner sees it. `parts` has, by kind of part, what the API shows of each by its id."""

    api: Api
    described: dict[str, Any]
    parts: dict[str, dict[str, dict[str, Any]]] = field(default_factory=lambda: {name: {} for name in _PARTS})
    stages: dict[str, dict[str, Any]] = field(default_factory=dict)
    deployments: dict[str, Deployment] = field(default_factory=dict)


class HttpApis(ManagedApis):
    """The service apigatewayv2 of one account in one Region, for APIs of the protocol HTTP."""

    def __init__(
        self,
        *,
        account: str,
        region: str,
        clock: Clock,
        apis: Apis,
        issuers: TokenIssuers,
        authorizer: ScopedAuthorizer,
    ) -> None:
        self._account = account
        self._region = region
        self._clock = clock
        self._apis = apis
        self._issuers = issuers
        self._managed: dict[str, _Managed] = {}
        tags = ApiTags(apis, ApiKind.HTTP, account, region, "apis", "ResourceArn", "Tags", "TagKeys")
        super().__init__(_SERVICE, region, self._table(), tags, authorizer)

    def _table(self) -> dict[str, ManagedOperation]:
        one = accepting("ApiId")
        operations: dict[str, ManagedOperation] = {
            "CreateApi": (self._create_api, accepting("Name ProtocolType Description Tags")),
            "GetApi": (lambda call: _shown(self._api(call)), one),
            "GetApis": (self._get_apis, accepting("MaxResults NextToken")),
            "UpdateApi": (self._update_api, one | accepting("Name Description")),
            "DeleteApi": (self._delete_api, one),
            "CreateStage": (self._create_stage, one | accepting(_STAGE)),
            "GetStage": (self._get_stage, one | accepting("StageName")),
            "GetStages": (lambda call: {"Items": list(self._api(call).stages.values())}, one),
            "UpdateStage": (self._update_stage, one | accepting(_STAGE)),
            "DeleteStage": (self._delete_stage, one | accepting("StageName")),
            "CreateDeployment": (self._create_deployment, one | accepting("StageName Description")),
        }
        for part, (accepted, _) in _PARTS.items():
            of_one = one | accepting(f"{part}Id")
            operations |= {
                f"Create{part}": (self._creating(part), one | accepting(accepted)),
                f"Get{part}": (self._getting(part), of_one),
                f"Get{part}s": (self._listing(part), one),
                f"Update{part}": (self._updating(part), of_one | accepting(accepted)),
                f"Delete{part}": (self._deleting(part), of_one),
            }
        return operations

    def _api(self, call: Call) -> _Managed:
        found = self._managed.get(call.params["ApiId"])
        if found is None:
            raise missing("API")
        return found

    def _create_api(self, call: Call) -> Mapping[str, Any]:
        if call.params["ProtocolType"] != "HTTP":
            raise NotDerivableError("WebSocket APIs")
        given = dict(call.params)
        api = self._apis.create(ApiKind.HTTP, self._account, self._region, given.pop("Tags", None))
        described = {
            "ApiId": api.id,
            "ApiEndpoint": f"https://{api.domain}",
            "ApiKeySelectionExpression": "$request.header.x-api-key",
            "RouteSelectionExpression": "$request.method $request.path",
            "CreatedDate": self._clock.now(),
            "DisableExecuteApiEndpoint": False,
            **given,
        }
        self._managed[api.id] = _Managed(api, described)
        return _shown(self._managed[api.id])

    def _get_apis(self, call: Call) -> Mapping[str, Any]:
        most = call.params.get("MaxResults") or str(len(self._managed) or 1)
        if not most.isdecimal() or not int(most):
            raise bad_request("Invalid value for MaxResults")
        everything = list(self._managed.values())
        shown, more = page(everything, int(most), call.params.get("NextToken"), refusal="BadRequestException")
        return {"Items": [_shown(managed_api) for managed_api in shown], **more}

    def _update_api(self, call: Call) -> Mapping[str, Any]:
        api = self._api(call)
        api.described |= call.params
        return _shown(api)

    def _delete_api(self, call: Call) -> Mapping[str, Any]:
        api = self._api(call).api
        self._apis.remove(api.id)
        del self._managed[api.id]
        return {}

    def _part(self, call: Call, part: str) -> dict[str, Any]:
        found = self._api(call).parts[part].get(call.params[f"{part}Id"])
        if found is None:
            raise missing(part)
        return found

    def _creating(self, part: str) -> Callable[[Call], Mapping[str, Any]]:
        def create(call: Call) -> Mapping[str, Any]:
            given = {name: value for name, value in call.params.items() if name != "ApiId"}
            described = {**_PARTS[part][1], **given, f"{part}Id": new_id()}
            self._put(self._api(call), part, described)
            return described

        return create

    def _getting(self, part: str) -> Callable[[Call], Mapping[str, Any]]:
        return lambda call: self._part(call, part)

    def _listing(self, part: str) -> Callable[[Call], Mapping[str, Any]]:
        return lambda call: {"Items": list(self._api(call).parts[part].values())}

    def _updating(self, part: str) -> Callable[[Call], Mapping[str, Any]]:
        def update(call: Call) -> Mapping[str, Any]:
            described = {**self._part(call, part), **call.params}
            del described["ApiId"]
            self._put(self._api(call), part, described)
            return described

        return update

    def _deleting(self, part: str) -> Callable[[Call], Mapping[str, Any]]:
        def delete(call: Call) -> Mapping[str, Any]:
            api = self._api(call)
            del api.parts[part][self._part(call, part)[f"{part}Id"]]
            _redeploy(api)
            return {}

        return delete

    def _put(self, api: _Managed, part: str, described: dict[str, Any]) -> None:
        if part == "Route":
            _check_route(api, described)
        elif part == "Integration":
            _check_integration(described)
        else:
            self._check_authorizer(described)
        api.parts[part][described[f"{part}Id"]] = described
        _redeploy(api)

    def _check_authorizer(self, described: Mapping[str, Any]) -> None:
        check_identity_sources(described.get("IdentitySource") or ())
        if described["AuthorizerType"] == "JWT":
            jwt = described.get("JwtConfiguration") or {}
            if not jwt.get("Issuer") or not jwt.get("Audience"):
                raise bad_request("JwtConfiguration needs an Issuer and an Audience")
            if self._issuers.pool(jwt["Issuer"]) is None:
                raise NotDerivableError("issuers other than user pools of this cloud")
            return
        function_behind(described.get("AuthorizerUri") or "")
        if described.get("AuthorizerPayloadFormatVersion") not in ("1.0", "2.0"):
            raise bad_request("AuthorizerPayloadFormatVersion is a required parameter for REQUEST authorizer")

    def _create_stage(self, call: Call) -> Mapping[str, Any]:
        api, name = self._api(call), call.params["StageName"]
        if name in api.stages:
            raise ServiceError("ConflictException", "Stage already exists", 409)
        given = {key: value for key, value in call.params.items() if key != "ApiId"}
        api.stages[name] = {"AutoDeploy": False, "CreatedDate": self._clock.now(), **given}
        api.api.stages[name] = Stage(name, None)
        return self._changed_stage(api, name)

    def _get_stage(self, call: Call) -> Mapping[str, Any]:
        found = self._api(call).stages.get(call.params["StageName"])
        if found is None:
            raise missing("stage")
        return found

    def _update_stage(self, call: Call) -> Mapping[str, Any]:
        self._get_stage(call)
        api, name = self._api(call), call.params["StageName"]
        api.stages[name] |= {key: value for key, value in call.params.items() if key != "ApiId"}
        return self._changed_stage(api, name)

    def _changed_stage(self, api: _Managed, name: str) -> Mapping[str, Any]:
        described, stage = api.stages[name], api.api.stages[name]
        stage.variables = described.get("StageVariables") or {}
        if described["AutoDeploy"]:
            _redeploy(api)
        elif "DeploymentId" in described:
            deployment = api.deployments.get(described["DeploymentId"])
            if deployment is None:
                raise missing("deployment")
            stage.deployment = deployment
        return described

    def _delete_stage(self, call: Call) -> Mapping[str, Any]:
        self._get_stage(call)
        api, name = self._api(call), call.params["StageName"]
        del api.stages[name], api.api.stages[name]
        return {}

    def _create_deployment(self, call: Call) -> Mapping[str, Any]:
        api = self._api(call)
        deployment = _deployment_of(api)
        name = call.params.get("StageName")
        if name is not None:
            self._get_stage(call)
            if api.stages[name]["AutoDeploy"]:
                raise bad_request("Deployment ID cannot be set on stages with AutoDeploy")
            api.stages[name]["DeploymentId"] = deployment.id
            api.api.stages[name].deployment = deployment
        api.deployments[deployment.id] = deployment
        status = {"DeploymentStatus": "DEPLOYED", "CreatedDate": self._clock.now(), "AutoDeployed": False}
        return {"DeploymentId": deployment.id, **status}


def _shown(api: _Managed) -> dict[str, Any]:
    return {**api.described, **({"Tags": dict(api.api.tags)} if api.api.tags else {})}


def _redeploy(api: _Managed) -> None:
    """Let the stages that deploy by themselves have what the API is now."""
    for name, described in api.stages.items():
        if described["AutoDeploy"]:
            api.api.stages[name].deployment = _deployment_of(api)


def _deployment_of(api: _Managed) -> Deployment:
    routes = tuple(_route(described, api.parts["Integration"]) for described in api.parts["Route"].values())
    authorizers = {name: _authorizer(described) for name, described in api.parts["Authorizer"].items()}
    return Deployment(new_id(), routes, authorizers)


def _check_route(api: _Managed, described: Mapping[str, Any]) -> None:
    key = described["RouteKey"]
    method, _, path = key.partition(" ")
    if key != DEFAULT and (method not in _METHODS or not is_template(path)):
        raise bad_request("The provided route key is not formatted properly for HTTP protocol.")
    others = (route for route in api.parts["Route"].values() if route["RouteId"] != described["RouteId"])
    if any(route["RouteKey"] == key for route in others):
        raise ServiceError("ConflictException", f"Route with key {key} already exists for this API", 409)
    kind = described["AuthorizationType"]
    authorizer = api.parts["Authorizer"].get(described.get("AuthorizerId", ""))
    needed = _AUTHORIZATION_TYPES[kind]
    if needed is not None and (authorizer is None or authorizer["AuthorizerType"] != needed):
        raise bad_request(f"Authorization type {kind} needs an authorizer of this API of type {needed}")
    if described.get("AuthorizationScopes") and kind != "JWT":
        raise bad_request("AuthorizationScopes are for routes with a JWT authorizer")
    target = described.get("Target")
    if target is not None and target.removeprefix("integrations/") not in api.parts["Integration"]:
        raise bad_request(f"Invalid target: {target}")


def _check_integration(described: Mapping[str, Any]) -> None:
    if described["IntegrationType"] != "AWS_PROXY":
        raise NotDerivableError(f"integrations of the type {described['IntegrationType']}")
    function_behind(described.get("IntegrationUri") or "")
    if described.get("PayloadFormatVersion") not in ("1.0", "2.0"):
        raise bad_request("PayloadFormatVersion is a required parameter for AWS_PROXY integration")


def _route(described: Mapping[str, Any], integrations: Mapping[str, Mapping[str, Any]]) -> Route:
    key = described["RouteKey"]
    method, _, path = ("ANY", "", DEFAULT) if key == DEFAULT else key.partition(" ")
    target = integrations.get(described.get("Target", "").removeprefix("integrations/"))
    return Route(
        method=method,
        path=path,
        key=key,
        authorization_type=described["AuthorizationType"],
        authorizer_id=described.get("AuthorizerId"),
        scopes=tuple(described.get("AuthorizationScopes") or ()),
        integration=None
        if target is None
        else Integration(function_behind(target["IntegrationUri"]), target["PayloadFormatVersion"]),
    )


def _authorizer(described: Mapping[str, Any]) -> Authorizer:
    identifier, sources = described["AuthorizerId"], tuple(described.get("IdentitySource") or ())
    if described["AuthorizerType"] == "JWT":
        jwt = described["JwtConfiguration"]
        audience = tuple(jwt["Audience"])
        return Authorizer(identifier, AuthorizerKind.JWT, sources, issuer=jwt["Issuer"], audience=audience)
    return Authorizer(
        identifier,
        AuthorizerKind.REQUEST,
        sources,
        function_arn=function_behind(described["AuthorizerUri"]),
        payload_format=described["AuthorizerPayloadFormatVersion"],
        simple=bool(described.get("EnableSimpleResponses")),
        cached_seconds=described.get("AuthorizerResultTtlInSeconds", unconfirmed.AUTHORIZER_TTL_SECONDS),
    )
