"""A token broker serves whom the token names, and nobody without a valid one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.attacks.attempts import Attempt


@pytest.mark.attempts("broker.session.*")
def test_the_broker_refuses(judge: Callable[[Attempt], None], attempt: Attempt) -> None:
    """Missing, forged, expired and foreign tokens, and another's name beside one's own token, buy nothing."""
    judge(attempt)
