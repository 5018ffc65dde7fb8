"""Names that somebody may choose tomorrow: what became of each in a design, beside the tenant that it resembles."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, Self, get_args

from harness.report.markup import text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

NameOutcome = Literal["held", "leaked", "refused by AWS", "refused at sign-in", "ruled out", "not judged"]

_STANDING: Final[dict[NameOutcome, tuple[str, str]]] = {
    "leaked": ("leak", "\N{BALLOT X}"),
    "not judged": ("inconclusive", "?"),
    "held": ("isolated", "\N{CHECK MARK}"),
    "refused at sign-in": ("works", "\N{EN DASH}"),
    "refused by AWS": ("works", "\N{EN DASH}"),
    "ruled out": ("works", "\N{EN DASH}"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TriedName:
    """One name in one design.

    `id` says how the name was made from the one `beside` it, `attacks` how often either tenant attacked the other.
    `predicted` tells whether the policies alone say that the two collide; None where they do not say.
    """

    blueprint: str
    weakness: str | None
    id: str
    name: str
    beside: str
    outcome: NameOutcome
    reason: str
    attacks: int
    predicted: bool | None

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """Return the tried name that `as_json` wrote; a ValueError names an outcome that there is none of."""
        if document["outcome"] not in get_args(NameOutcome):
            raise ValueError(f"A name cannot have come to {document['outcome']!r}.")
        return cls(**document)

    def as_json(self) -> dict[str, Any]:
        """Return the tried name as plain JSON."""
        return asdict(self)


def in_order(documents: Iterable[Mapping[str, Any]]) -> list[TriedName]:
    """Return the names by design and the worst first, so that the order of workers does not show."""
    worst_first = list(_STANDING)
    tried = (TriedName.from_json(document) for document in documents)
    return sorted(tried, key=lambda name: (name.blueprint, worst_first.index(name.outcome), name.id))


def names_section(tried: Sequence[TriedName]) -> str:
    """Return the section of the matrix page, empty where no name was tried."""
    if not tried:
        return ""
    rows = "".join(_row(name) for name in tried)
    return (
        '<h2 id="names">Which names could somebody choose?</h2><p>Each name is made to be taken for another '
        "tenant's. Where the target lets a tenant have it, both tenants attack each other; a name that it refuses "
        "cannot collide, and proves nothing of the design. What the blueprint itself rules out was not tried.</p>"
        '<div class="wide"><table><thead><tr><th>Design</th><th>How made</th><th>Name</th><th>Beside</th>'
        "<th>What came of it</th><th>Attacks</th><th>By the policies alone</th><th>Why</th></tr></thead>"
        f"<tbody>{rows}</tbody></table></div>"
    )


def _row(name: TriedName) -> str:
    style, symbol = _STANDING[name.outcome]
    predicted = {True: "collides", False: "holds", None: "not known"}[name.predicted]
    return (
        f"<tr><td>{text(name.blueprint)}</td><td>{text(name.id)}</td><td><code>{text(name.name)}</code></td>"
        f'<td><code>{text(name.beside)}</code></td><td><span class="sign {style}">{symbol} {name.outcome}</span></td>'
        f'<td class="number">{name.attacks or "-"}</td><td>{predicted}</td><td>{text(name.reason)}</td></tr>'
    )
