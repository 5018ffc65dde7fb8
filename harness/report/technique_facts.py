"""What reports say of a technique, kept with a run so that they need no code to be made anew."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.attacks.technique import Technique


@dataclass(frozen=True, slots=True, kw_only=True)
class TechniqueFacts:
    """A technique as reports show it: what it is called, what it calls, how bad its leak is, where to read more."""

    id: str
    title: str
    plane: str
    effect: str
    operation: str
    severity: str
    documentation: str
    cwe: tuple[str, ...]
    catalogue: tuple[str, ...]

    @classmethod
    def of(cls, technique: Technique) -> Self:
        """Return the facts of a technique."""
        return cls(
            id=technique.id,
            title=technique.title,
            plane=technique.plane,
            effect=technique.effect.value,
            operation=technique.operation,
            severity=technique.severity.value,
            documentation=technique.documentation,
            cwe=technique.cwe,
            catalogue=technique.catalogue,
        )

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """Return the facts that `as_json` wrote; a TypeError names what is missing or unknown."""
        return cls(**{**document, "cwe": tuple(document["cwe"]), "catalogue": tuple(document["catalogue"])})

    def as_json(self) -> dict[str, Any]:
        """Return the facts as plain JSON."""
        return {**asdict(self), "cwe": list(self.cwe), "catalogue": list(self.catalogue)}
