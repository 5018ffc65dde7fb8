"""The door over HTTP through which function handlers call back into their own cloud."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.emulator.injection import InjectedResetError

if TYPE_CHECKING:
    from harness.emulator.cloud import EmbeddedCloud
    from harness.emulator.http.door import HttpDoor
    from harness.emulator.http.routes import HttpRoutes
    from harness.emulator.signatures.sigv4 import SignedRequest
    from harness.emulator.wire import Reply

_NOT_KNOWN = 501


class FunctionDoor:
    """An HTTP door on a free port of loopback, opened when its URL is first asked for.

    `failures` counts the calls of handlers that this emulator could not perform. A handler may turn such an answer
    into a refusal of its own, which would then look like isolation; so whoever runs a handler compares the count.
    """

    def __init__(self, cloud: EmbeddedCloud) -> None:
        self._cloud = cloud
        self._door: HttpDoor | None = None
        self._routes: HttpRoutes | None = None
        self.failures = 0

    def url(self) -> str:
        """Return what an AWS client takes as its endpoint."""
        if self._door is None:
            # A web server, which few clouds need.
            from harness.emulator.http.door import HttpDoor  # noqa: PLC0415
            from harness.emulator.http.routes import HttpRoutes  # noqa: PLC0415

            self._routes = HttpRoutes(self._cloud)
            self._door = HttpDoor(self._cloud, answers=self._answer)
            self._door.start()
        return self._door.url

    def close(self) -> None:
        """Close the door. Not to be called by a thread that holds the turn, for which callers may be waiting."""
        if self._door is not None:
            self._door.stop()
            self._door = None

    def _answer(self, request: SignedRequest, request_id: str) -> Reply:
        assert self._routes is not None  # noqa: S101  `url` has made it before anybody can call
        try:
            reply = self._routes.answer(request, request_id)
        except InjectedResetError:
            raise
        except Exception:
            self.failures += 1
            raise
        if reply.status == _NOT_KNOWN:
            self.failures += 1
        return reply
