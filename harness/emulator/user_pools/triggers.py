"""Calling the Lambda triggers of a user pool: the events, and what Cognito makes of a function that fails.

A function runs while the gateway's turn is given away (functions_port.py), and may call administrative operations on
the very user the event is about. So callers change the directory completely before or after they call one, and look
again at what they had read: `still_there` after each trigger that is about an existing user.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.emulator.service import ServiceError
from harness.emulator.unconfirmed import user_pools as unconfirmed
from harness.emulator.user_pools.functions_port import (
    FunctionFailedError,
    FunctionNotInvokableError,
    FunctionTimedOutError,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.emulator.user_pools.directory import User, UserPool
    from harness.emulator.user_pools.functions_port import Functions

_PRINCIPAL = "cognito-idp.amazonaws.com"
# An administrator's call comes through no app client; Cognito then writes this into the event.
NO_CLIENT = "CLIENT_ID_NOT_APPLICABLE"


class Triggers:
    """Calls the functions that pools name in LambdaConfig."""

    def __init__(self, functions: Functions | None, region: str) -> None:
        self._functions = functions
        self._region = region

    @property
    def can_run(self) -> bool:
        """Whether there is anything that runs functions."""
        return self._functions is not None

    def call(
        self,
        pool: UserPool,
        trigger: str,
        source: str,
        client_id: str,
        username: str,
        request: Mapping[str, Any],
        response: Mapping[str, Any] | None = None,
    ) -> Mapping[str, Any]:
        """Return the member `response` of the function's answer, empty when the pool has no such trigger.

        `trigger` is the name in LambdaConfig and `source` the rest of `triggerSource`. `response` is what the event
        offers to be filled in. Raises ServiceError UserLambdaValidationException, UnexpectedLambdaException or
        InvalidLambdaResponseException.
        """
        arn = pool.settings.triggers.get(trigger)
        functions = self._functions
        if arn is None or functions is None:
            return {}
        is_token_trigger = trigger == "PreTokenGeneration"
        event = {
            "version": str(pool.settings.token_event_version) if is_token_trigger else "1",
            "triggerSource": source,
            "region": self._region,
            "userPoolId": pool.id,
            "userName": username,
            "callerContext": {"awsSdkVersion": "aws-sdk-unknown-unknown", "clientId": client_id},
            "request": dict(request),
            "response": dict(response or {}),
        }
        answer = _invoked(functions, trigger, arn, event, pool.arn)
        returned = answer.get("response") if isinstance(answer, dict) else None
        if not isinstance(returned, dict):
            raise unrecognizable()
        return returned


def _invoked(functions: Functions, trigger: str, arn: str, event: Mapping[str, Any], source_arn: str) -> Any:
    for _ in range(unconfirmed.TRIGGER_ATTEMPTS):
        try:
            return functions.invoke(arn, event, source_arn=source_arn, principal=_PRINCIPAL)
        except FunctionTimedOutError:
            continue
        except FunctionNotInvokableError:
            message = unconfirmed.TRIGGER_NOT_INVOKED.format(trigger=trigger)
            raise ServiceError("UnexpectedLambdaException", message) from None
        except FunctionFailedError as error:
            message = unconfirmed.TRIGGER_FAILED.format(trigger=trigger, error=error.message)
            raise ServiceError("UserLambdaValidationException", message) from None
    message = unconfirmed.TRIGGER_TIMED_OUT.format(trigger=trigger)
    raise ServiceError("UnexpectedLambdaException", message)


def user_attributes(user: User) -> dict[str, str]:
    """Return `userAttributes` of an event about a user who exists."""
    return {"sub": user.sub, "cognito:user_status": user.status, **user.attributes}


def still_there(user: User) -> None:
    """Return when the user may go on after a trigger; raises ServiceError when it was deleted or disabled meanwhile."""
    if user.deleted:
        raise ServiceError("UserNotFoundException", unconfirmed.USER_NOT_FOUND)
    if not user.enabled:
        raise ServiceError("NotAuthorizedException", unconfirmed.USER_DISABLED)


def unrecognizable() -> ServiceError:
    """Return the error for an answer that is not what the trigger must answer."""
    return ServiceError("InvalidLambdaResponseException", unconfirmed.TRIGGER_ANSWER_UNUSABLE)
