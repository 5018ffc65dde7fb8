"""The attempts behind the cells of a matrix: what went the same way between several tenants is one row.

With four tenants in a ring an attack is made four times. A reader wants to know what came of it, and between whom; so a
section holds one kind of attacker against one kind of victim, and a row all pairs of tenants with the same result.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from harness.report.markup import NOBODY, STANDINGS, Standing, standing, symbol_and_word, text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from harness.report.records import AttemptRecord

_COLUMNS: Final = "<thead><tr><th>Verdict<th>Technique<th>Why<th>Deciding statement<th>Who</thead>"
# One and many of each standing, in a sentence.
_WORDS: Final[dict[Standing, tuple[str, str]]] = {
    "leak": ("leak", "leaks"),
    "gone": ("expected leak gone", "expected leaks gone"),
    "lockout": ("lockout", "lockouts"),
    "inconclusive": ("inconclusive", "inconclusive"),
    "expected": ("expected leak", "expected leaks"),
    "isolated": ("isolated", "isolated"),
    "works": ("control works", "controls work"),
}
_NO_BREAK: Final = "\N{NO-BREAK SPACE}"
_ARROW: Final = "\N{RIGHTWARDS ARROW}"


class Direction(NamedTuple):
    """Which kind of attacker aims at which kind of victim, and how the two belong together."""

    attacker: str
    relation: str
    victim: str


@dataclass(frozen=True, slots=True)
class Row:
    """Attempts that differ in nothing but the tenants between which they were made, and the anchor of their row."""

    anchor: str
    attempts: tuple[AttemptRecord, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """All attempts of one direction, and the anchor of their table; the rows of the worst plane come first."""

    anchor: str
    direction: Direction
    rows: tuple[Row, ...]

    def table(self, design: str, row_of: Mapping[str, str]) -> str:
        """Return the section with its heading; `row_of` maps ids of attempts to the anchors of their rows."""
        pairs = _pairs(record for row in self.rows for record in row.attempts)
        planes = list(dict.fromkeys(row.attempts[0].plane for row in self.rows))
        body = "".join(self._plane(plane, pairs, row_of) for plane in planes)
        return (
            f'<h3 id="{self.anchor}">{text(design)}: {_title(self.direction)} '
            '<small><a href="#matrix">to the matrix</a></small></h3>'
            f"<p><small>{text('; '.join(pairs))}</small></p>"
            f'<div class="wide"><table class="cell">{_COLUMNS}<tbody>{body}</tbody></table></div>'
        )

    def _plane(self, plane: str, pairs: Sequence[str], row_of: Mapping[str, str]) -> str:
        rows = [row for row in self.rows if row.attempts[0].plane == plane]
        counted = Counter(standing(record) for row in rows for record in row.attempts)
        return f'<tr><th colspan="5">{text(plane)}: {counts(counted)}</th></tr>' + "".join(
            _row(row, pairs, row_of) for row in rows
        )


def sections(prefix: str, records: Iterable[AttemptRecord]) -> list[Section]:
    """Return the sections of one design in the order of attackers and victims; anchors begin with `prefix`."""
    by_direction: dict[Direction, list[AttemptRecord]] = {}
    for record in records:
        by_direction.setdefault(direction(record), []).append(record)
    return [
        Section(f"{prefix}-{number}", each, _rows(f"{prefix}-{number}", by_direction[each]))
        for number, each in enumerate(sorted(by_direction), 1)
    ]


def direction(record: AttemptRecord) -> Direction:
    """Return the direction of an attempt."""
    if not record.victim_label:
        relation = "nobody"
    elif record.attacker != record.victim:
        relation = "other"
    else:
        relation = "own" if record.attacker_persona == record.victim_persona else "same"
    return Direction(record.attacker_persona or record.attacker_label, relation, record.victim_persona)


def counts(counted: Counter[Standing]) -> str:
    """Return how often each standing occurred in words, the worst first."""
    return ", ".join(f"{counted[name]} {_WORDS[name][counted[name] > 1]}" for name in STANDINGS if name in counted)


def _rows(prefix: str, records: Sequence[AttemptRecord]) -> tuple[Row, ...]:
    alike: dict[tuple[object, ...], list[AttemptRecord]] = {}
    worst_of_plane: dict[str, int] = {}
    for record in records:
        rank = STANDINGS.index(standing(record))
        worst_of_plane[record.plane] = min(rank, worst_of_plane.get(record.plane, rank))
        how = (record.title, record.kind, record.reason, record.deciding_statement, record.expected_leak_reason)
        alike.setdefault((record.plane, rank, record.technique, record.control, how), []).append(record)

    def worst_first(attempts: Sequence[AttemptRecord]) -> tuple[object, ...]:
        first = attempts[0]
        rank = STANDINGS.index(standing(first))
        return (worst_of_plane[first.plane], first.plane, rank, first.technique, first.id)

    in_order = sorted(alike.values(), key=worst_first)
    return tuple(Row(f"{prefix}-{number}", tuple(attempts)) for number, attempts in enumerate(in_order, 1))


def _row(row: Row, pairs: Sequence[str], row_of: Mapping[str, str]) -> str:
    first = row.attempts[0]
    name = standing(first)
    kind = f" <small>({text(first.kind)})</small>" if first.kind else ""
    declared = f"<br>Declared: {text(first.expected_leak_reason)}" if first.expected_leak_reason else ""
    statement = f"<code>{text(first.deciding_statement)}</code>" if first.deciding_statement else "none named"
    own = _pairs(row.attempts)
    who = f"all {len(pairs)}" if len(own) == len(pairs) > 1 else "; ".join(own)
    # HTML closes cells and rows by itself, and a page has thousands of them.
    return (
        f'<tr id="{row.anchor}"><td class="{name}">{_NO_BREAK.join(symbol_and_word(name))}{kind}'
        f"<td>{text(first.title)}<br><code>{text(first.technique)}</code>"
        f"<td>{text(first.reason)}{declared}{_controls(row, row_of)}<td>{statement}<td>{text(who)}"
    )


def _controls(row: Row, row_of: Mapping[str, str]) -> str:
    """Return links to the controls on which the attempts rest; one that has no row is named."""
    behind = dict.fromkeys(
        control for record in row.attempts for control in record.control_used.split(" and ") if control
    )
    places = dict.fromkeys(row_of.get(control) or control for control in behind)
    links = [
        text(place) if place in behind else f'<a href="#{place}">{number}</a>' for number, place in enumerate(places, 1)
    ]
    return f" <small>(control {', '.join(links)})</small>" if links else ""


def _title(direction: Direction) -> str:
    attacker, relation, victim = (text(word) for word in direction)
    return {
        "nobody": f"{attacker} {_ARROW} {text(NOBODY)}",
        "own": f"{attacker} and their own",
        "same": f"{attacker} {_ARROW} {victim} of the same tenant",
        "other": f"{attacker} {_ARROW} {victim} of another tenant",
    }[relation]


def _pairs(records: Iterable[AttemptRecord]) -> list[str]:
    """Return between whom the attempts were made, by tenants; the direction says as what."""
    return list(dict.fromkeys(_pair(record) for record in records))


def _pair(record: AttemptRecord) -> str:
    attacker = record.attacker or record.attacker_persona
    if not record.victim_label or (record.attacker, record.attacker_persona) == (record.victim, record.victim_persona):
        return attacker
    return f"{attacker} {_ARROW} {record.victim or record.victim_persona}"
