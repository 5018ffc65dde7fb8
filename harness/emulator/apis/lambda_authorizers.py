"""Lambda authorizers: functions that decide whether a request may pass, and whose answers are remembered."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.emulator.apis.apis import ApiKind
from harness.emulator.apis.events import authorizer_event
from harness.emulator.apis.identity import identity_values
from harness.emulator.apis.refusals import authorizer_failed, refusal, unauthorized
from harness.emulator.apis.route_calls import Authorized
from harness.emulator.service import NotDerivableError
from harness.emulator.user_pools.functions_port import FunctionError, FunctionFailedError
from harness.policy import MalformedPolicyDocument, PolicyKind, PolicySet, Request, parse_policy

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from harness.emulator.apis.apis import Authorizer
    from harness.emulator.apis.route_calls import RouteCall
    from harness.emulator.user_pools.functions_port import Functions
    from harness.policy import Policy

API_GATEWAY = "apigateway.amazonaws.com"
_INVOKE = "execute-api:Invoke"
_KEPT_ANSWERS = 1000
_EVERYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}


@dataclass(frozen=True, slots=True)
class _Answer:
    """What an authorizer has said: yes or no, or a policy, which is asked anew for every route."""

    allowed: bool
    policy: Policy | None
    principal_id: str | None
    context: Mapping[str, Any]


class LambdaAuthorizers:
    """Asks the functions; `decides` is the policy engine, asked about the policies they answer."""

    def __init__(self, functions: Functions, decides: Callable[[PolicySet, Request], bool]) -> None:
        self._functions = functions
        self._decides = decides

    def by_function(self, authorizer: Authorizer, call: RouteCall) -> Authorized:
        """Return what the function adds to the event of the route; raises ApiRefusal where it does not let it pass."""
        kind = call.api.kind
        identity = identity_values(authorizer.identity_sources, call)
        if identity is None or (authorizer.validation and not re.fullmatch(authorizer.validation, identity[0])):
            raise unauthorized(kind)
        answer = self._answer(authorizer, call, identity)
        if answer.policy is None:
            if not answer.allowed:
                raise refusal(kind, 403, "Forbidden")
        else:
            self._check_policy(answer.policy, call)
        return Authorized(context=answer.context, principal_id=answer.principal_id)

    def _answer(self, authorizer: Authorizer, call: RouteCall, identity: tuple[str, ...]) -> _Answer:
        # The cache belongs to a stage. Only the identity sources are its key, so that an answer holds for every route
        # that has the same authorizer (aws-semantics section 8).
        key = (call.stage.name, authorizer.id, *identity)
        remembered = call.api.cached.get(key)
        if remembered is not None and call.now < remembered[0]:
            answer: _Answer = remembered[1]
            return answer
        answer = _read(self._asked(authorizer, call, identity), authorizer, call.api.kind)
        if authorizer.cached_seconds and identity:
            if len(call.api.cached) >= _KEPT_ANSWERS:
                call.api.cached.clear()
            call.api.cached[key] = (call.now + authorizer.cached_seconds, answer)
        return answer

    def _asked(self, authorizer: Authorizer, call: RouteCall, identity: tuple[str, ...]) -> Any:
        try:
            return self._functions.invoke(
                authorizer.function_arn,
                authorizer_event(call, authorizer, identity),
                source_arn=f"{call.api.arn}/authorizers/{authorizer.id}",
                principal=API_GATEWAY,
            )
        except FunctionFailedError as error:
            if error.message == "Unauthorized":
                raise unauthorized(call.api.kind) from None
            raise authorizer_failed(call.api.kind) from None
        except FunctionError:
            raise authorizer_failed(call.api.kind) from None

    def _check_policy(self, policy: Policy, call: RouteCall) -> None:
        # A user of the API's account stands for the caller: the policy says nothing about who calls.
        caller = f"arn:aws:iam::{call.api.account}:user/authorizer"
        request = Request(caller, _INVOKE, call.arn, resource_account=call.api.account)
        if self._decides(PolicySet(identity=(policy,)), request):
            return
        if call.api.kind is ApiKind.HTTP:
            raise refusal(ApiKind.HTTP, 403, "Forbidden")
        everything = parse_policy(_EVERYTHING, kind=PolicyKind.IDENTITY)
        denied = not self._decides(PolicySet(identity=(policy, everything)), request)
        reason = " with an explicit deny" if denied else ""
        message = f"User is not authorized to access this resource{reason}"
        raise refusal(ApiKind.REST, 403, message, "AccessDeniedException")


def _read(answer: Any, authorizer: Authorizer, kind: ApiKind) -> _Answer:
    if not isinstance(answer, dict):
        raise authorizer_failed(kind)
    context = answer.get("context") or {}
    if authorizer.simple:
        if not isinstance(answer.get("isAuthorized"), bool) or not isinstance(context, dict):
            raise authorizer_failed(kind)
        return _Answer(answer["isAuthorized"], None, None, context)
    try:
        policy = parse_policy(answer["policyDocument"], kind=PolicyKind.IDENTITY, name="authorizer")
        principal_id = answer["principalId"]
    except (KeyError, TypeError, MalformedPolicyDocument):
        raise authorizer_failed(kind) from None
    if any(statement.conditions for statement in policy.statements):
        raise NotDerivableError("conditions in the policy of a Lambda authorizer")
    if not isinstance(principal_id, str) or not _is_flat(context):
        raise authorizer_failed(kind)
    return _Answer(allowed=False, policy=policy, principal_id=principal_id, context=context)


def _is_flat(context: Any) -> bool:
    # Only strings, numbers and Booleans are let into the context (page "Output from a Lambda authorizer").
    return isinstance(context, dict) and all(isinstance(value, str | int | float) for value in context.values())
