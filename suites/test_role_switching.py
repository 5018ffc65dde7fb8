"""Nobody gets a role or an identity that was not given to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.attacks.attempts import Attempt


@pytest.mark.attempts("identity-pool.session.*", "sts.session.*", "user-pool.session.*")
def test_foreign_roles_and_identities_are_refused(judge: Callable[[Attempt], None], attempt: Attempt) -> None:
    """Another's identity, another's role and roles past the identity pool are refused."""
    judge(attempt)
