"""The door over HTTP through which function handlers call back into their own cloud."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.emulator.cloud import EmbeddedCloud
    from harness.emulator.http_door import HttpDoor


class FunctionDoor:
    """An HTTP door on a free port of loopback, opened when its URL is first asked for."""

    def __init__(self, cloud: EmbeddedCloud) -> None:
        self._cloud = cloud
        self._door: HttpDoor | None = None

    def url(self) -> str:
        """Return what an AWS client takes as its endpoint."""
        if self._door is None:
            from harness.emulator.http_door import HttpDoor  # noqa: PLC0415  a web server, which few clouds need

            self._door = HttpDoor(self._cloud)
            self._door.start()
        return self._door.url

    def close(self) -> None:
        """Close the door. Not to be called by a thread that holds the turn, for which callers may be waiting."""
        if self._door is not None:
            self._door.stop()
            self._door = None
