"""What calibration has found: for every rule whether the target enforces it, as plain JSON for files and workers."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from textwrap import shorten
from typing import TYPE_CHECKING, Any, Self

from harness.calibration.rules import Rule

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_LONGEST = 300


class Enforced(StrEnum):
    """The four things that a probe can say of a rule."""

    YES = "enforced"
    NO = "not enforced"
    NOT_AVAILABLE = "not available"  # its set-up or its control is refused, so that nobody can rely on it either
    UNCLEAR = "unclear"  # the target answered something that says neither


@dataclass(frozen=True, slots=True)
class Measured:
    """One rule as it was measured: what was found, and the sentence that says what was seen."""

    rule: Rule
    enforced: Enforced
    seen: str

    def __post_init__(self) -> None:
        # Some endpoints answer with whole pages.
        object.__setattr__(self, "seen", shorten(self.seen, _LONGEST, placeholder=" ..."))

    def as_json(self) -> dict[str, str]:
        """Return the measurement as plain JSON, with what people need to understand it."""
        return {
            "rule": self.rule.value,
            "meaning": self.rule.meaning,
            "enforced": self.enforced.value,
            "seen": self.seen,
            "documentation": self.rule.documentation,
        }


@dataclass(frozen=True)
class Calibration:
    """All rules that were measured on one target. `calls` is how many API calls it took.

    `left` names resources of the calibration that could not be deleted again, such as `table NAME`.
    """

    target: str
    measured: Mapping[Rule, Measured] = field(default_factory=dict)
    calls: int = 0
    left: tuple[str, ...] = ()

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """Return the calibration of a plain mapping; raises KeyError or ValueError for one that is none."""
        rows = [Measured(Rule(row["rule"]), Enforced(row["enforced"]), str(row["seen"])) for row in document["rules"]]
        return cls(
            str(document["target"]),
            {row.rule: row for row in rows},
            int(document["calls"]),
            tuple(str(each) for each in document["left"]),
        )

    @classmethod
    def together(cls, parts: Iterable[Calibration | None]) -> Calibration | None:
        """Return what several processes have measured of one target; where they disagree, a rule is not enforced.

        None where nobody has measured anything.
        """
        whole: Calibration | None = None
        for part in filter(None, parts):
            if whole is None:
                whole = part
                continue
            worse = {rule: row for rule, row in part.measured.items() if whole.enforced(rule) is Enforced.YES}
            measured = {**part.measured, **whole.measured, **worse}
            whole = cls(part.target, measured, whole.calls + part.calls, (*whole.left, *part.left))
        return whole

    def as_json(self) -> dict[str, Any]:
        """Return the calibration as plain JSON; it holds no secret."""
        rows = [self.measured[rule].as_json() for rule in Rule if rule in self.measured]
        return {"target": self.target, "calls": self.calls, "left": list(self.left), "rules": rows}

    def missing(self, rules: Iterable[Rule]) -> tuple[Rule, ...]:
        """Return those of the rules that the target was not seen to enforce, unmeasured ones included."""
        wanted = set(rules)
        return tuple(rule for rule in Rule if rule in wanted and self.enforced(rule) is not Enforced.YES)

    def enforced(self, rule: Rule) -> Enforced:
        """Return what was found of a rule; what was not measured is unclear."""
        measured = self.measured.get(rule)
        return Enforced.UNCLEAR if measured is None else measured.enforced

    def why(self, rule: Rule) -> str:
        """Return in words what was found of a rule."""
        measured = self.measured.get(rule)
        return "not measured" if measured is None else f"{measured.enforced}: {measured.seen}"
