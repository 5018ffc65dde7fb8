"""Targets that do not take everything seriously that they are told, to show that a probe notices."""

from __future__ import annotations

import json
import re
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from harness.targets.api import ApiRequest, ApiResponse
from harness.targets.embedded import EmbeddedTarget

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from harness.targets.api import AwsCredentials
    from harness.targets.http import BearerToken, HttpRequest, HttpResponse

_POLICIES = ("PolicyDocument", "Policy", "AssumeRolePolicyDocument")


@contextmanager
def embedded() -> Iterator[EmbeddedTarget]:
    """Let the block use an embedded target of its own."""
    target = EmbeddedTarget()
    try:
        yield target
    finally:
        target.close()


class LaxTarget:
    """The embedded target behind somebody who rewrites what it is told, and lets the operator answer for callers."""

    def __init__(
        self,
        target: EmbeddedTarget,
        *,
        rewrite: Callable[[ApiRequest], ApiRequest] = lambda request: request,
        lets: Callable[[ApiRequest], bool] = lambda _: False,
        afterwards: Callable[[EmbeddedTarget, ApiRequest], None] = lambda *_: None,
    ) -> None:
        self._target = target
        self._rewrite = rewrite
        self._lets = lets
        self._afterwards = afterwards

    def __getattr__(self, name: str) -> Any:
        return getattr(self._target, name)

    def send(self, request: ApiRequest, credentials: AwsCredentials | None) -> ApiResponse:
        told = self._rewrite(request)
        if credentials is not None and self._lets(request):
            return self._target.send_as_operator(told)
        answer = self._target.send(told, credentials)
        self._afterwards(self._target, request)
        return answer

    def send_as_operator(self, request: ApiRequest) -> ApiResponse:
        return self._target.send_as_operator(self._rewrite(request))

    def send_http(self, request: HttpRequest, caller: AwsCredentials | BearerToken | None) -> HttpResponse:
        return self._target.send_http(request, caller)


def letting(operation: str, when: str = "") -> Callable[[EmbeddedTarget], LaxTarget]:
    """Return a target that lets everybody do what one operation asks for, when a word stands in the request."""
    return lambda target: LaxTarget(
        target, lets=lambda request: request.operation == operation and when in str(request.params)
    )


def setting(operation: str, **members: Any) -> Callable[[EmbeddedTarget], LaxTarget]:
    """Return a target that takes members of a request for something else, or (None) does not see them."""

    def rewrite(request: ApiRequest) -> ApiRequest:
        if request.operation != operation:
            return request
        params = {**request.params, **members}
        return replace(request, params={name: value for name, value in params.items() if value is not None})

    return lambda target: LaxTarget(target, rewrite=rewrite)


def reading_policies(
    edit: Callable[[dict[str, Any]], list[dict[str, Any]]], *operations: str
) -> Callable[[EmbeddedTarget], LaxTarget]:
    """Return a target that reads each statement of the policies in some operations in its own way."""

    def rewrite(request: ApiRequest) -> ApiRequest:
        if request.operation not in operations:
            return request
        return replace(request, params={name: _read(name, value) for name, value in request.params.items()})

    def _read(name: str, value: Any) -> Any:
        if name not in _POLICIES:
            return value
        document = json.loads(value)
        document["Statement"] = [read for statement in document["Statement"] for read in edit(statement)]
        return json.dumps(document)

    return lambda target: LaxTarget(target, rewrite=rewrite)


def without_denials(statement: dict[str, Any]) -> list[dict[str, Any]]:
    return [] if statement["Effect"] == "Deny" else [statement]


def without_condition(key: str) -> Callable[[dict[str, Any]], list[dict[str, Any]]]:
    """Return what reads a statement as if a condition key were not in it."""

    def edit(statement: dict[str, Any]) -> list[dict[str, Any]]:
        conditions = {
            operator: {name: value for name, value in tests.items() if name != key}
            for operator, tests in statement.get("Condition", {}).items()
        }
        kept = {operator: tests for operator, tests in conditions.items() if tests}
        read = {name: value for name, value in statement.items() if name != "Condition"}
        return [{**read, "Condition": kept} if kept else read]

    return edit


def with_texts(*changes: tuple[str, str]) -> Callable[[dict[str, Any]], list[dict[str, Any]]]:
    """Return what reads a statement with some text (a regular expression) for another."""

    def edit(statement: dict[str, Any]) -> list[dict[str, Any]]:
        text = json.dumps(statement)
        for pattern, new in changes:
            text = re.sub(pattern, new, text)
        return [json.loads(text)]

    return edit


def confirming_sign_ups(target: EmbeddedTarget) -> LaxTarget:
    """Return a target that confirms whoever signs up."""

    def confirm(honest: EmbeddedTarget, request: ApiRequest) -> None:
        if request.operation == "SignUp":
            pools = honest.send_as_operator(ApiRequest("cognito-idp", "ListUserPools", {"MaxResults": 60})).data
            for pool in pools["UserPools"]:
                named = {"UserPoolId": pool["Id"], "Username": request.params["Username"]}
                honest.send_as_operator(ApiRequest("cognito-idp", "AdminConfirmSignUp", named))

    return LaxTarget(target, afterwards=confirm)


def never_asking_the_user_pool(target: EmbeddedTarget) -> LaxTarget:
    """Return a target whose identity pools do not ask the user pool whether a user still counts."""

    def rewrite(request: ApiRequest) -> ApiRequest:
        if request.operation != "CreateIdentityPool":
            return request
        providers = [
            {**provider, "ServerSideTokenCheck": False} for provider in request.params["CognitoIdentityProviders"]
        ]
        return replace(request, params={**request.params, "CognitoIdentityProviders": providers})

    return LaxTarget(target, rewrite=rewrite)
