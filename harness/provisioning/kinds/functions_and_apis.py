"""Functions, HTTP APIs and REST APIs; what is in an API vanishes with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.deployment import operate
from harness.provisioning.kinds.kind import Found, ResourceKind, arn, by_name
from harness.provisioning.lists import entries

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from harness.marks import Marks
    from harness.targets.target import Target

_MOST_REST_APIS = 500


def _marked_function(name: str, marks: Marks, _: str) -> dict[str, Any]:
    return {"FunctionName": name, "Tags": marks.tags}


def _functions(target: Target) -> Iterator[Found]:
    for each in entries(target, "lambda", "ListFunctions", "Functions"):
        yield Found("function", each["FunctionName"], each["FunctionName"])


def _function_tags(target: Target, name: str) -> Mapping[str, str]:
    of_function = {"Resource": arn(target, "lambda", f"function:{name}")}
    tags: Mapping[str, str] = operate(target, "lambda", "ListTags", **of_function).get("Tags", {})
    return tags


def _delete_function(target: Target, name: str) -> None:
    operate(target, "lambda", "DeleteFunction", FunctionName=name)


def _marked_http_api(name: str, marks: Marks, _: str) -> dict[str, Any]:
    return {"Name": name, "Tags": marks.tags}


def _http_apis(target: Target) -> Iterator[Found]:
    for each in entries(target, "apigatewayv2", "GetApis", "Items"):
        yield Found("http-api", each["Name"], each["ApiId"], tags=each.get("Tags", {}))


def _http_api_tags(target: Target, api: str) -> Mapping[str, str]:
    tags: Mapping[str, str] = operate(target, "apigatewayv2", "GetApi", ApiId=api).get("Tags", {})
    return tags


def _delete_http_api(target: Target, api: str) -> None:
    operate(target, "apigatewayv2", "DeleteApi", ApiId=api)


def _marked_rest_api(name: str, marks: Marks, _: str) -> dict[str, Any]:
    return {"name": name, "tags": marks.tags}


def _rest_apis(target: Target) -> Iterator[Found]:
    for each in entries(target, "apigateway", "GetRestApis", "items", limit=_MOST_REST_APIS):
        yield Found("rest-api", each["name"], each["id"], tags=each.get("tags", {}))


def _rest_api_tags(target: Target, api: str) -> Mapping[str, str]:
    tags: Mapping[str, str] = operate(target, "apigateway", "GetRestApi", restApiId=api).get("tags", {})
    return tags


def _delete_rest_api(target: Target, api: str) -> None:
    operate(target, "apigateway", "DeleteRestApi", restApiId=api)


FUNCTION = ResourceKind(
    "function",
    "lambda",
    "CreateFunction",
    _marked_function,
    _functions,
    _function_tags,
    _delete_function,
    by_name,
)
HTTP_API = ResourceKind(
    "http-api",
    "apigatewayv2",
    "CreateApi",
    _marked_http_api,
    _http_apis,
    _http_api_tags,
    _delete_http_api,
    made_id=lambda answer: str(answer["ApiId"]),
)
REST_API = ResourceKind(
    "rest-api",
    "apigateway",
    "CreateRestApi",
    _marked_rest_api,
    _rest_apis,
    _rest_api_tags,
    _delete_rest_api,
    made_id=lambda answer: str(answer["id"]),
)
