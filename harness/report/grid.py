"""Attempts of one design laid out as attackers by victims, with a table of attempts behind each cell."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from harness.report.markup import NOBODY, STANDINGS, Standing, sign, sign_of, standing, text
from harness.report.records import AttemptRecord, in_order

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_COLUMNS: Final = (
    '<colgroup><col style="width:12%"><col style="width:9%"><col style="width:23%"><col style="width:36%">'
    '<col style="width:20%"></colgroup><thead><tr><th>Verdict</th><th>Plane</th><th>Technique</th><th>Why</th>'
    "<th>Deciding statement</th></tr></thead>"
)
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


class Person(NamedTuple):
    """A tenant's persona as it heads a row or a column; the empty one stands for nobody."""

    order: tuple[str | int, ...]
    label: str


@dataclass(frozen=True, slots=True)
class Cell:
    """The attempts of one attacker at one victim, worst first, and the anchor where they are listed."""

    anchor: str
    attempts: tuple[AttemptRecord, ...]


@dataclass(frozen=True, slots=True)
class Grid:
    """One design's attackers, victims and cells."""

    design: str
    attackers: tuple[Person, ...]
    victims: tuple[Person, ...]
    cells: dict[tuple[Person, Person], Cell]

    def rows(self) -> Iterator[tuple[str, AttemptRecord]]:
        """Yield every attempt with the anchor of its row in the drill-down."""
        for cell in self.cells.values():
            for number, record in enumerate(cell.attempts, 1):
                yield f"{cell.anchor}-{number}", record

    def overview(self) -> str:
        """Return the matrix itself; every cell that was attempted is a link to its attempts."""
        heads = "".join(f'<th scope="col">{_on_two_lines(victim)}</th>' for victim in self.victims)
        body = "".join(
            f'<tr><th scope="row">{text(attacker.label)}</th>'
            + "".join(self._cell(attacker, victim) for victim in self.victims)
            + "</tr>"
            for attacker in self.attackers
        )
        return (
            f'<div class="wide"><table class="matrix"><thead><tr><th>attacker \\ victim</th>{heads}</tr></thead>'
            f"<tbody>{body}</tbody></table></div>"
        )

    def drill_down(self) -> str:
        """Return one table of attempts for each cell."""
        return "".join(
            f'<h3 id="{cell.anchor}">{text(self.design)}: {_pair(*pair)} '
            '<small><a href="#matrix">to the matrix</a></small></h3>'
            f'<div class="wide"><table class="cell">{_COLUMNS}<tbody>'
            + "".join(_row(f"{cell.anchor}-{number}", record) for number, record in enumerate(cell.attempts, 1))
            + "</tbody></table></div>"
            for pair, cell in self.cells.items()
        )

    def _cell(self, attacker: Person, victim: Person) -> str:
        cell = self.cells.get((attacker, victim))
        own = ' class="own"' if attacker == victim else ""
        if cell is None:
            return f'<td{own}><span class="none" title="not attacked">\N{EN DASH}</span></td>'
        counted = Counter(standing(record) for record in cell.attempts)
        worst = next(name for name in STANDINGS if name in counted)
        return f'<td{own}><a href="#{cell.anchor}">{sign_of(worst)}<br><small>{_counts(counted)}</small></a></td>'


def grids(records: Iterable[AttemptRecord]) -> list[Grid]:
    """Return one grid for each design, a weakened or faulted one apart from the sound one."""
    designs: dict[str, list[AttemptRecord]] = {}
    for record in in_order(records):
        designs.setdefault(design(record), []).append(record)
    return [_grid(f"cell-{number}", name, designs[name]) for number, name in enumerate(sorted(designs), 1)]


def design(record: AttemptRecord) -> str:
    """Return the design that was attacked in words: the blueprint and what was altered on purpose."""
    weakened = f", weakened by {record.weakness}" if record.weakness else ""
    faulted = f", target fault {record.fault}" if record.fault else ""
    named = ", names made to collide" if record.between_names else ""
    return f"{record.blueprint}{weakened}{faulted}{named}"


def _grid(prefix: str, name: str, records: list[AttemptRecord]) -> Grid:
    by_pair: dict[tuple[Person, Person], list[AttemptRecord]] = {}
    for record in records:
        attacker = _person(record.attacker, record.attacker_persona, record.attacker_label)
        victim = _person(record.victim, record.victim_persona, record.victim_label)
        by_pair.setdefault((attacker, victim), []).append(record)
    attackers = tuple(sorted({attacker for attacker, _ in by_pair}))
    victims = tuple(sorted({victim for _, victim in by_pair}))
    cells = {
        (attacker, victim): Cell(
            anchor=f"{prefix}-{row}-{column}",
            attempts=tuple(sorted(by_pair[attacker, victim], key=_worst_first)),
        )
        for row, attacker in enumerate(attackers, 1)
        for column, victim in enumerate(victims, 1)
        if (attacker, victim) in by_pair
    }
    return Grid(design=name, attackers=attackers, victims=victims, cells=cells)


def _person(tenant: str, persona: str, label: str) -> Person:
    # t2 before t10, then whoever belongs to no tenant, and nobody in the last place.
    digits = re.findall(r"\d+", tenant)
    number = int(digits[0]) if digits else 0
    return Person(order=(not label, not digits, number, tenant, persona), label=label or NOBODY)


def _worst_first(record: AttemptRecord) -> tuple[int, str, str, str]:
    return (STANDINGS.index(standing(record)), record.plane, record.technique, record.id)


def _counts(counted: Counter[Standing]) -> str:
    return ", ".join(f"{counted[name]} {_WORDS[name][counted[name] > 1]}" for name in STANDINGS if name in counted)


def _on_two_lines(person: Person) -> str:
    # Columns as narrow as their cells, so that three tenants with three personas each fit a screen.
    return text(person.label).replace(" (", "<br>(", 1)


def _pair(attacker: Person, victim: Person) -> str:
    if attacker == victim:
        return f"{text(attacker.label)} and their own"
    return f"{text(attacker.label)} \N{RIGHTWARDS ARROW} {text(victim.label)}"


def _row(anchor: str, record: AttemptRecord) -> str:
    kind = f" <small>({text(record.kind)})</small>" if record.kind else ""
    declared = f"<br>Declared: {text(record.expected_leak_reason)}" if record.expected_leak_reason else ""
    used = f"<br><small>Control: {text(record.control_used)}</small>" if record.control_used else ""
    statement = f"<code>{text(record.deciding_statement)}</code>" if record.deciding_statement else "none named"
    return (
        f'<tr id="{anchor}"><td>{sign(record)}{kind}</td><td>{text(record.plane)}</td>'
        f"<td>{text(record.title)}<br><small><code>{text(record.technique)}</code><br>{text(record.boundary)}</small></td>"
        f"<td>{text(record.reason)}{declared}{used}</td><td>{statement}</td></tr>"
    )
