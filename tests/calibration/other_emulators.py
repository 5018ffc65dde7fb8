"""Emulators that nobody here wrote, really started on loopback: moto's server, and ministack with AUTH=true."""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from moto.server import ThreadedMotoServer

from harness.errors import TargetError
from harness.marks import IAM_PATH, NAME_PREFIX
from harness.targets.localstack import connect_to_localstack
from harness.targets.operator import make_operator

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from harness.targets.connection import Connection
    from harness.targets.remote import RemoteTarget

_REGION = "us-east-1"
_SECONDS_TO_START = 60


@contextmanager
def moto_server() -> Iterator[RemoteTarget]:
    """Let the block use moto's server as it is when it is just started: it enforces nothing of IAM."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        yield from _connected(connect_to_localstack(f"http://{host}:{port}", _REGION, {}))
    finally:
        server.stop()


@contextmanager
def ministack(folder: Path) -> Iterator[RemoteTarget]:
    """Let the block use a ministack that enforces IAM as far as it can; whatever it writes goes into the folder."""
    port = _free_port()
    settings = {
        "AUTH": "true",
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "LOG_LEVEL": "ERROR",
        "PATH": os.environ["PATH"],
        # It must not look for containers.
        "DOCKER_HOST": f"unix://{folder}/no-docker.sock",
    }
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "ministack"], env=settings, cwd=folder, stdout=log, stderr=subprocess.STDOUT
        )
        try:
            yield from _connected(_answering(f"http://127.0.0.1:{port}", process))
        finally:
            process.terminate()
            process.wait()


def _answering(endpoint: str, process: subprocess.Popen[bytes]) -> Connection:
    """Return the connection once somebody answers there, who is then asked again and again until a minute is over."""
    until = time.monotonic() + _SECONDS_TO_START
    while True:
        with socket.socket() as tried:
            there = tried.connect_ex(("127.0.0.1", int(endpoint.rpartition(":")[2]))) == 0
        if there:
            return connect_to_localstack(endpoint, _REGION, {})
        if process.poll() is not None or time.monotonic() > until:
            raise TargetError(f"ministack did not start: status {process.poll()}")


def _connected(connection: Connection) -> Iterator[RemoteTarget]:
    """Yield the target as a user who may do everything sees it: the root user assumes no roles."""
    root = connection.target()
    name = f"{NAME_PREFIX}{secrets.token_hex(4)}-operator"
    keys = make_operator(root.send_as_operator, name, IAM_PATH)
    arn = f"arn:aws:iam::{connection.place.account}:user{IAM_PATH}{name}"
    target = replace(connection, operator=lambda: keys, operator_arn=arn).target()
    yield target
    target.close()
    root.close()


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])
