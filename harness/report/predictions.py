"""What the policy engine made of an attempt, beside what the target made of it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class RecordedPrediction:
    """The verdict, the kind of leak and the deciding statement on an embedded twin of the deployment."""

    verdict: str
    kind: str | None
    deciding_statement: str | None

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """Return what `as_json` wrote; a TypeError names what is missing or unknown."""
        return cls(**document)

    def as_json(self) -> dict[str, Any]:
        """Return the prediction as plain JSON."""
        return asdict(self)

    def differs(self, verdict: str, kind: str | None) -> bool:
        """Tell whether the target judged otherwise. Where either is INCONCLUSIVE, one of them has said nothing."""
        if "INCONCLUSIVE" in (verdict, self.verdict):
            return False
        return (verdict, kind) != (self.verdict, self.kind)
