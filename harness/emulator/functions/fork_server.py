"""The harness's end of the process from which execution environments are forked (function_process.py)."""

from __future__ import annotations

import atexit
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from threading import Lock
from typing import Final

_PROGRAM: Final = Path(__file__).with_name("process.py")
# Nothing of the harness's own environment is inherited: it may hold secrets, or settings of AWS clients.
_ENVIRONMENT: Final = {"PATH": os.defpath, "LANG": "C.UTF-8", "TZ": "UTC"}


class ForkServer:
    """Starts and ends processes. It lives until the harness's process ends; idle, it costs nothing.

    `directory` is where the files of functions belong: the server removes it when it ends, even when the harness is
    killed.
    """

    def __init__(self) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="isolation-functions-"))
        self.owner = os.getpid()
        self._lock = Lock()
        self._control, theirs = socket.socketpair()
        command = [sys.executable, "-I", "-B", str(_PROGRAM), str(self.directory)]
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603  our own program, with our own interpreter
                command,
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=_ENVIRONMENT,
                cwd=self.directory,
                start_new_session=True,  # an interrupt from the keyboard is for the harness to handle
            )
        atexit.register(self.close)

    @property
    def usable(self) -> bool:
        """Tell whether the server is still there, and belongs to this very process."""
        return self.owner == os.getpid() and self._process.poll() is None

    def fork(self, channel: socket.socket, log: int) -> int:
        """Return the process id of a new environment, which has its ends of the socket and of the log."""
        return self._asked(b"fork\n", [channel.fileno(), log])

    def end(self, process_id: int) -> None:
        """Kill an environment with everything it started; one that has ended already is none of our business."""
        self._asked(b"end %d\n" % process_id, [])

    def close(self) -> None:
        """End the server with all its environments."""
        atexit.unregister(self.close)
        self._control.close()
        if self.owner == os.getpid():
            self._process.wait()
            shutil.rmtree(self.directory, ignore_errors=True)

    def _asked(self, line: bytes, files: list[int]) -> int:
        with self._lock:
            socket.send_fds(self._control, [line], files)
            answer = b""
            while not answer.endswith(b"\n"):
                part = self._control.recv(64)
                if not part:
                    raise ConnectionError("the process in which functions run has ended")
                answer += part
            return int(answer)


class _Current:
    server: ForkServer | None = None
    lock = Lock()


def fork_server() -> ForkServer:
    """Return the fork server of this process, started when it is first asked for; its imports run beside the caller."""
    with _Current.lock:
        server = _Current.server
        if server is None or not server.usable:
            server = _Current.server = ForkServer()
        return server
