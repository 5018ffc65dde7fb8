"""What a reader has to know of a remote target: what it enforces, where it surprised the model, what was called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from harness.calibration.calibration import Enforced
from harness.report.markup import text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from harness.calibration.calibration import Calibration, Measured
    from harness.report.calls import CallCounts
    from harness.report.records import AttemptRecord
    from harness.report.run import RunFacts

_SIGNS: Final = {
    Enforced.YES: ("isolated", "\N{CHECK MARK}"),
    Enforced.NO: ("leak", "\N{MULTIPLICATION X}"),
    Enforced.NOT_AVAILABLE: ("inconclusive", "\N{EN DASH}"),
    Enforced.UNCLEAR: ("inconclusive", "?"),
}


def target_section(
    facts: RunFacts,
    calibration: Calibration | None,
    calls: CallCounts,
    records: Sequence[AttemptRecord],
    row_of: Mapping[AttemptRecord, str],
) -> str:
    """Return the section of the matrix page; empty for the embedded target, which is the model itself."""
    if facts.target == "embedded":
        return ""
    return (
        '<h2 id="target">The target</h2>'
        f"{_enforces(calibration)}{_differences(records, row_of)}{_not_attempted(facts)}{_calls(calls)}"
    )


def _enforces(calibration: Calibration | None) -> str:
    if calibration is None:
        return "<p>It was not measured which rules this target enforces.</p>"
    missing = calibration.missing(calibration.measured)
    known = len(calibration.measured) - len(missing)
    head = f"<h3>What it enforces</h3><p>{known} of {len(calibration.measured)} rules were seen to be enforced."
    if missing:
        head += " Attempts that rest on one of the others are INCONCLUSIVE."
    rows = sorted(calibration.measured.values(), key=lambda row: row.rule not in missing)
    body = "".join(_row(row) for row in rows)
    return (
        f"{head}</p><details{' open' if missing else ''}><summary>Every rule</summary>"
        '<div class="wide"><table><thead><tr><th scope="col">Rule</th>'
        '<th scope="col">Enforced</th><th scope="col">What was seen</th></tr></thead>'
        f"<tbody>{body}</tbody></table></div></details>"
    )


def _row(row: Measured) -> str:
    name, symbol = _SIGNS[row.enforced]
    sign = f'<span class="sign {name}">{symbol}\N{NO-BREAK SPACE}{text(row.enforced)}</span>'
    rule = f'<a href="{text(row.rule.documentation)}">{text(row.rule)}</a><br><small>{text(row.rule.meaning)}</small>'
    return f"<tr><td>{rule}</td><td>{sign}</td><td>{text(row.seen)}</td></tr>"


def _differences(records: Sequence[AttemptRecord], row_of: Mapping[AttemptRecord, str]) -> str:
    if not any(record.prediction is not None for record in records):
        return ""
    head = "<h3>Where the model differs</h3>"
    found = [record for record in records if record.model_differs]
    if not found:
        return f"{head}<p>Nowhere: the policy engine predicted what the target did, wherever both could judge.</p>"
    rows = "".join(_difference(record, row_of) for record in found)
    return (
        f"{head}<p>Either the target or the policy engine is wrong about AWS here; the verdict is the target's.</p>"
        '<div class="wide"><table><thead><tr><th scope="col">Attempt</th><th scope="col">Observed</th>'
        f'<th scope="col">Predicted</th></tr></thead><tbody>{rows}</tbody></table></div>'
    )


def _difference(record: AttemptRecord, row_of: Mapping[AttemptRecord, str]) -> str:
    anchor = row_of.get(record)
    name = text(record.id) if anchor is None else f'<a href="#{anchor}">{text(record.id)}</a>'
    predicted = record.prediction
    if predicted is None:
        return ""
    by = f"<br><small>{text(predicted.deciding_statement)}</small>" if predicted.deciding_statement else ""
    observed = f"{record.verdict}{f' ({record.kind})' if record.kind else ''}"
    kind = f" ({predicted.kind})" if predicted.kind else ""
    return (
        f"<tr><td>{name}</td><td>{text(observed)}<br><small>{text(record.reason)}</small></td>"
        f"<td>{text(predicted.verdict + kind)}{by}</td></tr>"
    )


def _not_attempted(facts: RunFacts) -> str:
    if not facts.not_attempted:
        return ""
    items = "".join(f"<li>{text(technique)}</li>" for technique in facts.not_attempted)
    return (
        f"<h3>Not attempted here</h3><p>No target of this kind can shift its clock, as these need:</p><ul>{items}</ul>"
    )


def _calls(calls: CallCounts) -> str:
    by_service: dict[str, int] = {}
    for operation, count in calls.by_operation.items():
        service = operation.partition(":")[0]
        by_service[service] = by_service.get(service, 0) + count
    if not by_service:
        return ""
    listed = ", ".join(f"{text(service)} {count:,}" for service, count in sorted(by_service.items()))
    total = sum(by_service.values())
    return (
        f"<h3>Calls</h3><p>{total:,} on the wire, retries included: {listed}. Each operation is in verdicts.json.</p>"
    )
