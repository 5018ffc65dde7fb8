"""What several tests need. Everything else stands beside the test that uses it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.targets.embedded import EmbeddedTarget

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def embedded_target() -> Iterator[EmbeddedTarget]:
    """An embedded target of its own, dropped afterwards."""
    target = EmbeddedTarget()
    yield target
    target.close()
