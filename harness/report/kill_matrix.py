"""The kill matrix: every planted hole against every attack, as a page without scripts and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from harness.planted_holes import holes_missed
from harness.report.attack_catalogue import ATTACKS
from harness.report.markup import STYLE, Standing, moment, text
from harness.secret import redact_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from harness.attacks.technique import Technique
    from harness.planted_holes import PlantedHole
    from harness.report.records import AttemptRecord
    from harness.report.run import RunFacts
    from harness.report.technique_facts import TechniqueFacts

KILL_MATRIX: Final = "kill-matrix.html"
# Raised in its first part when a reader of the old file would misread the new one.
SCHEMA: Final = "isolation-harness/kill-matrix/1.0"
# What a technique did under a hole: a symbol, a colour and what it means.
_MARKS: Final[dict[str, tuple[str, Standing, str]]] = {
    "found": ("\N{BLACK CIRCLE}", "isolated", "had to leak there, and did"),
    "also": ("\N{WHITE CIRCLE}", "works", "leaked there as well"),
    "missed": ("\N{BALLOT X}", "leak", "had to leak there, and did not"),
    "wrong": ("\N{WARNING SIGN}", "leak", "leaked, but not for what was planted"),
    "unclear": ("?", "inconclusive", "ended INCONCLUSIVE"),
    "declared": ("\N{WHITE FLAG}", "expected", "leaks in the sound design as well, as the design declares"),
    "refused": ("\N{MIDDLE DOT}", "works", "was refused"),
}
_PAGE_STYLE: Final = """
h1{font-size:1.5rem;margin:0 0 .75rem}h2{font-size:1.2rem;margin:2rem 0 .5rem}
.banner{margin:0 0 1rem;font-size:1.2rem;font-weight:600;padding:.8rem 1rem;border-radius:.4rem;border-left:.5rem solid}
.wide{overflow-x:auto}
.kills{font-size:.8rem}.kills td,.kills th{padding:.1rem .2rem;text-align:center}
.kills th.technique{height:17rem;vertical-align:bottom}
.kills th.technique a{color:inherit;text-decoration:none;font-weight:400;white-space:nowrap;
writing-mode:vertical-rl;transform:rotate(180deg)}
.kills th[scope=row]{position:sticky;left:0;text-align:left;min-width:14rem;max-width:24rem;font-weight:400}
.mark{padding:0 .25rem;border-radius:.2rem}.kills td{color:var(--soft)}
.kills th:first-child{vertical-align:bottom}
.holes{font-size:.88rem}:target{outline:3px solid var(--link);outline-offset:2px}
@media print{body{max-width:none;padding:0}.wide{overflow:visible}.mark,th{print-color-adjust:exact;
-webkit-print-color-adjust:exact}}
"""


def kill_matrix_document(
    records: Iterable[AttemptRecord], holes: Sequence[PlantedHole], techniques: Mapping[str, Technique | TechniqueFacts]
) -> dict[str, Any]:
    """Return the matrix as plain JSON: the holes, per technique where it leaks, and what is not proved."""
    leaks_under = _leaks_under(records, holes)
    return {
        "schema": SCHEMA,
        "holes": [hole.as_json() for hole in holes],
        "techniques": {
            technique.id: {"title": technique.title, "leaks_under": leaks_under.get(technique.id, [])}
            for technique in techniques.values()
        },
        "holes_not_found": [hole.subject for hole in holes if not hole.held],
        "techniques_not_proved": [technique for technique in techniques if technique not in leaks_under],
    }


def render_kill_matrix(
    facts: RunFacts,
    records: Iterable[AttemptRecord],
    holes: Sequence[PlantedHole],
    techniques: Mapping[str, Technique | TechniqueFacts],
) -> str:
    """Return the page: one matrix for each design, its planted holes down, the attacks aimed at it across."""
    judged = list(records)
    declared = _declared(judged)
    designs = sorted({hole.design for hole in holes})
    by_design = {design: [hole for hole in holes if hole.design == design] for design in designs}
    legend = "".join(f"<li>{_mark(name)} {text(words)}</li>" for name, (_, _, words) in _MARKS.items())
    contents = "".join(f'<li><a href="#{text(design)}">{text(design)}</a></li>' for design in designs)
    body = "".join(_design(design, by_design[design], declared.get(design, set()), techniques) for design in designs)
    return redact_text(
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Kill matrix</title><style>{STYLE}{_PAGE_STYLE}</style></head>\n"
        f"<body><h1>Kill matrix: do the attacks bite?</h1>\n{_banner(judged, holes, techniques)}"
        "<p>Each row is a hole planted on purpose in a sound design, each column an attack. Attacks are planned from "
        "the sound design and its contract alone and never see what is planted.</p>"
        f"<ul>{legend}</ul><p>Run started {text(moment(facts.started))}, seed {facts.seed}. "
        '<a href="matrix.html">To the isolation matrix</a>, '
        f'<a href="{ATTACKS}">to the catalogue of attacks</a></p>'
        f"<ul>{contents}</ul>{body}</body></html>\n"
    )


def _banner(
    records: Sequence[AttemptRecord], holes: Sequence[PlantedHole], techniques: Mapping[str, Technique | TechniqueFacts]
) -> str:
    found, leaks_under = len(holes) - holes_missed(holes), _leaks_under(records, holes)
    proved = sum(technique in leaks_under for technique in techniques)
    name, symbol = ("isolated", "\N{CHECK MARK}") if found == len(holes) else ("leak", "\N{BALLOT X}")
    if name == "isolated" and proved < len(techniques):
        # A run of some designs proves what is aimed at these.
        name, symbol = "works", "\N{CHECK MARK}"
    return (
        f'<p class="banner {name}">{symbol} {found} of {len(holes)} planted holes found; {proved} of '
        f"{len(techniques)} attacks leaked under one of them.</p>"
    )


def _leaks_under(records: Iterable[AttemptRecord], holes: Iterable[PlantedHole]) -> dict[str, list[str]]:
    """Return per technique the holes, and the designs that declare the leak, under which it leaks."""
    found: dict[str, list[str]] = {}
    for hole in holes:
        for technique in hole.leaked:
            found.setdefault(technique, []).append(hole.subject)
    for design, declared in _declared(records).items():
        for technique in sorted(declared):
            found.setdefault(technique, []).append(f"declared by {design}")
    return found


def _declared(records: Iterable[AttemptRecord]) -> dict[str, set[str]]:
    """Return per design the techniques that leak in its sound form, as it declares."""
    declared: dict[str, set[str]] = {}
    for record in records:
        if record.verdict == "LEAK" and record.leak_was_declared:
            declared.setdefault(record.blueprint, set()).add(record.technique)
    return declared


def _design(
    design: str, holes: Sequence[PlantedHole], declared: set[str], techniques: Mapping[str, Technique | TechniqueFacts]
) -> str:
    attacked = {technique for hole in holes for technique in hole.attacked}
    columns = [technique for technique in techniques if technique in attacked]
    heads = "".join(
        f'<th scope="col" class="technique"><a href="{ATTACKS}#{text(column)}" '
        f'title="{text(techniques[column].title)}">{text(column)}</a></th>'
        for column in columns
    )
    rows = "".join(_row(number, design, hole, columns, declared) for number, hole in enumerate(holes, 1))
    details = "".join(_detail(number, design, hole) for number, hole in enumerate(holes, 1))
    return (
        f'<h2 id="{text(design)}">{text(design)}</h2><div class="wide"><table class="kills"><thead><tr>'
        f"<th>planted hole</th>{heads}</tr></thead><tbody>{rows}</tbody></table></div>"
        '<details><summary>What was planted, and which statement let the attacks through</summary><div class="wide">'
        "<table class=holes><thead><tr><th>Planted hole</th><th>What was changed</th><th>Attacks that had to leak</th>"
        f"<th>Also leaked</th><th>What is wrong</th></tr></thead><tbody>{details}</tbody></table></div></details>"
    )


def _row(number: int, design: str, hole: PlantedHole, columns: Sequence[str], declared: set[str]) -> str:
    cells = "".join(f"<td>{_mark(_standing(hole, column, declared), column)}</td>" for column in columns)
    return f'<tr><th scope="row"><a href="#{text(design)}-{number}">{text(_name(hole))}</a></th>{cells}</tr>'


def _standing(hole: PlantedHole, technique: str, declared: set[str]) -> str:
    unclear = any(f"-{technique}-" in attempt for attempt in (*hole.unclear, *hole.controls_failed))
    standings = {
        "wrong": technique in hole.wrong_reason,
        "missed": technique in hole.missed,
        "found": technique in hole.must_leak,
        "also": technique in hole.leaked,
        "unclear": unclear,
        "declared": technique in declared,
        "refused": technique in hole.attacked,
    }
    return next((name for name, is_so in standings.items() if is_so), "")


def _mark(name: str, technique: str = "") -> str:
    if not name:
        return ""
    symbol, colour, words = _MARKS[name]
    if name == "refused":
        # Nearly all cells are such: they are a dot and nothing else, or the page has megabytes of markup.
        return symbol
    title = f"{technique} {words}".strip()
    return f'<span class="mark {colour}" title="{text(title)}">{symbol}</span>'


def _detail(number: int, design: str, hole: PlantedHole) -> str:
    return (
        f'<tr id="{text(design)}-{number}"><td><code>{text(_name(hole))}</code></td><td>{_codes(hole.planted)}</td>'
        f"<td>{_leaks(hole, hole.must_leak)}</td><td>{_leaks(hole, hole.also_leaked)}</td>"
        f"<td>{text(hole.complaint) or 'nothing'}</td></tr>"
    )


def _leaks(hole: PlantedHole, techniques: Iterable[str]) -> str:
    lines = []
    for technique in techniques:
        statement = hole.decided_by.get(technique, "")
        lines.append(f"<code>{text(technique)}</code>" + (f" <small>by {text(statement)}</small>" if statement else ""))
    return "<br>".join(lines) or "none"


def _codes(names: Iterable[str]) -> str:
    return "<br>".join(f"<code>{text(name)}</code>" for name in names) or "none"


def _name(hole: PlantedHole) -> str:
    """Return what the hole is called within its design."""
    kind, _, rest = hole.subject.partition(" ")
    return rest.partition(":")[2] if kind == "weakness" else f"fault {rest.rpartition(' on ')[0]}"
