"""Execution environments: the processes in which a function's handler runs, kept warm between invocations."""

from __future__ import annotations

import json
import os
import selectors
import socket
import struct
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any

from harness.emulator.functions.fork_server import fork_server
from harness.emulator.service import NotDerivableError, ServiceError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

_LENGTH = struct.Struct(">I")
_INIT_SECONDS = 10  # what Lambda gives the init phase, apart from the function's timeout
_KEPT_LOG_BYTES = 65_536
_LARGEST_ANSWER = 6 * 1024 * 1024 + 1024  # Lambda page "Quotas": 6 MB for a synchronous invocation
_CONCURRENT = 10


class Ending(Enum):
    """How an invocation ended."""

    ANSWERED = "answered"
    FAILED = "failed"
    TIMED_OUT = "timed-out"


@dataclass(frozen=True, slots=True)
class Invocation:
    """What came of an event: how it ended, and the JSON text of the answer or of the error document."""

    ending: Ending
    payload: str

    @property
    def error_message(self) -> str:
        """The `errorMessage` of an error document."""
        return str(json.loads(self.payload).get("errorMessage", ""))


@dataclass(frozen=True, slots=True)
class Task:
    """What an environment runs: unpacked code, the handler in it, its environment variables and its limits.

    The variables hold the execution role's credentials, so they never show. `expires` is when those run out, on the
    emulator's clock.
    """

    task_root: Path
    handler: str
    timeout: int
    arn: str
    expires: float
    variables: Mapping[str, str] = field(repr=False)


class Logs:
    """The last part of what a function wrote to its standard output and standard error."""

    def __init__(self) -> None:
        self._parts: deque[bytes] = deque()
        self._size = 0

    def write(self, part: bytes) -> None:
        """Keep a part, and drop as many of the oldest as are too much."""
        self._parts.append(part)
        self._size += len(part)
        while self._size > _KEPT_LOG_BYTES:
            self._size -= len(self._parts.popleft())

    def text(self) -> str:
        """Return what is kept."""
        return b"".join(self._parts).decode("utf-8", "replace")


class _EndedError(Exception):
    """The environment's process has ended."""


class _TooLateError(Exception):
    """The environment did not answer in time."""


class Environment:
    """One process. It is started when this object is made, and initialized by its first event."""

    def __init__(self, task: Task, logs: Logs) -> None:
        self._task = task
        self._logs = logs
        self._initialized = False
        self._server = fork_server()
        self._channel, theirs = socket.socketpair()
        self._log, their_log = os.pipe()
        os.set_blocking(self._log, False)
        settings = {
            "environment": dict(task.variables),
            "task_root": str(task.task_root),
            "handler": task.handler,
        }
        try:
            with theirs:
                self._process_id = self._server.fork(theirs, their_log)
            self._send(settings)
        except OSError as error:
            self._channel.close()
            os.close(self._log)
            raise NotDerivableError("functions while the process they run in does not answer") from error
        finally:
            os.close(their_log)

    @property
    def task(self) -> Task:
        """What the environment runs."""
        return self._task

    def invoke(self, event: str, request_id: str) -> Invocation:
        """Return what the handler made of the event. After anything but an answer or its own error, `end` it."""
        timeout = self._task.timeout
        try:
            if not self._initialized:
                timeout = _INIT_SECONDS
                answer = self._asked({"kind": "init"}, _INIT_SECONDS)
                if "error" in answer:
                    return Invocation(Ending.FAILED, answer["error"])
                self._initialized = True
                timeout = self._task.timeout
            message = {"kind": "event", "event": event, "request_id": request_id, "arn": self._task.arn}
            answer = self._asked({**message, "seconds": timeout}, timeout)
        except _TooLateError:
            error = f"RequestId: {request_id} Error: Task timed out after {timeout:.2f} seconds"
            return Invocation(Ending.TIMED_OUT, _error("Sandbox.Timedout", error))
        except _EndedError:
            error = f"RequestId: {request_id} Error: Runtime exited without providing a reason"
            return Invocation(Ending.FAILED, _error("Runtime.ExitError", error))
        if "error" in answer:
            return Invocation(Ending.FAILED, answer["error"])
        return Invocation(Ending.ANSWERED, answer["answer"])

    @property
    def reusable(self) -> bool:
        """Tell whether the process is initialized and has not been ended."""
        return self._initialized and self._channel.fileno() >= 0

    def end(self) -> None:
        """Kill the process with everything it started."""
        if self._channel.fileno() < 0:
            return
        self._channel.close()
        with suppress(OSError):  # when the fork server is gone, the process is gone with it
            self._server.end(self._process_id)
        self._drain()
        os.close(self._log)

    def _send(self, message: Mapping[str, Any]) -> None:
        content = json.dumps(message).encode()
        self._channel.sendall(_LENGTH.pack(len(content)) + content)

    def _asked(self, message: Mapping[str, Any], seconds: float) -> dict[str, Any]:
        deadline = time.monotonic() + seconds
        try:
            self._send(message)
            (length,) = _LENGTH.unpack(self._received(_LENGTH.size, deadline))
            if length > _LARGEST_ANSWER:
                size = "Response payload size exceeded maximum allowed payload size (6291556 bytes)."
                self.end()
                return {"error": _error("Function.ResponseSizeTooLarge", size)}
            decoded: dict[str, Any] = json.loads(self._received(length, deadline))
        except _TooLateError:
            self.end()
            raise
        except (_EndedError, OSError, ValueError):
            # OSError when another thread has ended it meanwhile, ValueError when a handler wrote into the channel.
            self.end()
            raise _EndedError from None
        self._drain()
        return decoded

    def _received(self, size: int, deadline: float) -> bytes:
        content = bytearray()
        with selectors.DefaultSelector() as selector:
            selector.register(self._channel, selectors.EVENT_READ)
            selector.register(self._log, selectors.EVENT_READ)
            while len(content) < size:
                left = deadline - time.monotonic()
                if left <= 0:
                    raise _TooLateError
                for key, _ in selector.select(left):
                    if key.fileobj is not self._channel:
                        if not self._drain():
                            selector.unregister(self._log)
                        continue
                    part = self._channel.recv(min(size - len(content), 65_536))
                    if not part:
                        raise _EndedError
                    content += part
        return bytes(content)

    def _drain(self) -> bool:
        """Keep what stands in the log; tell whether more may come."""
        try:
            while part := os.read(self._log, 65_536):
                self._logs.write(part)
        except BlockingIOError:
            return True
        return False


class Environments:
    """The environments of one function: idle ones are used again, and one is added when all are busy."""

    def __init__(self, new_task: Callable[[], Task], now: Callable[[], float]) -> None:
        self._new_task = new_task
        self._now = now
        self._idle: list[Environment] = []
        self._busy: set[Environment] = set()
        self._stale: set[Environment] = set()
        self.logs = Logs()

    def take(self) -> Environment:
        """Return an environment that is nobody else's until it is given back. Raises ServiceError when all are busy."""
        while self._idle:
            environment = self._idle.pop()
            if self._now() < environment.task.expires:
                break
            environment.end()
        else:
            if len(self._busy) >= _CONCURRENT:
                raise ServiceError("TooManyRequestsException", "Rate Exceeded.", 429)
            environment = Environment(self._new_task(), self.logs)
        self._busy.add(environment)
        return environment

    def give_back(self, environment: Environment) -> None:
        """Keep an environment for the next event, unless it has failed or is not up to date any more."""
        self._busy.discard(environment)
        if environment.reusable and environment not in self._stale:
            self._idle.append(environment)
        else:
            environment.end()
        self._stale.discard(environment)

    def renew(self) -> None:
        """End what is idle, and what is busy as soon as it is given back: code or configuration has changed."""
        self._stale |= self._busy
        while self._idle:
            self._idle.pop().end()

    def end(self) -> None:
        """End all environments, whatever they are doing."""
        self.renew()
        for environment in self._busy:
            environment.end()


def _error(kind: str, message: str) -> str:
    return json.dumps({"errorType": kind, "errorMessage": message})
