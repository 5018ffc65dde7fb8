"""The isolation matrix: one HTML page that opens from disk, without scripts and without anything fetched."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from harness.report.grid import Grid, grids
from harness.report.markup import STANDINGS, STYLE, Standing, sign_of, symbol_and_word, text
from harness.report.proof import ProofEntry, holes_missed
from harness.report.run import WALL_STANDS, Boundary, BoundaryStatus, RunFacts, Summary, headline
from harness.report.terminal import altered_on_purpose, rerun_command
from harness.secret import redact_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

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
_PAGE_STYLE: Final = """
h1{font-size:1.5rem;margin:0 0 .75rem}
h2{font-size:1.2rem;margin:2.25rem 0 .5rem;padding-top:.5rem;border-top:1px solid var(--line)}
h3{font-size:1rem;margin:1.25rem 0 .25rem}
p,ul{margin:.4rem 0}
.banner{font-size:1.2rem;font-weight:600;padding:.8rem 1rem;border-radius:.4rem;border-left:.5rem solid}
.facts{display:grid;grid-template-columns:max-content 1fr;gap:.1rem 1rem;margin:1rem 0}
.facts dt{color:var(--soft)} .facts dd{margin:0}
.figures{display:flex;flex-wrap:wrap;gap:.6rem;padding:0;list-style:none;margin:1rem 0}
.figures li{border:1px solid var(--line);border-radius:.4rem;padding:.35rem .8rem .5rem;min-width:7rem}
.figures b{display:block;font-size:1.5rem;line-height:1.3}
.wide{overflow-x:auto}
.matrix td a{display:block;text-decoration:none;color:inherit}
.matrix td a:hover small,.matrix td a:focus small{text-decoration:underline}
.matrix td.own{background:var(--panel)}
.matrix th[scope=row]{position:sticky;left:0}
.matrix .none{color:var(--soft)}
small{color:var(--soft);font-size:.82rem}
.cell{width:100%;table-layout:fixed;font-size:.88rem}
.cell td{overflow-wrap:break-word}
.number{text-align:right}
:target{outline:3px solid var(--link);outline-offset:2px}
@media print{body{max-width:none;padding:0;font-size:10pt}.wide{overflow:visible}tr,h3{break-inside:avoid}
h3{break-after:avoid}.sign,.banner,th,td{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
"""


def render_matrix(
    facts: RunFacts, records: Iterable[AttemptRecord], proof: Iterable[Mapping[str, Any]], summary: Summary
) -> str:
    """Return the page: is the wall standing, what was tested, who against whom, and why for every attempt."""
    entries = [ProofEntry.from_json(entry) for entry in proof]
    by_design = grids(records)
    row_of = {record: anchor for grid in by_design for anchor, record in grid.rows()}
    parts = [
        _banner(summary, facts, entries),
        _facts(facts),
        _figures(summary, entries),
        _findings(summary, facts, row_of),
        _not_tested(summary, facts),
        _matrices(by_design),
        _boundaries(summary.boundaries),
        _kill_matrix(entries),
        _legend(),
        _drill_down(by_design),
    ]
    return redact_text(
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Isolation matrix: {text(facts.target)}</title><style>{STYLE}{_PAGE_STYLE}</style></head>\n"
        f'<body><h1 id="top">Isolation matrix</h1>\n{chr(10).join(part for part in parts if part)}\n</body></html>\n'
    )


def _banner(summary: Summary, facts: RunFacts, entries: Sequence[ProofEntry]) -> str:
    sentence = headline(summary, narrowed=facts.narrowed, holes_missed=holes_missed(entries))
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
        "Started": facts.started,
        "Versions": ", ".join(f"{name} {facts.versions[name]}" for name in sorted(facts.versions)),
    }
    items = "".join(f"<dt>{name}</dt><dd>{text(value)}</dd>" for name, value in rows.items() if value)
    return f'<dl class="facts">{items}</dl>'


def _figures(summary: Summary, entries: Sequence[ProofEntry]) -> str:
    proved = len(summary.boundaries_that_are("proved"))
    found = len(entries) - holes_missed(entries)
    figures = [
        (str(summary.attacks), "attacks"),
        (str(summary.counts["ISOLATED"]), sign_of("isolated")),
        (str(len(summary.leaks)), sign_of("leak")),
        (str(len(summary.expected_leaks)), sign_of("expected")),
        (str(summary.counts["INCONCLUSIVE"]), sign_of("inconclusive")),
        (str(summary.controls), "controls"),
        (str(summary.counts["WORKS"]), sign_of("works")),
        (str(len(summary.lockouts)), sign_of("lockout")),
        (f"{proved} of {len(summary.boundaries)}", '<a href="#boundaries">boundaries proved</a>'),
    ]
    if entries:
        figures.append((f"{found} of {len(entries)}", '<a href="#proof">planted holes found</a>'))
    return f'<ul class="figures">{"".join(f"<li><b>{number}</b>{words}</li>" for number, words in figures)}</ul>'


def _findings(summary: Summary, facts: RunFacts, row_of: Mapping[AttemptRecord, str]) -> str:
    groups: list[tuple[Standing, Sequence[AttemptRecord]]] = [
        ("leak", summary.leaks),
        ("gone", summary.vanished_leaks),
        ("lockout", summary.lockouts),
        ("expected", summary.expected_leaks),
    ]
    items = [_finding(name, record, facts, row_of[record]) for name, found in groups for record in found]
    if not items:
        return ""
    return f'<h2 id="findings">Findings</h2><ul>{"".join(items)}</ul>'


def _finding(name: Standing, record: AttemptRecord, facts: RunFacts, anchor: str) -> str:
    kind = f" ({text(record.kind)})" if record.kind else ""
    aim = f" \N{RIGHTWARDS ARROW} {text(record.victim_label)}" if record.victim_label and not record.control else ""
    why = record.expected_leak_reason if name in {"expected", "gone"} and record.expected_leak_reason else record.reason
    statement = record.deciding_statement
    allowed_by = f" Deciding statement: <code>{text(statement)}</code>." if statement else ""
    return (
        f"<li>{sign_of(name)}{kind} <b>{text(record.attacker_label)}{aim}</b>: "
        f'<a href="#{anchor}">{text(record.title)}</a> in {text(record.blueprint)}. {text(why)}{allowed_by}'
        f"<br><small>Again: <code>{text(rerun_command(record, facts))}</code></small></li>"
    )


def _not_tested(summary: Summary, facts: RunFacts) -> str:
    why = " (the run was narrowed)" if facts.narrowed else ""
    items = [
        f"{text(boundary.blueprint)}: <b>{text(boundary.name)}</b> was not attacked{why}."
        for boundary in summary.boundaries_that_are("not attacked")
    ]
    items += [
        f"{attempts} \N{MULTIPLICATION SIGN} {sign_of('inconclusive')} {text(reason)}"
        for reason, attempts in summary.inconclusive_reasons
    ]
    if not items:
        items.append("Every declared boundary was attacked and every attempt was judged.")
    return f'<h2 id="not-tested">What was not tested</h2><ul>{"".join(f"<li>{item}</li>" for item in items)}</ul>'


def _matrices(by_design: Sequence[Grid]) -> str:
    return '<h2 id="matrix">Attackers (rows) against victims (columns)</h2>' + "".join(
        f"<h3>{text(grid.design)}</h3>{grid.overview()}" for grid in by_design
    )


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
    return f'<span class="sign {name}">{words}</span>'


def _kill_matrix(entries: Sequence[ProofEntry]) -> str:
    if not entries:
        return ""
    rows = "".join(_proof_row(entry) for entry in sorted(entries, key=lambda entry: (entry.held, entry.subject)))
    return (
        '<h2 id="proof">Do the attacks bite?</h2><p>Each row is a hole planted on purpose. The attacks named must leak '
        "there; one that does not is blind, and its refusals elsewhere prove nothing.</p>"
        '<div class="wide"><table><thead><tr><th>Planted hole</th><th>Result</th><th>Attacks that had to leak</th>'
        f"<th>Also leaked</th><th>Controls failed</th></tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _proof_row(entry: ProofEntry) -> str:
    held = '<span class="sign isolated">\N{CHECK MARK} found</span>'
    missed = '<span class="sign leak">\N{BALLOT X} not found</span>'
    fate = {True: "\N{CHECK MARK} leaked", False: "\N{BALLOT X} did not leak"}
    must = "<br>".join(
        f"{fate[attack not in entry.missed]}: <code>{text(attack)}</code>" for attack in sorted(entry.must_leak)
    )
    return (
        f"<tr><td><code>{text(entry.subject)}</code></td><td>{held if entry.held else missed}</td>"
        f"<td>{must or 'none'}</td><td>{_codes(entry.also_leaked)}</td>"
        f"<td>{_codes(sorted(entry.controls_failed))}</td></tr>"
    )


def _codes(names: Iterable[str]) -> str:
    return "<br>".join(f"<code>{text(name)}</code>" for name in names) or "none"


def _legend() -> str:
    rows = "".join(f"<tr><td>{sign_of(name)}</td><td>{text(_LEGEND[name])}</td></tr>" for name in STANDINGS)
    return f'<h2 id="legend">What the words mean</h2><table><tbody>{rows}</tbody></table>'


def _drill_down(by_design: Sequence[Grid]) -> str:
    return '<h2 id="attempts">Every attempt</h2>' + "".join(grid.drill_down() for grid in by_design)
