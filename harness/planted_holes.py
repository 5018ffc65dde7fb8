"""What the attacks made of a hole planted on purpose: the record that the proof makes and the reports show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


_LISTS = ("planted", "attacked", "must_leak", "leaked", "wrong_reason", "controls_failed", "unclear")


@dataclass(frozen=True, slots=True, kw_only=True)
class PlantedHole:
    """One planted hole and what was found. It holds ids of techniques and attempts only, so that two of them compare.

    `subject` names the hole, such as `weakness identity-keyed:s3-listbucket-without-prefix` or `fault
    skip-token-signature on identity-keyed`; `planted` says what was changed for it. `attacked` are all techniques that
    were aimed at the design, `must_leak` those that have to find the hole, `leaked` those that did, and `decided_by`
    names for these the statement that let them through, empty where none did. `wrong_reason` lists techniques that had
    to leak and did, but not by what was planted; `controls_failed` and `unclear` list controls that no longer worked
    and attacks that became INCONCLUSIVE: a hole must not blur the rest of the picture.
    """

    subject: str
    planted: tuple[str, ...]
    attacked: tuple[str, ...]
    must_leak: tuple[str, ...]
    leaked: tuple[str, ...]
    decided_by: Mapping[str, str]
    wrong_reason: tuple[str, ...]
    controls_failed: tuple[str, ...]
    unclear: tuple[str, ...]

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """Return the hole of a plain mapping; a KeyError names what is missing."""
        ids = {name: tuple(document[name]) for name in _LISTS}
        return cls(subject=str(document["subject"]), decided_by=dict(document["decided_by"]), **ids)

    def as_json(self) -> dict[str, Any]:
        """Return the hole as plain JSON with its lists sorted, so that the order of workers does not show."""
        lists = {name: sorted(getattr(self, name)) for name in _LISTS}
        decided_by = dict(sorted(self.decided_by.items()))
        return {"subject": self.subject, **lists, "decided_by": decided_by, "held": self.held}

    @property
    def design(self) -> str:
        """The blueprint in which the hole was planted."""
        kind, _, rest = self.subject.partition(" ")
        return rest.partition(":")[0] if kind == "weakness" else rest.rpartition(" on ")[2]

    @property
    def missed(self) -> tuple[str, ...]:
        """The techniques that had to leak and did not: what the harness is blind to."""
        return tuple(sorted(set(self.must_leak) - set(self.leaked)))

    @property
    def also_leaked(self) -> tuple[str, ...]:
        """The techniques that leaked although nobody said that they must."""
        return tuple(sorted(set(self.leaked) - set(self.must_leak)))

    @property
    def held(self) -> bool:
        """Tell whether the hole was found for what was planted, no control changed and nothing became unclear."""
        return not (self.missed or self.wrong_reason or self.controls_failed or self.unclear)

    @property
    def complaint(self) -> str:
        """What is wrong, empty when the hole was found as it has to be."""
        parts = {
            "no attack found": self.missed,
            "leaked for another reason than what was planted": self.wrong_reason,
            "controls that changed": self.controls_failed,
            "attacks that became unclear": self.unclear,
        }
        return "; ".join(f"{what}: {', '.join(ids)}" for what, ids in parts.items() if ids)


def holes_missed(holes: Iterable[PlantedHole]) -> int:
    """Return how many planted holes the attacks did not bear out."""
    return sum(not hole.held for hole in holes)
