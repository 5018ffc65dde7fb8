"""The service apigateway: REST APIs with their resources, methods, authorizers and deployments."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from harness.emulator.apis.apis import Api, ApiKind, Authorizer, AuthorizerKind, Deployment, Stage, new_id
from harness.emulator.apis.identity import check_identity_sources
from harness.emulator.apis.management import ManagedApis, bad_request, function_behind, missing
from harness.emulator.apis.routes import Integration, Route, is_template
from harness.emulator.apis.tags import ApiTags
from harness.emulator.listing import page
from harness.emulator.operations import accepting
from harness.emulator.service import Call, NotDerivableError, ServiceError
from harness.emulator.unconfirmed import apis as unconfirmed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.emulator.apis.apis import Apis
    from harness.emulator.apis.management import ManagedOperation
    from harness.emulator.authorization import ScopedAuthorizer
    from harness.emulator.clock import Clock

_SERVICE = "apigateway"
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "ANY"})
_KINDS = {
    "COGNITO_USER_POOLS": AuthorizerKind.COGNITO,
    "TOKEN": AuthorizerKind.TOKEN,
    "REQUEST": AuthorizerKind.REQUEST,
}
_AUTHORIZATION_TYPES = {
    "NONE": (),
    "AWS_IAM": (),
    "COGNITO_USER_POOLS": ("COGNITO_USER_POOLS",),
    "CUSTOM": ("TOKEN", "REQUEST"),
}
_ON_METHOD = "restApiId resourceId httpMethod"
# How many APIs stand on a page, and how many one may ask for (service model of GetRestApis).
_LISTED, _MOST_LISTED = 25, 500


@dataclass(slots=True)
class _Managed:
    """One REST API as its owner sees it: what the API shows of each resource, authorizer, deployment and stage."""

    api: Api
    described: dict[str, Any]
    resources: dict[str, dict[str, Any]] = field(default_factory=dict)
    authorizers: dict[str, dict[str, Any]] = field(default_factory=dict)
    deployments: dict[str, tuple[dict[str, Any], Deployment]] = field(default_factory=dict)
    stages: dict[str, dict[str, Any]] = field(default_factory=dict)


class RestApis(ManagedApis):
    """The service apigateway of one account in one Region."""

    def __init__(self, *, account: str, region: str, clock: Clock, apis: Apis, authorizer: ScopedAuthorizer) -> None:
        self._account = account
        self._region = region
        self._clock = clock
        self._apis = apis
        self._managed: dict[str, _Managed] = {}
        tags = ApiTags(apis, ApiKind.REST, account, region, "restapis", "resourceArn", "tags", "tagKeys")
        super().__init__(_SERVICE, region, self._table(), tags, authorizer)

    def _table(self) -> dict[str, ManagedOperation]:
        one, on_method = accepting("restApiId"), accepting(_ON_METHOD)
        on_resource = one | accepting("resourceId")
        on_authorizer = one | accepting("authorizerId")
        authorizer = (
            "name type providerARNs authType authorizerUri identitySource identityValidationExpression "
            "authorizerResultTtlInSeconds"
        )
        method = "authorizationType authorizerId authorizationScopes apiKeyRequired operationName"
        operations: dict[str, ManagedOperation] = {
            "CreateRestApi": (self._create_api, accepting("name description endpointConfiguration tags")),
            "GetRestApi": (lambda call: _shown(self._api(call)), one),
            "GetRestApis": (self._get_apis, accepting("limit position")),
            "DeleteRestApi": (self._delete_api, one),
            "CreateResource": (self._create_resource, one | accepting("parentId pathPart")),
            "GetResource": (self._resource, on_resource),
            "GetResources": (self._get_resources, one),
            "DeleteResource": (self._delete_resource, on_resource),
            "PutMethod": (self._put_method, on_method | accepting(method)),
            "GetMethod": (self._method, on_method),
            "DeleteMethod": (self._delete_method, on_method),
            "PutIntegration": (self._put_integration, on_method | accepting("type integrationHttpMethod uri")),
            "PutMethodResponse": (self._put_method_response, on_method | accepting("statusCode")),
            "CreateAuthorizer": (self._create_authorizer, one | accepting(authorizer)),
            "GetAuthorizer": (self._authorizer, on_authorizer),
            "GetAuthorizers": (lambda call: {"items": list(self._api(call).authorizers.values())}, one),
            "DeleteAuthorizer": (self._delete_authorizer, on_authorizer),
            "CreateDeployment": (self._create_deployment, one | accepting("stageName description variables")),
            "CreateStage": (self._create_stage, one | accepting("stageName deploymentId description variables")),
            "GetStage": (self._stage, one | accepting("stageName")),
            "GetStages": (lambda call: {"item": list(self._api(call).stages.values())}, one),
            "DeleteStage": (self._delete_stage, one | accepting("stageName")),
        }
        return operations

    def _api(self, call: Call) -> _Managed:
        found = self._managed.get(call.params["restApiId"])
        if found is None:
            raise missing("API")
        return found

    def _create_api(self, call: Call) -> Mapping[str, Any]:
        endpoint = call.params.get("endpointConfiguration") or {"types": ["EDGE"]}
        if endpoint.keys() != {"types"} or "PRIVATE" in endpoint["types"]:
            raise NotDerivableError("private endpoints")
        given = dict(call.params)
        api = self._apis.create(ApiKind.REST, self._account, self._region, given.pop("tags", None))
        root = new_id(10)
        described = {
            "id": api.id,
            "createdDate": self._clock.now(),
            "rootResourceId": root,
            "apiKeySource": "HEADER",
            "disableExecuteApiEndpoint": False,
            **given,
            "endpointConfiguration": endpoint,
        }
        self._managed[api.id] = _Managed(api, described, {root: {"id": root, "path": "/"}})
        return _shown(self._managed[api.id])

    def _get_apis(self, call: Call) -> Mapping[str, Any]:
        most = min(call.params.get("limit") or _LISTED, _MOST_LISTED)
        position = call.params.get("position")
        everything = list(self._managed.values())
        shown, more = page(everything, most, position, member="position", refusal="BadRequestException")
        return {"items": [_shown(managed_api) for managed_api in shown], **more}

    def _delete_api(self, call: Call) -> Mapping[str, Any]:
        api = self._api(call).api
        self._apis.remove(api.id)
        del self._managed[api.id]
        return {}

    def _resource(self, call: Call) -> dict[str, Any]:
        found = self._api(call).resources.get(call.params["resourceId"])
        if found is None:
            raise missing("Resource")
        return found

    def _get_resources(self, call: Call) -> Mapping[str, Any]:
        return {"items": list(self._api(call).resources.values())}

    def _create_resource(self, call: Call) -> Mapping[str, Any]:
        api, part = self._api(call), call.params["pathPart"]
        parent = api.resources.get(call.params["parentId"])
        if parent is None:
            raise missing("Resource")
        path = f"{parent['path'].rstrip('/')}/{part}"
        if "/" in part or not is_template(path):
            raise bad_request("Resource's path part only allow a-zA-Z0-9._-: or a valid greedy path variable and curly "
                              "braces at the beginning and the end.")  # fmt: skip
        if any(resource["path"] == path for resource in api.resources.values()):
            raise ServiceError(
                "ConflictException", f"Another resource with the same parent already has this name: {part}", 409
            )
        resource = {"id": new_id(), "parentId": parent["id"], "pathPart": part, "path": path}
        api.resources[resource["id"]] = resource
        return resource

    def _delete_resource(self, call: Call) -> Mapping[str, Any]:
        api, resource = self._api(call), self._resource(call)
        if "parentId" not in resource:
            raise bad_request("Root resource cannot be deleted")
        for each in list(api.resources.values()):
            if f"{each['path']}/".startswith(f"{resource['path']}/"):
                del api.resources[each["id"]]
        return {}

    def _method(self, call: Call) -> dict[str, Any]:
        methods: dict[str, dict[str, Any]] = self._resource(call).get("resourceMethods", {})
        if call.params["httpMethod"] not in methods:
            raise missing("Method")
        return methods[call.params["httpMethod"]]

    def _put_method(self, call: Call) -> Mapping[str, Any]:
        params, resource = call.params, self._resource(call)
        name, kind = params["httpMethod"], params["authorizationType"]
        if name not in _METHODS:
            raise bad_request("Invalid HTTP method specified")
        if name in resource.get("resourceMethods", {}):
            raise ServiceError("ConflictException", "Method already exists for this resource", 409)
        if kind not in _AUTHORIZATION_TYPES or params.get("apiKeyRequired"):
            raise NotDerivableError("API keys, and authorization types other than those of REST APIs")
        authorizer = self._api(call).authorizers.get(params.get("authorizerId", ""))
        needed = _AUTHORIZATION_TYPES[kind]
        if needed and (authorizer is None or authorizer["type"] not in needed):
            raise bad_request("Invalid authorizer ID specified. Setting the authorization type to CUSTOM or "
                              "COGNITO_USER_POOLS requires a valid authorizer.")  # fmt: skip
        if params.get("authorizationScopes") and kind != "COGNITO_USER_POOLS":
            raise bad_request("Authorization scopes are for methods with a Cognito authorizer")
        described = {key: value for key, value in params.items() if key not in ("restApiId", "resourceId")}
        method = {"apiKeyRequired": False, **described}
        resource.setdefault("resourceMethods", {})[name] = method
        return method

    def _delete_method(self, call: Call) -> Mapping[str, Any]:
        self._method(call)
        del self._resource(call)["resourceMethods"][call.params["httpMethod"]]
        return {}

    def _put_integration(self, call: Call) -> Mapping[str, Any]:
        params, method = call.params, self._method(call)
        if params["type"] != "AWS_PROXY" or params.get("integrationHttpMethod") != "POST":
            raise NotDerivableError("integrations other than AWS_PROXY with the method POST")
        function_behind(params.get("uri") or "")
        method["methodIntegration"] = {
            "type": "AWS_PROXY",
            "httpMethod": "POST",
            "uri": params["uri"],
            "passthroughBehavior": "WHEN_NO_MATCH",
            "timeoutInMillis": 29000,
            "cacheNamespace": params["resourceId"],
            "cacheKeyParameters": [],
        }
        integration: Mapping[str, Any] = method["methodIntegration"]
        return integration

    def _put_method_response(self, call: Call) -> Mapping[str, Any]:
        response = {"statusCode": call.params["statusCode"]}
        self._method(call).setdefault("methodResponses", {})[call.params["statusCode"]] = response
        return response

    def _authorizer(self, call: Call) -> Mapping[str, Any]:
        found = self._api(call).authorizers.get(call.params["authorizerId"])
        if found is None:
            raise missing("authorizer")
        return found

    def _create_authorizer(self, call: Call) -> Mapping[str, Any]:
        described = {key: value for key, value in call.params.items() if key != "restApiId"}
        kind = described["type"]
        if kind == "COGNITO_USER_POOLS":
            if not described.get("providerARNs"):
                raise bad_request("ProviderARNs must be specified for COGNITO_USER_POOLS authorizer type.")
        else:
            function_behind(described.get("authorizerUri") or "")
            described.setdefault("authorizerResultTtlInSeconds", unconfirmed.AUTHORIZER_TTL_SECONDS)
        if kind != "REQUEST":
            described.setdefault("identitySource", "method.request.header.Authorization")
        check_identity_sources(_sources(described))
        if kind == "REQUEST" and described["authorizerResultTtlInSeconds"] and not _sources(described):
            raise bad_request("A REQUEST authorizer whose results are cached needs an identity source")
        if described.get("identityValidationExpression") and kind != "TOKEN":
            raise NotDerivableError("a validation expression of an authorizer that is not of the type TOKEN")
        described["id"] = new_id()
        self._api(call).authorizers[described["id"]] = described
        return described

    def _delete_authorizer(self, call: Call) -> Mapping[str, Any]:
        del self._api(call).authorizers[self._authorizer(call)["id"]]
        return {}

    def _create_deployment(self, call: Call) -> Mapping[str, Any]:
        api = self._api(call)
        deployment = _deployment_of(api)
        described = {"id": deployment.id, "createdDate": self._clock.now()}
        api.deployments[deployment.id] = described, deployment
        if "stageName" in call.params:
            self._put_stage(api, call.params, deployment)
        return described

    def _create_stage(self, call: Call) -> Mapping[str, Any]:
        api = self._api(call)
        found = api.deployments.get(call.params["deploymentId"])
        if found is None:
            raise missing("Deployment")
        if call.params["stageName"] in api.stages:
            raise ServiceError("ConflictException", "Stage already exists", 409)
        return self._put_stage(api, call.params, found[1])

    def _put_stage(self, api: _Managed, params: Mapping[str, Any], deployment: Deployment) -> Mapping[str, Any]:
        name, now = params["stageName"], self._clock.now()
        variables = params.get("variables") or {}
        described = {"createdDate": now, **api.stages.get(name, {}), "lastUpdatedDate": now, "stageName": name}
        api.stages[name] = {**described, "deploymentId": deployment.id, "variables": variables}
        api.api.stages[name] = Stage(name, deployment, variables)
        return api.stages[name]

    def _stage(self, call: Call) -> Mapping[str, Any]:
        found = self._api(call).stages.get(call.params["stageName"])
        if found is None:
            raise missing("stage")
        return found

    def _delete_stage(self, call: Call) -> Mapping[str, Any]:
        self._stage(call)
        api, name = self._api(call), call.params["stageName"]
        del api.stages[name], api.api.stages[name]
        return {}


def _shown(api: _Managed) -> dict[str, Any]:
    return {**api.described, **({"tags": dict(api.api.tags)} if api.api.tags else {})}


def _deployment_of(api: _Managed) -> Deployment:
    routes = tuple(
        _route(resource, method)
        for resource in api.resources.values()
        for method in resource.get("resourceMethods", {}).values()
    )
    if not routes:
        raise bad_request("The REST API doesn't contain any methods")
    if any(route.integration is None for route in routes):
        raise bad_request("No integration defined for method")
    authorizers = {name: _compiled(described) for name, described in api.authorizers.items()}
    return Deployment(new_id(), routes, authorizers)


def _route(resource: Mapping[str, Any], method: Mapping[str, Any]) -> Route:
    integration = method.get("methodIntegration")
    return Route(
        method=method["httpMethod"],
        path=resource["path"],
        key=f"{method['httpMethod']} {resource['path']}",
        authorization_type=method["authorizationType"],
        authorizer_id=method.get("authorizerId"),
        scopes=tuple(method.get("authorizationScopes") or ()),
        integration=None if integration is None else Integration(function_behind(integration["uri"]), "1.0"),
        resource_id=resource["id"],
    )


def _sources(described: Mapping[str, Any]) -> tuple[str, ...]:
    given = described.get("identitySource") or ""
    return tuple(source.strip() for source in given.split(",") if source.strip())


def _compiled(described: Mapping[str, Any]) -> Authorizer:
    is_lambda = described["type"] != "COGNITO_USER_POOLS"
    return Authorizer(
        described["id"],
        _KINDS[described["type"]],
        _sources(described),
        user_pool_arns=tuple(described.get("providerARNs") or ()),
        function_arn=function_behind(described["authorizerUri"]) if is_lambda else "",
        cached_seconds=described.get("authorizerResultTtlInSeconds", 0) if is_lambda else 0,
        validation=described.get("identityValidationExpression"),
    )
