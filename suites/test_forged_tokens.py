"""No token but one's own, valid and meant for this design, is worth anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.attacks.attempts import Attempt


@pytest.mark.attempts("token.session.*")
def test_forged_tokens_are_refused(judge: Callable[[Attempt], None], attempt: Attempt) -> None:
    """Unsigned, foreign, tampered, expired and misplaced tokens buy no credentials."""
    judge(attempt)
