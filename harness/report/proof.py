"""Whether the attacks bite: which of them had to leak under a weakness or target fault, and whether they did."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofEntry:
    """One planted hole and what the attacks made of it.

    `subject` names the hole, such as `weakness identity-keyed:no-leading-keys` or `fault skip-token-signature`.
    """

    subject: str
    must_leak: tuple[str, ...]
    leaked: tuple[str, ...]
    controls_failed: tuple[str, ...]
    held: bool

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """Return the entry of a plain mapping; a KeyError names what is missing."""
        return cls(
            subject=str(document["subject"]),
            must_leak=tuple(document["must_leak"]),
            leaked=tuple(document["leaked"]),
            controls_failed=tuple(document["controls_failed"]),
            held=bool(document["held"]),
        )

    def as_json(self) -> dict[str, Any]:
        """Return the entry as plain JSON with its lists sorted, so that the order of workers does not show."""
        document = asdict(self)
        return {name: sorted(value) if isinstance(value, tuple) else value for name, value in document.items()}

    @property
    def missed(self) -> tuple[str, ...]:
        """The attacks that had to leak and did not: holes the harness is blind to."""
        return tuple(sorted(set(self.must_leak) - set(self.leaked)))

    @property
    def also_leaked(self) -> tuple[str, ...]:
        """The attacks that leaked although nobody said that they must."""
        return tuple(sorted(set(self.leaked) - set(self.must_leak)))


def holes_missed(entries: Iterable[ProofEntry]) -> int:
    """Return how many planted holes the attacks did not bear out."""
    return sum(not entry.held for entry in entries)
