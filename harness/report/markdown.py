"""The run as Markdown, short enough for the summary page of a CI job."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from harness.planted_holes import holes_missed
from harness.report.changes import changes_in_markdown
from harness.report.grid import grids
from harness.report.markup import NOBODY, STANDINGS, standing, symbol_and_word
from harness.report.run import WALL_STANDS, alike
from harness.report.terminal import altered_on_purpose, rerun_command
from harness.secret import redact_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from harness.report.grid import Grid, Person
    from harness.report.records import AttemptRecord
    from harness.report.result import RunResult

SUMMARY: Final = "summary.md"
# A job's page takes a megabyte in all; what is left out stands in the matrix page.
_SHOWN_FINDINGS: Final = 20
_SHOWN_REASONS: Final = 10
_SHOWN_BOUNDARIES: Final = 30
_SPECIAL: Final = "\\`*_{}[]<>()#+|~&"


def render_markdown(results: Iterable[RunResult]) -> str:
    """Return the answer, the findings, what was not tested and the matrix of each run, secrets redacted."""
    return redact_text("\n".join(line for result in results for line in _run(result)))


def _run(result: RunResult) -> list[str]:
    return [
        f"## Tenant isolation on {_text(result.facts.target)}",
        "",
        f"**{_mark(result)} {_text(result.headline)}**",
        "",
        *_facts(result),
        *_findings(result),
        *_not_tested(result),
        *_boundaries(result),
        *_proof(result),
        *(line for grid in grids(result.records) for line in _grid(grid)),
    ]


def _mark(result: RunResult) -> str:
    if result.headline.startswith(WALL_STANDS):
        return symbol_and_word("isolated")[0]
    return symbol_and_word("leak" if result.summary.failed else "inconclusive")[0]


def _facts(result: RunResult) -> list[str]:
    facts, summary = result.facts, result.summary
    altered = altered_on_purpose(facts)
    verdicts = ", ".join(f"{number} {verdict}" for verdict, number in summary.counts.items() if number)
    return [
        f"- {summary.attacks} attacks and {summary.controls} controls: {verdicts or 'no verdict'}",
        f"- designs: {_text(', '.join(facts.blueprints))}",
        f"- {facts.tenants} tenants, pairs {_text(facts.pairs)}, seed {facts.seed}, started {_text(facts.started)}",
        *changes_in_markdown(result.comparison),
        *([f"- altered on purpose: {_text('; '.join(altered))}"] if altered else []),
        "",
    ]


def _findings(result: RunResult) -> list[str]:
    summary = result.summary
    found = alike((*summary.leaks, *summary.vanished_leaks, *summary.lockouts, *summary.expected_leaks))
    if not found:
        return []
    lines = ["### Findings", ""]
    for records in found[:_SHOWN_FINDINGS]:
        first = records[0]
        symbol, word = symbol_and_word(standing(first))
        allowed = f" Deciding statement: {_code(first.deciding_statement)}." if first.deciding_statement else ""
        reason = first.expected_leak_reason or first.reason
        lines.append(
            f"- {symbol} **{word}** {_text(first.blueprint)}: {_text(first.title)} {_code(first.technique)}, "
            f"{_pairs(records)}. {_text(reason)}.{allowed}"
        )
        if first.advice is not None:
            lines.append(f"  <br>Looks like {_code(first.advice.entry)}. Sound: {_text(first.advice.sound)}.")
        if not first.leak_was_declared:
            lines.append(f"  <br>Again: {_code(rerun_command(first, result.facts))}")
    return [*lines, *_more(len(found) - _SHOWN_FINDINGS, "findings"), ""]


def _not_tested(result: RunResult) -> list[str]:
    missed = result.summary.boundaries_that_are("not attacked")
    reasons = result.summary.inconclusive_reasons
    broken = result.completeness.failed_tests
    if not (missed or reasons or broken or result.completeness.is_partial):
        return []
    names = ", ".join(f"{boundary.blueprint} / {boundary.name}" for boundary in missed[:_SHOWN_REASONS])
    return [
        "### What was not tested",
        "",
        *(f"- {_text(reason)}" for reason in result.completeness.reasons),
        *(f"- {_code(test.test)}: {_text(test.reason)}" for test in broken[:_SHOWN_REASONS]),
        *_more(len(broken) - _SHOWN_REASONS, "tests"),
        *(f"- {number} INCONCLUSIVE: {_text(reason)}" for reason, number in reasons[:_SHOWN_REASONS]),
        *_more(len(reasons) - _SHOWN_REASONS, "reasons"),
        *([f"- not attacked: {_text(names)}"] if names else []),
        *_more(len(missed) - _SHOWN_REASONS, "boundaries"),
        "",
    ]


def _boundaries(result: RunResult) -> list[str]:
    boundaries = result.summary.boundaries
    proved = result.summary.boundaries_that_are("proved")
    others = [boundary for boundary in boundaries if boundary.status == "not proved"]
    lines = [f"**Boundaries: {len(proved)} of {len(boundaries)} proved.**", ""]
    if others:
        lines += [
            "| design | boundary | ISOLATED | LEAK | expected | INCONCLUSIVE |",
            "| --- | --- | ---: | ---: | ---: | ---: |",
        ]
        lines += [
            f"| {_text(each.blueprint)} | {_text(each.name)} | {each.isolated} | {each.leaks} | {each.expected_leaks} "
            f"| {each.inconclusive} |"
            for each in others[:_SHOWN_BOUNDARIES]
        ]
        lines += ["", *_more(len(others) - _SHOWN_BOUNDARIES, "boundaries")]
    return lines


def _proof(result: RunResult) -> list[str]:
    if not result.holes:
        return []
    missed = [hole for hole in result.holes if not hole.held]
    found = len(result.holes) - holes_missed(result.holes)
    return [
        f"**Attacks bite: {found} of {len(result.holes)} planted holes found.**",
        "",
        *(f"- {_code(hole.subject)}: {_text(hole.complaint)}" for hole in missed[:_SHOWN_FINDINGS]),
        *_more(len(missed) - _SHOWN_FINDINGS, "holes"),
        "",
    ]


def _grid(grid: Grid) -> list[str]:
    heads = " | ".join(_text(victim.label) for victim in grid.victims)
    rows = [
        f"| **{_text(attacker.label)}** | {' | '.join(_cell(grid, attacker, victim) for victim in grid.victims)} |"
        for attacker in grid.attackers
    ]
    return [
        f"<details><summary>{_text(grid.design)}: attackers by victims</summary>",
        "",
        f"| attacker \\ victim | {heads} |",
        f"| --- |{' --- |' * len(grid.victims)}",
        *rows,
        "",
        "</details>",
        "",
    ]


def _cell(grid: Grid, attacker: Person, victim: Person) -> str:
    attempts = grid.attempts(attacker, victim)
    if not attempts:
        return "\N{EN DASH}"
    counted = Counter(standing(record) for record in attempts)
    worst = next(name for name in STANDINGS if name in counted)
    symbol, word = symbol_and_word(worst)
    return f"{symbol} {word} {counted[worst]}/{len(attempts)}"


def _pairs(records: Sequence[AttemptRecord]) -> str:
    first = records[0]
    who = _text(first.attacker_label)
    if not first.control:
        who += f" \N{RIGHTWARDS ARROW} {_text(first.victim_label or NOBODY)}"
    return f"{who} and {len(records) - 1} more alike" if len(records) > 1 else who


def _more(number: int, noun: str) -> list[str]:
    return [f"- and {number} more {noun}"] if number > 0 else []


def _text(words: str) -> str:
    """Return words that Markdown shows as they are: they come from targets and from files of designs."""
    line = "".join(character if character.isprintable() else " " for character in words)
    return "".join(f"\\{character}" if character in _SPECIAL else character for character in line).rstrip(".")


def _code(words: str) -> str:
    line = "".join(character if character.isprintable() else " " for character in words).replace("`", "'")
    return f"`{line}`".replace("|", "\\|")
