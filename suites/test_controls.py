"""Everybody can use what is theirs. Without this, a refusal elsewhere would prove nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.attacks.attempts import Attempt


@pytest.mark.attempts("dynamodb.*", "s3.*", "execute-api.*", controls=True)
def test_own_data_can_be_used(judge: Callable[[Attempt], None], attempt: Attempt) -> None:
    """What the contract gives is allowed, and the caller's own canary comes back or its own change is seen."""
    judge(attempt)


@pytest.mark.attempts("identity-pool.*", "user-pool.*", "token.*", "sts.*", "broker.*", controls=True)
def test_own_session_can_be_obtained(judge: Callable[[Attempt], None], attempt: Attempt) -> None:
    """The calls by which sessions are stolen do hand out sessions to those who may have them."""
    judge(attempt)
