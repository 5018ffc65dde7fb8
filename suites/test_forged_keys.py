"""No call writes under a key that is not the caller's own, however similar."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.attacks.attempts import Attempt


@pytest.mark.attempts("dynamodb.write.forged-*", "s3.write.forged-*")
def test_forged_keys_are_refused(judge: Callable[[Attempt], None], attempt: Attempt) -> None:
    """Random, longer, shorter and differently spelt keys are refused like any foreign key."""
    judge(attempt)
