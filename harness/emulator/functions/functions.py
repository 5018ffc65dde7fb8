"""The Lambda functions of one embedded cloud, and how services and callers invoke them."""

from __future__ import annotations

import json
import shutil
import uuid
from typing import TYPE_CHECKING, Any

from harness.emulator.functions.package import unpack
from harness.emulator.functions.permissions import FunctionPolicy
from harness.emulator.functions.runtime import Ending, Environments, Invocation
from harness.emulator.service import NotDerivableError, ServiceError
from harness.emulator.user_pools.functions_port import (
    FunctionFailedError,
    FunctionNotInvokableError,
    FunctionTimedOutError,
)
from harness.policy import PolicySet, Request

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from harness.emulator.authorization import Authorizer
    from harness.emulator.functions.door import FunctionDoor
    from harness.emulator.functions.runtime import Task
    from harness.emulator.turn import Turn

INVOKE = "lambda:InvokeFunction"
_UNQUALIFIED_PARTS = 7


class Function:
    """One function as it is now. `configuration` is what GetFunctionConfiguration shows."""

    def __init__(
        self,
        arn: str,
        configuration: dict[str, Any],
        directory: Path,
        new_task: Callable[[Function], Task],
        now: Callable[[], float],
    ) -> None:
        """`directory` becomes the function's own: its code and its scratch space; `new_task` says what to run now."""
        self.arn = arn
        self.configuration = configuration
        self.directory = directory
        self.task_root = directory
        self.policy = FunctionPolicy(arn)
        self.tags: dict[str, str] = {}
        self.environments = Environments(lambda: new_task(self), now)

    @property
    def logs(self) -> str:
        """The last part of what the handler has printed; for the operator of the emulator only."""
        return self.environments.logs.text()

    def install(self, archive: bytes) -> None:
        """Unpack a deployment package; environments that are started from now on run it.

        Raises ServiceError InvalidParameterValueException for a package that Lambda would refuse.
        """
        root = self.directory / f"task-{uuid.uuid4().hex}"
        unpack(archive, root)
        self.task_root = root
        self.scratch.mkdir(exist_ok=True)

    @property
    def scratch(self) -> Path:
        """The directory for the handler's temporary files."""
        return self.directory / "tmp"


class Functions:
    """All functions, whichever account and Region they are in; what other services see is functions_port.Functions."""

    def __init__(self, turn: Turn, authorizer: Authorizer, door: FunctionDoor) -> None:
        self._turn = turn
        self._door = door
        self._authorizer = authorizer
        self._by_arn: dict[str, Function] = {}

    def find(self, arn: str) -> Function | None:
        """Return the function with this ARN, which carries no version or alias, or None."""
        return self._by_arn.get(arn)

    def within(self, prefix: str) -> list[Function]:
        """Return the functions whose ARN begins so, in the order of their names."""
        return [function for arn, function in sorted(self._by_arn.items()) if arn.startswith(prefix)]

    def add(self, function: Function) -> None:
        """Take in a function."""
        self._by_arn[function.arn] = function

    def remove(self, function: Function) -> None:
        """Forget a function, end what it runs and remove its files."""
        del self._by_arn[function.arn]
        function.environments.end()
        shutil.rmtree(function.directory, ignore_errors=True)

    def invoke(self, function_arn: str, event: Mapping[str, Any], *, source_arn: str, principal: str) -> Any:
        """Return what the function answers to an event of another service; see functions_port.Functions."""
        function = self.find(_unqualified(function_arn))
        if function is None:
            raise FunctionNotInvokableError(f"there is no function {function_arn}")
        if not self._service_may_invoke(function, source_arn, principal):
            raise FunctionNotInvokableError(f"the policy of {function_arn} does not let {principal} invoke it")
        try:
            done = self.run(function, json.dumps(event))
        except NotDerivableError:
            raise
        except ServiceError as error:
            raise FunctionNotInvokableError(error.message) from error
        if done.ending is Ending.TIMED_OUT:
            raise FunctionTimedOutError
        if done.ending is Ending.FAILED:
            raise FunctionFailedError(done.error_message)
        return json.loads(done.payload)

    def run(self, function: Function, event: str, request_id: str | None = None) -> Invocation:
        """Return what came of an event; the turn is given away meanwhile, because the handler calls back.

        Raises ServiceError when no environment could be started, and NotDerivableError when meanwhile a handler asked
        for something that is not implemented, whatever it made of the answer.
        """
        environment = function.environments.take()
        failures = self._door.failures
        try:
            with self._turn.given_away():
                done = environment.invoke(event, request_id or str(uuid.uuid4()))
        finally:
            function.environments.give_back(environment)
        if self._door.failures != failures:
            raise NotDerivableError(f"what a handler asked for while {function.arn.rpartition(':')[2]} ran")
        return done

    def close(self) -> None:
        """End every process and remove every file."""
        for function in list(self._by_arn.values()):
            self.remove(function)

    def _service_may_invoke(self, function: Function, source_arn: str, principal: str) -> bool:
        account = source_arn.split(":")[4]
        context = {
            "aws:sourcearn": (source_arn,),
            "aws:sourceaccount": (account,),
            "aws:principalisawsservice": ("true",),
            "aws:principalservicename": (principal,),
        }
        request = Request(principal, INVOKE, function.arn, context)
        return self._authorizer.decides_for_service(PolicySet(resource=function.policy.policies), request)


def _unqualified(arn: str) -> str:
    parts = arn.split(":")
    if parts[_UNQUALIFIED_PARTS:] == ["$LATEST"]:
        return ":".join(parts[:_UNQUALIFIED_PARTS])
    return arn
