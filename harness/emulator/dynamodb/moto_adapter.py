"""Moto as the data plane: it stores items, and decides nothing.

Each embedded cloud has an account id of its own, so that several clouds in one process share no state although
moto's back ends are global. Moto is never reachable past the gateway, and never sees what a client sent: every request
to it is written anew from what the gateway has understood and authorized, so that both cannot mean different things.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from moto.core.request import Request as MotoRequest
from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.responses import DynamoHandler
from werkzeug.exceptions import HTTPException

from harness.emulator.service import NotDerivableError
from harness.emulator.wire import Reply
from harness.errors import TargetError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from moto.core.responses import ActionResult

# Switches by which moto would store for another account, or authorize by rules of its own.
_SWITCHES = ("MOTO_ACCOUNT_ID", "INITIAL_NO_AUTH_ACTION_COUNT")


# Their answers hold attribute values as they are stored and sent, and nothing that the wire spells otherwise.
_ANSWERED_WITH_ITEMS = frozenset(
    {"BatchWriteItem", "DeleteItem", "PutItem", "Query", "Scan", "TransactWriteItems", "UpdateItem"}
)


class _ItemHandler(DynamoHandler):
    """Moto's handler, writing answers with items as they are: its serializer walks the model of each value."""

    def serialized(self, action_result: ActionResult) -> Any:
        result = action_result.result
        if not isinstance(result, dict) or self._get_action() not in _ANSWERED_WITH_ITEMS:
            return super().serialized(action_result)
        return 200, dict(self.response_headers), json.dumps(_without_nothing(result))


def _without_nothing(value: Any) -> Any:
    """Return what moto answers without the members that it leaves None."""
    if isinstance(value, dict):
        return {name: _without_nothing(member) for name, member in value.items() if member is not None}
    if isinstance(value, list):
        return [_without_nothing(member) for member in value]
    return value


class MotoAdapter:
    """The stored state of one embedded cloud. Raises TargetError where the environment would make moto another one."""

    def __init__(self, account: str, region: str) -> None:
        if found := [name for name in _SWITCHES if name in os.environ]:
            raise TargetError(f"the environment variable {found[0]} would change what the embedded target does")
        self._account = account
        self._region = region

    def dynamodb(self, operation: str, params: Mapping[str, Any]) -> Reply:
        """Perform a DynamoDB call that the gateway has authorized."""
        # Moto prefers an Action in the query, and looks for one in the body when there is no query.
        url = f"https://dynamodb.{self._region}.amazonaws.com/?Action={operation}"
        headers = {"content-type": "application/x-amz-json-1.0", "x-amz-target": f"DynamoDB_20120810.{operation}"}
        return self._dispatch(_ItemHandler.dispatch, "POST", url, headers, json.dumps(params).encode())

    def forget(self) -> None:
        """Drop everything this cloud stored."""
        dynamodb_backends.pop(self._account, None)

    def _dispatch(
        self, handler: Callable[..., Any], method: str, url: str, headers: Mapping[str, str], body: bytes
    ) -> Reply:
        request = MotoRequest.from_primitives(method, url, {**headers, "x-moto-account-id": self._account}, body)
        try:
            status, answer_headers, answer = handler(request, request.raw_url, request.headers)
        except HTTPException as error:
            status, answer_headers, answer = error.code, error.get_headers(), error.get_body()
        except Exception as error:  # whatever moto stumbles over is our inability, not an answer of AWS
            raise NotDerivableError(f"how to perform this: moto stumbled with {type(error).__name__}") from error
        if isinstance(answer, str):
            answer = answer.encode()
        return Reply(int(status), {str(k): str(v) for k, v in dict(answer_headers).items() if k != "status"}, answer)
