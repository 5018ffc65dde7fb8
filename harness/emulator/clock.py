"""The emulator's own time: expiry of sessions and tokens is judged on it, so that tests need not wait."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class Clock:
    """Wall-clock time plus an offset. Clock skew of signatures is judged on the wall clock, not here (section 7)."""

    def __init__(self) -> None:
        self._offset = 0.0

    def now(self) -> float:
        """Return the time in epoch seconds."""
        return time.time() + self._offset

    def advance(self, seconds: float) -> None:
        """Let the given number of seconds pass; negative numbers go back."""
        self._offset += seconds

    def reset(self) -> None:
        """Return to the time of the wall clock."""
        self._offset = 0.0

    @contextmanager
    def shifted(self, seconds: float) -> Iterator[None]:
        """Let the block run as if it were `seconds` later (or earlier, when negative)."""
        self.advance(seconds)
        try:
            yield
        finally:
            self.advance(-seconds)
