"""Attempts of one design laid out as attackers by victims; each cell leads to its section of the drill-down."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from harness.report.drill_down import Section, counts, direction, sections
from harness.report.markup import NOBODY, STANDINGS, sign_of, standing, text
from harness.report.records import AttemptRecord, in_order

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


class Person(NamedTuple):
    """A tenant's persona as it heads a row or a column; the empty one stands for nobody."""

    order: tuple[str | int, ...]
    label: str


@dataclass(frozen=True, slots=True)
class Cell:
    """The attempts of one attacker at one victim, and the anchor of the section that has them."""

    anchor: str
    attempts: tuple[AttemptRecord, ...]


@dataclass(frozen=True, slots=True)
class Grid:
    """One design's attackers, victims and cells."""

    design: str
    attackers: tuple[Person, ...]
    victims: tuple[Person, ...]
    cells: dict[tuple[Person, Person], Cell]
    sections: tuple[Section, ...]

    def rows(self) -> Iterator[tuple[str, AttemptRecord]]:
        """Yield every attempt with the anchor of its row in the drill-down."""
        for section in self.sections:
            for row in section.rows:
                for record in row.attempts:
                    yield row.anchor, record

    def attempts(self, attacker: Person, victim: Person) -> tuple[AttemptRecord, ...]:
        """Return the attempts of one at the other, none where the pair was not attacked."""
        cell = self.cells.get((attacker, victim))
        return cell.attempts if cell else ()

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
        """Return one table for each direction in which attempts were made."""
        row_of = {record.id: anchor for anchor, record in self.rows()}
        return "".join(section.table(self.design, row_of) for section in self.sections)

    def _cell(self, attacker: Person, victim: Person) -> str:
        cell = self.cells.get((attacker, victim))
        own = ' class="own"' if attacker == victim else ""
        if cell is None:
            return f'<td{own}><span class="none" title="not attacked">\N{EN DASH}</span></td>'
        counted = Counter(standing(record) for record in cell.attempts)
        worst = next(name for name in STANDINGS if name in counted)
        return f'<td{own}><a href="#{cell.anchor}">{sign_of(worst)}<br><small>{counts(counted)}</small></a></td>'


def grids(records: Iterable[AttemptRecord]) -> list[Grid]:
    """Return one grid for each design, a weakened or faulted one apart from the sound one."""
    designs: dict[str, list[AttemptRecord]] = {}
    for record in in_order(records):
        designs.setdefault(design(record), []).append(record)
    return [_grid(f"d{number}", name, designs[name]) for number, name in enumerate(sorted(designs), 1)]


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
    behind = sections(prefix, records)
    anchors = {section.direction: section.anchor for section in behind}
    cells = {pair: Cell(anchors[direction(attempts[0])], tuple(attempts)) for pair, attempts in by_pair.items()}
    return Grid(design=name, attackers=attackers, victims=victims, cells=cells, sections=tuple(behind))


def _person(tenant: str, persona: str, label: str) -> Person:
    # t2 before t10, then whoever belongs to no tenant, and nobody in the last place.
    digits = re.findall(r"\d+", tenant)
    number = int(digits[0]) if digits else 0
    return Person(order=(not label, not digits, number, tenant, persona), label=label or NOBODY)


def _on_two_lines(person: Person) -> str:
    # Columns as narrow as their cells, so that three tenants with three personas each fit a screen.
    return text(person.label).replace(" (", "<br>(", 1)
