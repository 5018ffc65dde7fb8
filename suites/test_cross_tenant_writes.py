"""No call changes another tenant's data."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.attacks.attempts import Attempt


@pytest.mark.attempts("dynamodb.write.[!f]*", "s3.write.[!f]*")
def test_foreign_data_cannot_be_changed(judge: Callable[[Attempt], None], attempt: Attempt) -> None:
    """The write is refused, and the victim finds the asset as it was planted."""
    judge(attempt)
