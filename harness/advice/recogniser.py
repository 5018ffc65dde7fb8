"""What a recogniser is: one way in which a statement can be too wide, and the edits that could mend it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.advice.statements import matches

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import TypeAlias

    from harness.advice.case import Case
    from harness.advice.statements import Document

    Edit: TypeAlias = Document | None


@dataclass(frozen=True, slots=True)
class Recogniser:
    """One way in which a statement can be too wide.

    `entries` are pairs of a pattern of actions and an entry of the catalogue that this looks like for such an action.
    `sees` tells whether a case is of this kind; `edits` yields policies that may mend it, the best first, None for the
    policy taken away. Nothing is said of an edit here: it is tried by others.
    """

    id: str
    entries: tuple[tuple[str, str], ...]
    sees: Callable[[Case], bool]
    edits: Callable[[Case], Iterable[Edit]]

    def entry(self, case: Case, named: Iterable[str]) -> str:
        """Return the entry that a case looks like: one that the technique names, where there is a choice."""
        fitting = [entry for pattern, entry in self.entries if matches(pattern, case.request.action)]
        wanted = set(named)
        return next((entry for entry in fitting if entry in wanted), fitting[0] if fitting else "")
