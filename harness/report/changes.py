"""Better or worse than before, in the words of each report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from harness.report.comparison import day
from harness.report.markup import NOBODY, moment, text
from harness.report.run import alike

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from harness.report.comparison import Comparison
    from harness.report.records import AttemptRecord

NOT_COMPARED: Final = "There is no earlier run on this target to compare with."
_ARROW: Final = "\N{RIGHTWARDS ARROW}"
_EXPLAINED: Final = {
    "new": "refused when they were last judged",
    "never judged before": "nobody knows whether they are new",
    "still open": "leaked before, and still do",
    "fixed": "leaked before; attempted again, and refused",
    "declared now": "leaked before and still do; the blueprint says so now",
    "not judged now": "leaked when they were last judged, and were not attempted this time, or are INCONCLUSIVE",
}


def changes_line(comparison: Comparison) -> str:
    """Return what changed in one line, such as `Since 2026-11-20: 1 new leak, 2 still open (since 2026-11-18)`."""
    counted = [
        f"{len(attempts)} {name}{'' if name != 'new' else ' leak' if len(attempts) == 1 else ' leaks'}"
        + _since(attempts)
        for name, attempts in _groups(comparison).items()
        if attempts
    ]
    return f"Since {day(comparison.earlier)}: {', '.join(counted) or 'no leak then, and none now'}"


def is_worse(comparison: Comparison) -> bool:
    """Tell whether something leaks that did not, or that nobody had judged."""
    return bool(comparison.new or comparison.first_judged)


def changes_section(
    comparison: Comparison | None, records: Iterable[AttemptRecord], row_of: Mapping[AttemptRecord, str]
) -> str:
    """Return the section of the matrix page: each group of leaks, with links to what came of them in this run."""
    head = '<h2 id="changes">Better or worse than before?</h2>'
    if comparison is None:
        return f"{head}<p>{NOT_COMPARED}</p>"
    known = {record.id: record for record in records}
    groups = "".join(
        f"<li><b>{len(attempts)} {name}</b> <small>({_EXPLAINED[name]})</small>"
        f"<ul>{_attempts(attempts, known, row_of)}</ul></li>"
        for name, attempts in _groups(comparison).items()
        if attempts
    )
    remarks = "".join(f"<li>{text(remark)}</li>" for remark in comparison.remarks)
    return (
        f"{head}<p>{text(changes_line(comparison))}. The run before started {text(moment(comparison.earlier))}, on the "
        f"same target.</p>{f'<ul>{groups}</ul>' if groups else ''}{f'<ul>{remarks}</ul>' if remarks else ''}"
    )


def changes_in_markdown(comparison: Comparison | None) -> list[str]:
    """Return the same as lines of a Markdown list, without the single attempts."""
    if comparison is None:
        return [f"- {NOT_COMPARED}"]
    return [f"- {changes_line(comparison)}", *(f"- {remark}" for remark in comparison.remarks)]


def _groups(comparison: Comparison) -> dict[str, Mapping[str, str]]:
    return {
        "new": dict.fromkeys(comparison.new, ""),
        "never judged before": dict.fromkeys(comparison.first_judged, ""),
        "still open": comparison.still_open,
        "fixed": comparison.fixed,
        "declared now": comparison.declared,
        "not judged now": comparison.not_judged,
    }


def _since(attempts: Mapping[str, str]) -> str:
    first = min(attempts.values(), default="")
    return f" (since {day(first)})" if first else ""


def _attempts(
    attempts: Mapping[str, str], known: Mapping[str, AttemptRecord], row_of: Mapping[AttemptRecord, str]
) -> str:
    items = [_alike(records, attempts, row_of) for records in alike(known[each] for each in attempts if each in known)]
    items += [f"<code>{text(each)}</code>{_since({each: attempts[each]})}" for each in attempts if each not in known]
    return "".join(f"<li>{item}</li>" for item in items)


def _alike(records: Sequence[AttemptRecord], attempts: Mapping[str, str], row_of: Mapping[AttemptRecord, str]) -> str:
    first = records[0]
    pairs = ", ".join(
        f'<a href="#{row_of[record]}">{text(record.attacker_label)} {_ARROW} {text(record.victim_label or NOBODY)}</a>'
        for record in records
    )
    since = _since({record.id: attempts[record.id] for record in records})
    return f"{text(first.title)} in {text(first.blueprint)}{since}: {pairs}"
