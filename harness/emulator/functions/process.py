"""The program in which handlers run. It is started as a script, in a process that shares nothing with the harness.

First it is a fork server: boto3 is imported once, and every execution environment is a fork of it, which takes
milliseconds where a new interpreter would take a third of a second. No customer code runs in the server itself. When
the harness goes, for whatever reason, its sockets close; then server and environments end, and the directory with the
functions' files is removed.

This file imports nothing of the harness. `python -I -B process.py DIRECTORY`, with a socket as file 0.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import queue
import shutil
import signal
import socket
import struct
import sys
import threading
import time
import traceback
from typing import Any

import boto3  # noqa: F401  imported for the environments, which find it ready

_LENGTH = struct.Struct(">I")
_FILES_OF_AN_ENVIRONMENT = 2


def serve(control: socket.socket, directory: str) -> None:
    """Fork environments and end them as the harness asks, until its end of the socket is closed."""
    children: set[int] = set()
    try:
        while True:
            line, files = _received(control)
            if not line:
                return
            word, _, number = line.decode().strip().partition(" ")
            if word == "fork":
                pid = os.fork()
                if pid == 0:
                    control.close()
                    _become_environment(*files)
                _lead_a_group(pid)
                children.add(pid)
                for file in files:
                    os.close(file)
                control.sendall(b"%d\n" % pid)
            elif word == "end":
                if int(number) in children:
                    _end(int(number))
                    children.discard(int(number))
                control.sendall(b"0\n")
    finally:
        for pid in children:
            _end(pid)
        shutil.rmtree(directory, ignore_errors=True)


def _received(control: socket.socket) -> tuple[bytes, list[int]]:
    line, files = b"", []
    while not line.endswith(b"\n"):
        part, passed, _, _ = socket.recv_fds(control, 256, _FILES_OF_AN_ENVIRONMENT)
        if not part:
            return b"", []
        line += part
        files += passed
    return line, files


def _lead_a_group(pid: int) -> None:
    # Said by both sides, because either may be first. Whatever a handler starts ends with the group.
    with contextlib.suppress(PermissionError, ProcessLookupError):
        os.setpgid(pid, pid)


def _end(pid: int) -> None:
    # One that has ended already is still a member of its group, because nobody has waited for it.
    for kill in (os.killpg, os.kill):
        try:
            kill(pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            continue
    os.waitpid(pid, 0)


def _become_environment(channel: int, log: int) -> None:
    status = 1
    try:
        _lead_a_group(0)
        nothing = os.open(os.devnull, os.O_RDONLY)
        for source, standard in ((nothing, 0), (log, 1), (log, 2)):
            os.dup2(source, standard)
        sys.stdout = os.fdopen(1, "w", buffering=1)
        sys.stderr = os.fdopen(2, "w", buffering=1)
        os.close(nothing)
        os.close(log)
        Environment(socket.socket(fileno=channel)).run()
    except SystemExit as leaving:
        status = leaving.code if isinstance(leaving.code, int) else 1
    except BaseException:  # noqa: BLE001  nothing may return into the fork server's loop
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


class Environment:
    """One execution environment: it initializes on its first event, and then answers one event after the other."""

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel
        self._messages: queue.Queue[Any] = queue.Queue()
        self._handler: Any = None
        self._handler_name = ""

    def run(self) -> None:
        """Answer messages; the process ends when the harness closes its end, even while a handler is running."""
        threading.Thread(target=self._listen, daemon=True).start()
        settings = self._messages.get()
        os.environ.clear()
        os.environ.update(settings["environment"])
        time.tzset()
        os.chdir(settings["task_root"])
        sys.path.insert(0, settings["task_root"])
        self._handler_name = settings["handler"]
        while True:
            message = self._messages.get()
            answer = self._initialized() if message["kind"] == "init" else self._handled(message)
            sys.stdout.flush()
            sys.stderr.flush()
            content = json.dumps(answer).encode()
            self._channel.sendall(_LENGTH.pack(len(content)) + content)

    def _listen(self) -> None:
        stream = self._channel.makefile("rb")
        while True:
            header = stream.read(_LENGTH.size)
            content = stream.read(_LENGTH.unpack(header)[0]) if len(header) == _LENGTH.size else b""
            if not content:
                os._exit(0)
            self._messages.put(json.loads(content))

    def _initialized(self) -> dict[str, Any]:
        name, _, function = self._handler_name.rpartition(".")
        try:
            module = importlib.import_module(name.replace("/", "."))
        except ImportError as error:
            return _error("Runtime.ImportModuleError", f"Unable to import module '{name}': {error}")
        except SyntaxError as error:
            return _error("Runtime.UserCodeSyntaxError", f"Syntax error in module '{name}': {error}")
        except Exception as error:  # noqa: BLE001  whatever customer code raises while it is imported
            return _raised(error)
        self._handler = getattr(module, function, None)
        if self._handler is None:
            return _error("Runtime.HandlerNotFound", f"Handler '{function}' missing on module '{name}'")
        return {"answer": "null"}

    def _handled(self, message: dict[str, Any]) -> dict[str, Any]:
        try:
            answer = self._handler(json.loads(message["event"]), Context(message))
        except Exception as error:  # noqa: BLE001  whatever customer code raises
            return _raised(error)
        try:
            return {"answer": json.dumps(answer)}
        except (TypeError, ValueError) as error:
            return _error("Runtime.MarshalError", f"Unable to marshal response: {error}")


class Context:
    """The second argument of a handler (Lambda page "Using the Lambda context object")."""

    def __init__(self, message: dict[str, Any]) -> None:
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = os.environ["AWS_LAMBDA_FUNCTION_VERSION"]
        self.memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.log_group_name = os.environ["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
        self.invoked_function_arn = message["arn"]
        self.aws_request_id = message["request_id"]
        self.identity = None
        self.client_context = None
        self._deadline = time.monotonic() + message["seconds"]

    def get_remaining_time_in_millis(self) -> int:
        """Return how long the handler may still run."""
        return max(0, int((self._deadline - time.monotonic()) * 1000))


def _raised(error: Exception) -> dict[str, Any]:
    # The first line of the trace would be this file.
    trace = traceback.format_list(traceback.extract_tb(error.__traceback__)[1:])
    return _error(type(error).__name__, str(error), trace)


def _error(kind: str, message: str, trace: list[str] | None = None) -> dict[str, Any]:
    error = {"errorMessage": message, "errorType": kind, "stackTrace": trace or []}
    sys.stderr.write(f"[ERROR] {kind}: {message}\n{''.join(trace or [])}")
    return {"error": json.dumps(error)}


if __name__ == "__main__":
    serve(socket.socket(fileno=os.dup(0)), sys.argv[1])
