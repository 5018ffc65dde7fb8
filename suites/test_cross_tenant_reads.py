"""No call brings another tenant's data back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.attacks.attempts import Attempt


@pytest.mark.attempts("dynamodb.read.*", "s3.read.*", "execute-api.read.*", "user-pool.read.*")
def test_foreign_data_cannot_be_read(judge: Callable[[Attempt], None], attempt: Attempt) -> None:
    """The read is refused; no canary but the caller's own comes back by any API."""
    judge(attempt)
