"""What a creation that nobody knows the end of has made, if anything: looked up by the name it was to have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.targets.api import ApiRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from harness.targets.target import Target

# The codes by which services say that something of that name is there.
ALREADY_THERE = frozenset(
    {
        "BucketAlreadyOwnedByYou",
        "ConflictException",
        "EntityAlreadyExists",
        "GroupExistsException",
        "ResourceConflictException",
        "ResourceInUseException",
        "UsernameExistsException",
    }
)
_PAGE = 60


def is_recoverable(request: ApiRequest) -> bool:
    """Tell whether what the creation has made can be looked up."""
    return (request.service, request.operation) in _LOOKS


def recovered(target: Target, request: ApiRequest) -> dict[str, Any] | None:
    """Return what the creation would have answered if it has made something, None if not or if nobody can tell."""
    look = _LOOKS.get((request.service, request.operation))
    return None if look is None else look(target, request.params)


def _asked(target: Target, service: str, operation: str, **params: Any) -> Mapping[str, Any] | None:
    answer = target.send_as_operator(ApiRequest(service, operation, params))
    return answer.data if answer.succeeded else None


def pages(
    target: Target,
    service: str,
    operation: str,
    items: str,
    *,
    token: tuple[str, str] = ("NextToken", "NextToken"),
    **params: Any,
) -> Iterator[Mapping[str, Any]]:
    """Yield the items of all pages of a list; `token` is what the answer and the next request call the place to go on.

    A list that is refused has no items.
    """
    answer = _asked(target, service, operation, **params)
    while answer is not None:
        yield from answer.get(items, ())
        following = answer.get(token[0])
        answer = _asked(target, service, operation, **params, **{token[1]: following}) if following else None


def _user_pool(target: Target, params: Mapping[str, Any]) -> dict[str, Any] | None:
    for pool in pages(target, "cognito-idp", "ListUserPools", "UserPools", MaxResults=_PAGE):
        if pool["Name"] == params["PoolName"]:
            return _whole(_asked(target, "cognito-idp", "DescribeUserPool", UserPoolId=pool["Id"]))
    return None


def _app_client(target: Target, params: Mapping[str, Any]) -> dict[str, Any] | None:
    pool = {"UserPoolId": params["UserPoolId"]}
    listed = pages(target, "cognito-idp", "ListUserPoolClients", "UserPoolClients", MaxResults=_PAGE, **pool)
    for client in listed:
        if client["ClientName"] == params["ClientName"]:
            described = _asked(target, "cognito-idp", "DescribeUserPoolClient", ClientId=client["ClientId"], **pool)
            return _whole(described)
    return None


def _user(target: Target, params: Mapping[str, Any]) -> dict[str, Any] | None:
    whom = {"UserPoolId": params["UserPoolId"], "Username": params["Username"]}
    user = _asked(target, "cognito-idp", "AdminGetUser", **whom)
    return None if user is None else {"User": {**user, "Attributes": user["UserAttributes"]}}


def _identity_pool(target: Target, params: Mapping[str, Any]) -> dict[str, Any] | None:
    for pool in pages(target, "cognito-identity", "ListIdentityPools", "IdentityPools", MaxResults=_PAGE):
        if pool["IdentityPoolName"] == params["IdentityPoolName"]:
            return dict(pool)
    return None


def _function(target: Target, params: Mapping[str, Any]) -> dict[str, Any] | None:
    return _whole(_asked(target, "lambda", "GetFunctionConfiguration", FunctionName=params["FunctionName"]))


def _fresh_access_keys(target: Target, params: Mapping[str, Any]) -> None:
    """Delete the keys whose secret nobody has read, so that one can be made."""
    named = {"UserName": params["UserName"]}
    for key in pages(target, "iam", "ListAccessKeys", "AccessKeyMetadata", **named):
        _asked(target, "iam", "DeleteAccessKey", AccessKeyId=key["AccessKeyId"], **named)


def _listed(
    service: str, operation: str, items: str, same: Mapping[str, str], *scope: str
) -> Callable[[Target, Mapping[str, Any]], dict[str, Any] | None]:
    """Return the look for an item of a list whose fields (`same`: field of the item, parameter) are those asked for."""

    def look(target: Target, params: Mapping[str, Any]) -> dict[str, Any] | None:
        token = ("NextToken", "NextToken") if service == "apigatewayv2" else ("position", "position")
        named = {name: params[name] for name in scope}
        for item in pages(target, service, operation, items, token=token, **named):
            if all(item.get(field) == params[parameter] for field, parameter in same.items()):
                return dict(item)
        return None

    return look


def _whole(answer: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return None if answer is None else dict(answer)


_LOOKS: Mapping[tuple[str, str], Callable[[Target, Mapping[str, Any]], dict[str, Any] | None]] = {
    ("cognito-idp", "CreateUserPool"): _user_pool,
    ("cognito-idp", "CreateUserPoolClient"): _app_client,
    ("cognito-idp", "AdminCreateUser"): _user,
    ("cognito-identity", "CreateIdentityPool"): _identity_pool,
    ("iam", "CreateAccessKey"): _fresh_access_keys,
    ("lambda", "CreateFunction"): _function,
    ("apigatewayv2", "CreateApi"): _listed("apigatewayv2", "GetApis", "Items", {"Name": "Name"}),
    ("apigatewayv2", "CreateAuthorizer"): _listed("apigatewayv2", "GetAuthorizers", "Items", {"Name": "Name"}, "ApiId"),
    ("apigatewayv2", "CreateIntegration"): _listed(
        "apigatewayv2", "GetIntegrations", "Items", {"IntegrationUri": "IntegrationUri"}, "ApiId"
    ),
    ("apigatewayv2", "CreateRoute"): _listed("apigatewayv2", "GetRoutes", "Items", {"RouteKey": "RouteKey"}, "ApiId"),
    ("apigateway", "CreateRestApi"): _listed("apigateway", "GetRestApis", "items", {"name": "name"}),
    ("apigateway", "CreateAuthorizer"): _listed("apigateway", "GetAuthorizers", "items", {"name": "name"}, "restApiId"),
    ("apigateway", "CreateResource"): _listed(
        "apigateway", "GetResources", "items", {"parentId": "parentId", "pathPart": "pathPart"}, "restApiId"
    ),
}
