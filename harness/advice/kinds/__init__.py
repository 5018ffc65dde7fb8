"""The kinds of weakness that a statement can show, in the order in which they are tried: the narrowest mend first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.advice.kinds.conditions import CONDITIONS
from harness.advice.kinds.grants import GRANTS
from harness.advice.kinds.patterns import PATTERNS
from harness.advice.kinds.scopes import SCOPES
from harness.advice.kinds.trusts import TRUSTS

if TYPE_CHECKING:
    from harness.advice.recogniser import Recogniser

RECOGNISERS: tuple[Recogniser, ...] = (*CONDITIONS, *PATTERNS, *TRUSTS, *GRANTS, *SCOPES)
