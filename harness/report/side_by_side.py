"""One page for the runs on several targets: what each says, and where they differ."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from harness.report.markup import STANDINGS, STYLE, sign_of, standing, symbol_and_word, text
from harness.report.run import WALL_STANDS
from harness.secret import redact_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from harness.report.markup import Standing
    from harness.report.result import RunResult

_PAGE_STYLE: Final = """
h1{font-size:1.5rem;margin:0 0 .75rem}h2{font-size:1.2rem;margin:2rem 0 .5rem}
.banner{margin:0 0 .6rem;font-weight:600;padding:.6rem 1rem;border-radius:.4rem;border-left:.5rem solid}
.wide{overflow-x:auto}
"""
# A boundary of a design on one target: the worst standing of its attempts, and how many there are.
_Boundaries = dict[tuple[str, str], tuple["Standing", int]]


def render_side_by_side(results: Sequence[RunResult], pages: Mapping[str, str]) -> str:
    """Return the page; `pages` says where the matrix of each target lies."""
    by_target = {result.facts.target: _worst(result) for result in results}
    every = sorted({boundary for found in by_target.values() for boundary in found})
    differing = [each for each in every if len({_standing(found, each) for found in by_target.values()}) > 1]
    differences = _table(differing, by_target) if differing else "<p>The targets agree on every boundary.</p>"
    return redact_text(
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Isolation on several targets</title><style>{STYLE}{_PAGE_STYLE}</style></head>\n"
        f"<body><h1>Isolation on {len(results)} targets</h1>\n{''.join(_banner(result, pages) for result in results)}"
        f'<h2 id="differences">Where the targets differ</h2>{differences}'
        f'<h2 id="boundaries">Every boundary</h2>{_table(every, by_target)}</body></html>\n'
    )


def _banner(result: RunResult, pages: Mapping[str, str]) -> str:
    name: Standing = "isolated" if result.headline.startswith(WALL_STANDS) else "inconclusive"
    if result.summary.failed:
        name = "leak"
    target = result.facts.target
    return (
        f'<p class="banner {name}">{symbol_and_word(name)[0]} {text(target)}: {text(result.headline)} '
        f'<a href="{text(pages[target])}">Its matrix</a></p>'
    )


def _worst(result: RunResult) -> _Boundaries:
    found: _Boundaries = {}
    for record in result.records:
        name = standing(record)
        worst, attempts = found.get((record.blueprint, record.boundary), (name, 0))
        found[record.blueprint, record.boundary] = (min(worst, name, key=STANDINGS.index), attempts + 1)
    return found


def _standing(found: _Boundaries, boundary: tuple[str, str]) -> Standing | None:
    return found[boundary][0] if boundary in found else None


def _table(boundaries: Sequence[tuple[str, str]], by_target: Mapping[str, _Boundaries]) -> str:
    heads = "".join(f"<th>{text(target)}</th>" for target in by_target)
    rows = "".join(
        f"<tr><td>{text(boundary[0])}</td><td>{text(boundary[1])}</td>"
        + "".join(f"<td>{_cell(found, boundary)}</td>" for found in by_target.values())
        + "</tr>"
        for boundary in boundaries
    )
    return (
        f'<div class="wide"><table><thead><tr><th>Design</th><th>Boundary</th>{heads}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )


def _cell(found: _Boundaries, boundary: tuple[str, str]) -> str:
    if boundary not in found:
        return "not attacked"
    name, attempts = found[boundary]
    return f"{sign_of(name)} <small>worst of {attempts}</small>"
