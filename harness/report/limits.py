"""How far a design goes before AWS refuses more of it: what was measured, beside what the article claims."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Self

from harness.report.markup import text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """One measured limit of a design.

    `id` is `BLUEPRINT:NAME`, `measured` a whole number of `what`, `claimed` what the article says. `refused_with` is
    the code and the message of the refusal of one more, empty where the figure is a cost that nothing refuses;
    `remark` says what was done to measure it.
    """

    id: str
    what: str
    claimed: str
    measured: int
    refused_with: str
    remark: str

    @property
    def blueprint(self) -> str:
        """The design that has the limit."""
        return self.id.partition(":")[0]

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """Return the limit of a plain mapping; a KeyError names what is missing."""
        texts = {name: str(document[name]) for name in ("id", "what", "claimed", "refused_with", "remark")}
        return cls(measured=int(document["measured"]), **texts)

    def as_json(self) -> dict[str, Any]:
        """Return the limit as plain JSON."""
        return {"blueprint": self.blueprint, **asdict(self)}


def in_order(documents: Iterable[Mapping[str, Any]]) -> list[Limit]:
    """Return the limits sorted by id, so that the order of workers does not show."""
    return sorted((Limit.from_json(document) for document in documents), key=lambda limit: limit.id)


def limits_section(limits: Sequence[Limit]) -> str:
    """Return the section of the matrix page, empty when nothing was measured."""
    if not limits:
        return ""
    return (
        '<h2 id="limits">How far do the designs go?</h2><p>These designs isolate, and they do not scale. Each figure '
        "was found by really adding one more until AWS's interface refused it, or by counting calls.</p>"
        f'<div class="wide">{limits_table(limits)}</div>'
    )


def limits_table(limits: Sequence[Limit]) -> str:
    """Return the limits as an HTML table."""
    rows = "".join(
        f"<tr><td>{text(limit.blueprint)}</td><td>{text(limit.what)}</td><td>{text(limit.claimed)}</td>"
        f'<td class="number"><b>{limit.measured:,}</b></td><td>{_refusal(limit)}</td><td>{text(limit.remark)}</td></tr>'
        for limit in limits
    )
    return (
        "<table><thead><tr><th>Design</th><th>What</th><th>The article says</th><th>Measured</th>"
        f"<th>One more is refused with</th><th>How</th></tr></thead><tbody>{rows}</tbody></table>"
    )


def _refusal(limit: Limit) -> str:
    return f"<code>{text(limit.refused_with)}</code>" if limit.refused_with else "not refused: a cost, not a limit"
