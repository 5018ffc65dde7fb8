"""One call at a time: the stores behind the gateway are not made for several threads at once.

A function handler that runs in the middle of a call (a trigger, a broker) calls back into the same gateway from another
thread. Whoever runs one therefore gives the turn away meanwhile, and must not rely on state read before.
"""

from __future__ import annotations

from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class Turn:
    """Held by the one thread whose call is being performed. Not reentrant."""

    def __init__(self) -> None:
        self._lock = Lock()

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Wait for the turn and hold it during the block."""
        with self._lock:
            yield

    @contextmanager
    def given_away(self) -> Iterator[None]:
        """Let others have the turn during the block; to be used by a thread that holds it."""
        self._lock.release()
        try:
            yield
        finally:
            self._lock.acquire()
