"""The isolation matrix: one HTML page that opens from disk, without scripts and without anything fetched."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from harness.planted_holes import PlantedHole, holes_missed
from harness.report.calls import CallCounts
from harness.report.changes import changes_section
from harness.report.grid import Grid, design, grids
from harness.report.kill_matrix import KILL_MATRIX
from harness.report.limits import limits_section
from harness.report.markup import (
    NOBODY,
    STANDINGS,
    STYLE,
    Standing,
    moment,
    sign,
    sign_of,
    standing,
    symbol_and_word,
    text,
)
from harness.report.names import names_section
from harness.report.remote_target import target_section
from harness.report.run import WALL_STANDS, Boundary, BoundaryStatus, RunFacts, Summary, alike, headline
from harness.report.terminal import altered_on_purpose, rerun_command
from harness.secret import redact_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from harness.calibration.calibration import Calibration
    from harness.report.comparison import Comparison
    from harness.report.limits import Limit
    from harness.report.names import TriedName
    from harness.report.records import AttemptRecord

_LEGEND: Final[dict[Standing, str]] = {
    "leak": "a tenant reached what the contract does not give; fails the run",
    "gone": "the blueprint declares a leak that did not happen; fails the run",
    "lockout": "a tenant was refused their own access; fails the run",
    "inconclusive": "no judgement, for the reason given; never counted as a refusal",
    "expected": "a leak the blueprint declares, with its reason; does not fail the run",
    "isolated": "refused by authorization, while the control of the attack worked",
    "works": "a control: access that the contract gives, and that was given",
}
_STATUS: Final[dict[BoundaryStatus, tuple[Standing, str]]] = {
    "not proved": ("inconclusive", "? not proved"),
    "not attacked": ("works", "\N{EN DASH} not attacked"),
    "proved": ("isolated", "\N{CHECK MARK} proved"),
}
_FOUND: Final[tuple[Standing, ...]] = ("leak", "gone", "lockout", "expected")
# The file verdicts.json has all of them.
_SHOWN_TESTS: Final = 50
_PAGE_STYLE: Final = """
h1{font-size:1.5rem;margin:0 0 .75rem}
h2{font-size:1.2rem;margin:2.25rem 0 .5rem;padding-top:.5rem;border-top:1px solid var(--line)}
h3{font-size:1rem;margin:1.25rem 0 .25rem}
p,ul{margin:.4rem 0}
.banner{margin:0;font-size:1.2rem;font-weight:600;padding:.8rem 1rem;border-radius:.4rem;border-left:.5rem solid}
.facts{display:grid;grid-template-columns:max-content 1fr;gap:.1rem 1rem;margin:1rem 0}
.facts dt{color:var(--soft)} .facts dd{margin:0}
.figures{display:flex;flex-wrap:wrap;gap:.6rem;padding:0;list-style:none;margin:1rem 0}
.figures li{border:1px solid var(--line);border-radius:.4rem;padding:.35rem .8rem .5rem;min-width:7rem}
.figures b{display:block;font-size:1.5rem;line-height:1.3}
.findings{padding-left:1.2rem}.findings li{margin:.6rem 0}
.findings pre{overflow-x:auto;background:var(--panel);padding:.5rem .75rem;border-radius:.4rem;margin:.4rem 0}
.wide{overflow-x:auto}
.matrix{font-size:.85rem}.matrix th,.matrix td{padding:.3rem .4rem}
.matrix .sign{white-space:normal}
.matrix td a{display:block;text-decoration:none;color:inherit}
.matrix td a:hover small,.matrix td a:focus small{text-decoration:underline}
.matrix td.own{background:var(--panel)}
.matrix th[scope=row]{position:sticky;left:0}
.matrix .none{color:var(--soft)}
small{color:var(--soft);font-size:.9em}
.cell{width:100%;min-width:60rem;table-layout:fixed;font-size:.88rem}
.cell td:first-child{font-weight:600}
.cell thead th{width:16%}.cell thead th:nth-child(2){width:28%}.cell thead th:nth-child(3){width:29%}
.cell thead th:last-child{width:11%}
.cell td{overflow-wrap:break-word}
.number{text-align:right}
:target{outline:3px solid var(--link);outline-offset:2px}
@media print{body{max-width:none;padding:0;font-size:10pt}.wide{overflow:visible}.cell{min-width:0}
tr,h3{break-inside:avoid}
h3{break-after:avoid}.sign,.banner,th,td{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
"""


def render_matrix(
    facts: RunFacts,
    records: Iterable[AttemptRecord],
    holes: Sequence[PlantedHole],
    summary: Summary,
    limits: Sequence[Limit] = (),
    names: Sequence[TriedName] = (),
    comparison: Comparison | None = None,
    calibration: Calibration | None = None,
    calls: CallCounts | None = None,
) -> str:
    """Return the page: is the wall standing, what was tested, who against whom, and why for every attempt."""
    by_design = grids(records)
    row_of = {record: anchor for grid in by_design for anchor, record in grid.rows()}
    parts = [
        _banner(summary, facts, holes),
        _facts(facts),
        _figures(summary, holes),
        _contents(
            holes,
            limits,
            names,
            findings=any(standing(record) in _FOUND for record in row_of),
            remote=facts.target != "embedded",
        ),
        _findings(summary, facts, row_of, comparison),
        changes_section(comparison, row_of, row_of),
        _not_tested(summary, facts),
        target_section(facts, calibration, calls or CallCounts(), list(row_of), row_of),
        _matrices(by_design),
        _boundaries(summary.boundaries),
        _proof(holes),
        names_section(names),
        limits_section(limits),
        _legend(),
        _drill_down(by_design),
    ]
    return redact_text(
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Isolation matrix: {text(facts.target)}</title><style>{STYLE}{_PAGE_STYLE}</style></head>\n"
        f'<body><h1 id="top">Isolation matrix</h1>\n{chr(10).join(part for part in parts if part)}\n</body></html>\n'
    )


def _banner(summary: Summary, facts: RunFacts, holes: Sequence[PlantedHole]) -> str:
    sentence = headline(summary, narrowed=facts.narrowed, holes_missed=holes_missed(holes))
    name: Standing = "isolated" if sentence.startswith(WALL_STANDS) else "inconclusive"
    if summary.failed:
        name = "leak"
    symbol, _ = symbol_and_word(name)
    return f'<p class="banner {name}">{symbol} {text(sentence)}</p>'


def _facts(facts: RunFacts) -> str:
    rows = {
        "Target": f"{facts.target} (region {facts.region}, account {facts.account})",
        "Designs": ", ".join(facts.blueprints),
        "Population": f"{facts.tenants} tenants, pairs {facts.pairs}, seed {facts.seed}",
        "Scope": "narrowed by the command line: only a part of the contract"
        if facts.narrowed
        else "the whole contract",
        "Altered on purpose": "; ".join(altered_on_purpose(facts)),
        "Started": moment(facts.started),
        "Versions": ", ".join(f"{name} {facts.versions[name]}" for name in sorted(facts.versions)),
    }
    items = "".join(f"<dt>{name}</dt><dd>{text(value)}</dd>" for name, value in rows.items() if value)
    return f'<dl class="facts">{items}</dl>'


def _contents(
    holes: Sequence[PlantedHole],
    limits: Sequence[Limit],
    names: Sequence[TriedName],
    *,
    findings: bool,
    remote: bool,
) -> str:
    sections = {
        "findings": "Findings" if findings else "",
        "changes": "Better or worse than before?",
        "not-tested": "What was not tested",
        "target": "The target" if remote else "",
        "matrix": "Attackers against victims",
        "boundaries": "Boundaries",
        "proof": "Do the attacks bite?" if holes else "",
        "names": "Which names could somebody choose?" if names else "",
        "limits": "How far do the designs go?" if limits else "",
        "legend": "What the words mean",
        "attempts": "Every attempt",
    }
    links = [f'<a href="#{anchor}">{words}</a>' for anchor, words in sections.items() if words]
    return f"<nav>{' | '.join(links)}</nav>"


def _figures(summary: Summary, holes: Sequence[PlantedHole]) -> str:
    proved = len(summary.boundaries_that_are("proved"))
    found = len(holes) - holes_missed(holes)
    figures = [
        (str(summary.attacks), "attacks"),
        _figure("isolated", summary.counts["ISOLATED"]),
        _figure("leak", len(summary.leaks)),
        _figure("expected", len(summary.expected_leaks)),
        _figure("inconclusive", summary.counts["INCONCLUSIVE"]),
        (str(summary.controls), "controls"),
        _figure("works", summary.counts["WORKS"]),
        _figure("lockout", len(summary.lockouts)),
        (f"{proved} of {len(summary.boundaries)}", '<a href="#boundaries">boundaries proved</a>'),
    ]
    if holes:
        figures.append((f"{found} of {len(holes)}", '<a href="#proof">planted holes found</a>'))
    return f'<ul class="figures">{"".join(f"<li><b>{number}</b>{words}</li>" for number, words in figures)}</ul>'


def _figure(name: Standing, number: int) -> tuple[str, str]:
    # No alarm colour where there is nothing to be alarmed about.
    return str(number), sign_of(name) if number else " ".join(symbol_and_word(name))


def _findings(
    summary: Summary, facts: RunFacts, row_of: Mapping[AttemptRecord, str], comparison: Comparison | None
) -> str:
    holes = alike((*summary.leaks, *summary.vanished_leaks, *summary.lockouts, *summary.expected_leaks))
    if not holes:
        return ""
    items = "".join(_finding(records, facts, row_of, comparison) for records in holes)
    return f'<h2 id="findings">Findings</h2><ul class="findings">{items}</ul>'


def _finding(
    records: Sequence[AttemptRecord],
    facts: RunFacts,
    row_of: Mapping[AttemptRecord, str],
    comparison: Comparison | None,
) -> str:
    first = records[0]
    kind = f" ({text(first.kind)})" if first.kind else ""
    statement = first.deciding_statement
    allowed_by = f" Deciding statement: <code>{text(statement)}</code>." if statement else ""
    advice = f"<br>{first.advice.as_html()}" if first.advice is not None else ""
    pairs = ", ".join(f'<a href="#{row_of[record]}">{_pair(record)}</a>' for record in records)
    word = comparison.word_on(first.id) if comparison else ""
    changed = f" <b>({word})</b>" if word else ""
    return (
        f"<li>{sign(first)}{kind}{changed} <b>{text(first.title)}</b> in {text(design(first))}: {pairs}."
        f"<br>{text(_sentence(first.expected_leak_reason or first.reason))}{allowed_by}{advice}"
        f"<div><small>Again: <code>{text(rerun_command(first, facts))}</code></small></div></li>"
    )


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:].rstrip('.')}."


def _pair(record: AttemptRecord) -> str:
    if record.control:
        return text(record.attacker_label)
    return f"{text(record.attacker_label)} \N{RIGHTWARDS ARROW} {text(record.victim_label or NOBODY)}"


def _not_tested(summary: Summary, facts: RunFacts) -> str:
    why = " (the run was narrowed)" if facts.narrowed else ""
    missed: dict[str, list[str]] = {}
    for boundary in summary.boundaries_that_are("not attacked"):
        missed.setdefault(boundary.blueprint, []).append(f"<b>{text(boundary.name)}</b>")
    items = [f"{text(blueprint)}: not attacked{why}: {', '.join(names)}." for blueprint, names in missed.items()]
    broken = summary.completeness.failed_tests
    items += [text(reason) for reason in summary.completeness.reasons]
    items += [f"<code>{text(test.test)}</code>: {text(test.reason)}" for test in broken[:_SHOWN_TESTS]]
    items += [f"and {len(broken) - _SHOWN_TESTS} more tests"] if len(broken) > _SHOWN_TESTS else []
    items += [
        f"{attempts} \N{MULTIPLICATION SIGN} {sign_of('inconclusive')} {text(reason)}"
        for reason, attempts in summary.inconclusive_reasons
    ]
    if not items:
        items.append("Every declared boundary was attacked and every attempt was judged.")
    return f'<h2 id="not-tested">What was not tested</h2><ul>{"".join(f"<li>{item}</li>" for item in items)}</ul>'


def _matrices(by_design: Sequence[Grid]) -> str:
    return (
        '<h2 id="matrix">Attackers (rows) against victims (columns)</h2>'
        "<p>A cell shows its worst verdict and how often each occurred; it leads to the attempts of its kind. The "
        "shaded diagonal is a caller's own data. \N{EN DASH} means that the pair was not attacked.</p>"
    ) + "".join(f"<h3>{text(grid.design)}</h3>{grid.overview()}" for grid in by_design)


def _boundaries(boundaries: Sequence[Boundary]) -> str:
    order = list(_STATUS)
    rows = "".join(
        f"<tr><td>{text(boundary.blueprint)}</td><td>{text(boundary.name)}</td><td>{_status(boundary)}</td>"
        + "".join(
            f'<td class="number">{number or "-"}</td>'
            for number in (boundary.isolated, boundary.leaks, boundary.expected_leaks, boundary.inconclusive)
        )
        + "</tr>"
        for boundary in sorted(boundaries, key=lambda boundary: order.index(boundary.status))
    )
    return (
        '<h2 id="boundaries">Boundaries of the contract</h2><p>Proved takes at least one ISOLATED attack and no leak '
        'that the blueprint does not declare.</p><div class="wide"><table><thead><tr><th>Design</th><th>Boundary</th>'
        "<th>Status</th><th>ISOLATED</th><th>LEAK</th><th>EXPECTED LEAK</th><th>INCONCLUSIVE</th></tr></thead>"
        f"<tbody>{rows}</tbody></table></div>"
    )


def _status(boundary: Boundary) -> str:
    if boundary.open_as_declared:
        return f'<span class="sign expected">{symbol_and_word("expected")[0]} open, as declared</span>'
    name, words = _STATUS[boundary.status]
    if boundary.leaks:
        name, words = "leak", f"{symbol_and_word('leak')[0]} not proved"
    return f'<span class="sign {name}">{words}</span>'


def _proof(holes: Sequence[PlantedHole]) -> str:
    if not holes:
        return ""
    blind = "".join(
        f"<tr><td><code>{text(hole.subject)}</code></td><td>{text(hole.complaint)}</td></tr>"
        for hole in holes
        if not hole.held
    )
    table = (
        f'<div class="wide"><table><thead><tr><th>Planted hole</th><th>What is wrong</th></tr></thead><tbody>{blind}'
        "</tbody></table></div>"
    )
    return (
        f'<h2 id="proof">Do the attacks bite?</h2><p>{len(holes) - holes_missed(holes)} of {len(holes)} holes planted '
        "on purpose were found, each by the attacks that have to leak there and for what was planted. An attack that "
        "does not is blind, and its refusals elsewhere prove nothing. "
        f'<a href="{KILL_MATRIX}">The kill matrix</a> has every hole and every attack.</p>{table if blind else ""}'
    )


def _legend() -> str:
    rows = "".join(f"<tr><td>{sign_of(name)}</td><td>{text(_LEGEND[name])}</td></tr>" for name in STANDINGS)
    return f'<h2 id="legend">What the words mean</h2><table><tbody>{rows}</tbody></table>'


def _drill_down(by_design: Sequence[Grid]) -> str:
    return (
        '<h2 id="attempts">Every attempt</h2><p>What went the same way between several tenants is one row; the line '
        "above a table names them all.</p>"
    ) + "".join(grid.drill_down() for grid in by_design)
