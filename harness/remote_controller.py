"""The controller of a run on a remote target: it connects before anything starts, and cleans up when all is over."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, Any

import pytest

from harness.errors import TargetError, UsageError

if TYPE_CHECKING:
    from collections.abc import Generator

    from harness.run import Run


class RemoteController:
    """Registered on the controller alone."""

    def __init__(self, config: pytest.Config, run: Run) -> None:
        self._config = config
        self._run = run

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self) -> None:
        """Connect: what guards the target is checked before a worker starts."""
        if self._config.option.collectonly:
            return
        try:
            _ = self._run.remote
        except (UsageError, TargetError) as error:
            raise pytest.UsageError(str(error)) from None
        # Ended politely, a run cleans up as after Ctrl-C.
        signal.signal(signal.SIGTERM, signal.default_int_handler)

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_sessionfinish(self) -> Generator[None, Any, Any]:
        """Destroy what the run has made, once all workers have ended and the reports are written."""
        result = yield
        return result
