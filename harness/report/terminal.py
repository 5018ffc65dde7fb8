"""The run as lines for a terminal. Pure functions: the plugin prints, this module words."""

from __future__ import annotations

import shlex
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from harness.planted_holes import PlantedHole, holes_missed
from harness.report.changes import changes_line, is_worse
from harness.report.run import WALL_STANDS, Boundary, RunFacts, Summary, alike, headline
from harness.secret import redact_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from harness.report.comparison import Comparison
    from harness.report.names import TriedName
    from harness.report.records import AttemptRecord

Style = Literal["", "bold", "red", "green", "yellow"]

MAX_SUMMARY_LINES: Final = 25
# With each group full and followed by its "and more" line, the summary has exactly MAX_SUMMARY_LINES lines.
_SHOWN_LEAKS: Final = 3
_SHOWN_VANISHED: Final = 1
_SHOWN_LOCKOUTS: Final = 2
_SHOWN_REASONS: Final = 2
_SHOWN_BOUNDARIES: Final = 2
_SHOWN_HOLES: Final = 3


class Line(NamedTuple):
    """One line and the colour it may have; the words carry the meaning without it."""

    text: str
    style: Style = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportPaths:
    """Where the run's reports lie, as the user would type it; None for one that was not written."""

    matrix: str | None = None
    verdicts: str | None = None
    allure_results: str | None = None


def header_lines(facts: RunFacts) -> list[Line]:
    """Return the lines that open a run: where it attacks, what, and what was changed on purpose."""
    where = f" at {facts.endpoint}" if facts.endpoint else ""
    alias = f" ({facts.alias})" if facts.alias else ""
    lines = [
        Line(f"isolation: target {facts.target}{where}, region {facts.region}, account {facts.account}{alias}"),
        Line(
            f"isolation: blueprints {', '.join(facts.blueprints) or 'none'}; "
            f"{facts.tenants} tenants, pairs {facts.pairs}, seed {facts.seed}"
        ),
    ]
    if facts.versions:
        lines.append(
            Line("isolation: " + ", ".join(f"{name} {facts.versions[name]}" for name in sorted(facts.versions)))
        )
    altered = altered_on_purpose(facts)
    if altered:
        lines.append(Line(f"isolation: altered on purpose: {'; '.join(altered)}", "yellow"))
    return [Line(_safe(line.text), line.style) for line in lines]


def altered_on_purpose(facts: RunFacts) -> list[str]:
    """Return what makes this run something else than a test of the sound designs on an honest target."""
    return [
        *(f"weakness {weakness}" for weakness in facts.weaknesses),
        *(f"target fault {fault}" for fault in facts.faults),
        *([f"enforcement {facts.enforcement}"] if facts.enforcement else []),
    ]


def leak_line(record: AttemptRecord) -> Line:
    """Return who reached whose asset, with which call, and which statement allowed it."""
    kind = f" ({record.kind})" if record.kind else ""
    whose = record.victim_label or "what is no tenant's"
    statement = record.deciding_statement
    allowed_by = f"allowed by {statement}" if statement else "the target names no deciding statement"
    text = (
        f"LEAK{kind} {record.blueprint}: {record.attacker_label} reached {whose}: "
        f"{record.title} [{record.technique}]; {allowed_by}"
    )
    if record.leak_was_declared:
        return Line(_safe(f"EXPECTED {text}; declared: {_declared_reason(record)}"), "yellow")
    return Line(_safe(text), "red")


def advice_line(record: AttemptRecord) -> Line | None:
    """Return what a leak looks like and whether a fix was found; None where there is no advice."""
    return None if record.advice is None else Line(_safe(f"     {record.advice.line}"), "yellow")


def lockout_line(record: AttemptRecord) -> Line:
    """Return who was refused their own access, with which call, and why."""
    text = (
        f"LOCKOUT {record.blueprint}: {record.attacker_label} was refused their own access: "
        f"{record.title} [{record.technique}]; {record.reason}"
    )
    return Line(_safe(text), "red")


def rerun_command(record: AttemptRecord, facts: RunFacts) -> str:
    """Return the command that makes this attempt again, with the same people and data."""
    blueprint = facts.blueprint_files.get(record.blueprint, record.blueprint)
    words = ["pytest", "suites/", "--target", facts.target, "--blueprint", blueprint]
    if facts.endpoint:
        words += ["--endpoint-url", facts.endpoint]
    if facts.target == "sandbox":
        words += ["--sandbox", f"{facts.account}/{facts.region}", "--region", facts.region]
    words += ["--attack", record.technique]
    if record.weakness:
        words += ["--weaken", f"{record.blueprint}:{record.weakness}"]
    for fault in (record.fault or "").split(","):
        words += ["--fault", fault] if fault else []
    if facts.enforcement:
        words += ["--enforcement", facts.enforcement]
    words += ["--tenants", str(facts.tenants), "--pairs", facts.pairs, "--seed", str(facts.seed)]
    return shlex.join(words)


def summary_lines(
    summary: Summary,
    facts: RunFacts,
    paths: ReportPaths,
    holes: Sequence[PlantedHole] = (),
    names: Iterable[TriedName] = (),
    comparison: Comparison | None = None,
) -> list[Line]:
    """Return at most 25 lines: the answer, leaks first, what was not proved and why, and what to open or run next."""
    lines = [
        _headline_line(summary, facts, holes),
        *_change_lines(comparison),
        *_capped(_per_hole(leak_line, summary.leaks), _SHOWN_LEAKS, "kinds of leak", "red"),
        *_capped(_per_hole(_vanished_line, summary.vanished_leaks), _SHOWN_VANISHED, "expected leaks gone", "red"),
        *_capped(_per_hole(lockout_line, summary.lockouts), _SHOWN_LOCKOUTS, "kinds of lockout", "red"),
        *_inconclusive_lines(summary),
        *_difference_lines(summary),
        *_boundary_lines(summary, facts),
        *_name_lines(names),
        *_proof_lines(holes),
        *_next_lines(summary, facts, paths),
    ]
    return [Line(_safe(line.text), line.style) for line in lines]


def _difference_lines(summary: Summary) -> list[Line]:
    if not summary.differing:
        return []
    techniques = list(dict.fromkeys(record.technique for record in summary.differing))
    more = f" and {len(techniques) - _SHOWN_REASONS} more" if len(techniques) > _SHOWN_REASONS else ""
    named = ", ".join(techniques[:_SHOWN_REASONS])
    return [
        Line(f"Model differs: {len(summary.differing)} attempts went otherwise than predicted: {named}{more}", "yellow")
    ]


def _safe(text: str) -> str:
    # Names and reasons come from a target or a blueprint file: they must not move the cursor, nor break the line.
    return "".join(character if character.isprintable() else " " for character in redact_text(text))


def _declared_reason(record: AttemptRecord) -> str:
    return record.expected_leak_reason or "it must leak under the planted hole"


def _vanished_line(record: AttemptRecord) -> Line:
    text = (
        f"EXPECTED LEAK GONE {record.blueprint}: {record.title} [{record.technique}] is {record.verdict}, "
        f"but was declared: {_declared_reason(record)}"
    )
    return Line(text, "red")


def _headline_line(summary: Summary, facts: RunFacts, holes: Sequence[PlantedHole]) -> Line:
    text = headline(summary, narrowed=facts.narrowed, holes_missed=holes_missed(holes))
    if summary.failed:
        return Line(text, "red")
    return Line(text, "green" if text.startswith(WALL_STANDS) else "yellow")


def _change_lines(comparison: Comparison | None) -> list[Line]:
    if comparison is None:
        return []
    is_open = comparison.still_open or comparison.not_judged
    return [Line(changes_line(comparison), "red" if is_worse(comparison) else "yellow" if is_open else "green")]


def _per_hole(line_of: Callable[[AttemptRecord], Line], records: Iterable[AttemptRecord]) -> list[Line]:
    lines = []
    for first, *others in alike(records):
        line = line_of(first)
        lines.append(Line(f"{line.text} (and {len(others)} more like it)", line.style) if others else line)
    return lines


def _capped(lines: list[Line], limit: int, noun: str, style: Style) -> list[Line]:
    if len(lines) <= limit:
        return lines
    return [*lines[:limit], Line(f"  and {len(lines) - limit} more {noun}", style)]


def _inconclusive_lines(summary: Summary) -> list[Line]:
    lines = [Line(f"INCONCLUSIVE {attempts} x {reason}", "yellow") for reason, attempts in summary.inconclusive_reasons]
    return _capped(lines, _SHOWN_REASONS, "reasons", "yellow")


def _boundary_lines(summary: Summary, facts: RunFacts) -> list[Line]:
    proved = summary.boundaries_that_are("proved")
    lines = [Line(f"Boundaries: {len(proved)} of {len(summary.boundaries)} proved", "bold")]
    unproved = [_unproved_line(boundary) for boundary in summary.boundaries_that_are("not proved")]
    lines += _capped(unproved, _SHOWN_BOUNDARIES, "not proved", "yellow")
    missed = summary.boundaries_that_are("not attacked")
    if missed:
        why = " (the run was narrowed)" if facts.narrowed else ""
        names = ", ".join(f"{boundary.blueprint} / {boundary.name}" for boundary in missed[:_SHOWN_BOUNDARIES])
        more = f" and {len(missed) - _SHOWN_BOUNDARIES} more" if len(missed) > _SHOWN_BOUNDARIES else ""
        lines.append(Line(f"  not attacked{why}: {names}{more}", "yellow"))
    return lines


def _unproved_line(boundary: Boundary) -> Line:
    counts = (
        (boundary.leaks, "leaked"),
        (boundary.expected_leaks, "leaked as declared"),
        (boundary.inconclusive, "INCONCLUSIVE"),
        (boundary.isolated, "ISOLATED"),
    )
    words = ", ".join(f"{number} {word}" for number, word in counts if number)
    return Line(f"  not proved: {boundary.blueprint} / {boundary.name} ({words or 'no verdict'})", "yellow")


def _proof_lines(holes: Sequence[PlantedHole]) -> list[Line]:
    if not holes:
        return []
    blind = [hole.subject for hole in holes if not hole.held]
    found = f"Attacks bite: {len(holes) - len(blind)} of {len(holes)} planted holes found"
    if not blind:
        return [Line(found, "green")]
    more = f" and {len(blind) - _SHOWN_HOLES} more" if len(blind) > _SHOWN_HOLES else ""
    return [Line(f"{found}; not found: {', '.join(blind[:_SHOWN_HOLES])}{more}", "red")]


def _name_lines(names: Iterable[TriedName]) -> list[Line]:
    counted = Counter(name.outcome for name in names)
    if not counted:
        return []
    words = ", ".join(f"{number} {outcome}" for outcome, number in sorted(counted.items()))
    style: Style = "red" if counted["leaked"] else "yellow" if counted["not judged"] else "green"
    return [Line(f"Names made to collide: {counted.total()} tried, {words}", style)]


def _next_lines(summary: Summary, facts: RunFacts, paths: ReportPaths) -> list[Line]:
    lines = []
    worst = (*summary.leaks, *summary.vanished_leaks, *summary.lockouts, *summary.inconclusive)
    if worst:
        lines.append(Line(f"Again:  {rerun_command(worst[0], facts)}"))
    if paths.matrix:
        lines.append(Line(f"Matrix: open {paths.matrix}"))
    if paths.allure_results:
        lines.append(Line(f"Allure: make report (reads {paths.allure_results})"))
    if paths.verdicts:
        lines.append(Line(f"JSON:   {paths.verdicts}"))
    return lines
