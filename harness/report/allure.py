"""One attempt in the Allure results: its labels, its evidence, and on a failure what explains and repeats it.

allure-pytest's own `allure.dynamic` makes one pluggy call per label. A test here has about sixteen labels, so they are
put on the running test's result object in one go. Without `--alluredir` there is no such object and nothing happens.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import allure_commons
from allure_commons.model2 import Label, Link, Parameter, Status, StatusDetails, TestResult, TestStepResult
from allure_commons.types import AttachmentType
from allure_commons.utils import now
from pydantic_core import to_json

from harness.report.limits import limits_table
from harness.report.markup import NOBODY, STYLE, sign, text
from harness.secret import redact, redact_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from harness.report.limits import Limit
    from harness.report.names import TriedName
    from harness.report.records import AttemptRecord

PROOF: Final = "proof: the attacks bite"
NAMES: Final = "names made to collide"
LIMITS: Final = "limits: how far the designs go"
# How the message of a declared leak opens; allurerc.mjs knows it by that.
EXPECTED_LEAK: Final = "EXPECTED LEAK: "
TARGET: Final = "target"
_EXPLAINED: Final = frozenset({"LEAK", "LOCKOUT"})
# Labels that belong to this module: labelling again (first what is planned, then what came of it) replaces them.
_OWN: Final = frozenset(
    {
        "epic",
        "feature",
        "story",
        "attacker",
        "victim",
        "blueprint",
        "plane",
        "target",
        "verdict",
        "weakness",
        "fault",
        "parentSuite",
        "suite",
        "subSuite",
        "severity",
        "tag",
    }
)


def label(
    record: AttemptRecord,
    *,
    target: str,
    operation: str = "",
    cwe: Iterable[str] = (),
    links: Iterable[tuple[str, str]] = (),
    result: TestResult | None = None,
) -> None:
    """Give the running test, or `result`, its title, labels, tags and links; does nothing in a run without Allure.

    `operation` is the API operation such as `dynamodb:GetItem`, `cwe` ids such as `CWE-639`, `links` pairs of address
    and name. It may be called before the attempt, so that a test that breaks is labelled too, and again after it.
    """
    result = _running_test() if result is None else result
    if result is None:
        return
    wanted = {
        "epic": record.blueprint,
        "feature": record.plane,
        "story": record.title,
        "attacker": record.attacker_label,
        "victim": record.victim_label or NOBODY,
        "blueprint": record.blueprint,
        "plane": record.plane,
        "target": target,
        "verdict": _verdict_words(record),
        "weakness": record.weakness,
        "fault": record.fault,
        "parentSuite": record.plane,
        "suite": record.attacker_label,
        "subSuite": record.victim_label or NOBODY,
        "severity": record.severity,
    }
    tags = [tag for tag in (operation, *cwe, "control" if record.control else "", _verdict_tag(record)) if tag]
    result.name = redact_text(title(record))
    result.labels = _relabelled(result.labels, wanted, tags)
    result.testCaseId = record.id
    _tell_targets_apart(result, target)
    if _is_declared_leak(record):
        # To pytest it passes. Among thousands of green lines a reviewer would not see it, so Allure shows it as what
        # it is: failed, and accepted for the reason that the blueprint gives (allurerc.mjs).
        result.status = Status.FAILED
        result.statusDetails = StatusDetails(message=redact_text(f"{EXPECTED_LEAK}{record.expected_leak_reason}"))
    present = {link.url for link in result.links}
    result.links.extend(Link("link", url, name) for url, name in links if url not in present)


def label_proof(group: str, *, target: str) -> None:
    """Give the running test of the proof its place beside the blueprints, under `group` such as `planted weaknesses`.

    A test without a target label would be taken for a retry of the same test on another target.
    """
    result = _running_test()
    if result is None:
        return
    wanted = {
        "epic": PROOF,
        "feature": group,
        "target": target,
        "parentSuite": PROOF,
        "suite": group,
        "severity": "critical",
    }
    result.labels = _relabelled(result.labels, wanted, ())


def place_name(blueprint: str, name_id: str, *, target: str) -> None:
    """Give the running test its place among the names that were made to collide, before anything came of it."""
    result = _running_test()
    if result is not None:
        result.labels = _relabelled(result.labels, _place_of_name(blueprint, name_id, target), ())
        result.testCaseId = f"{blueprint}-{name_id}"
        _tell_targets_apart(result, target)


def label_name(tried: TriedName, *, target: str) -> None:
    """Give the running test its place among the names that were made to collide, and say what became of this one."""
    result = _running_test()
    if result is None:
        return
    wanted = {**_place_of_name(tried.blueprint, tried.id, target), "verdict": tried.outcome, "weakness": tried.weakness}
    result.name = redact_text(f"{tried.name!r} beside {tried.beside!r}: {tried.outcome}")
    result.description = redact_text(f"{tried.reason}.")
    result.labels = _relabelled(result.labels, wanted, ())


def label_limits(*, target: str) -> None:
    """Give the running test its place among the measured limits of the designs."""
    result = _running_test()
    if result is not None:
        wanted = {"epic": LIMITS, "feature": LIMITS, "target": target, "parentSuite": LIMITS, "severity": "normal"}
        result.labels = _relabelled(result.labels, wanted, ())


def attach_limit(limit: Limit) -> None:
    """Describe the running test by what was measured, and attach the same as a table."""
    result = _running_test()
    if result is None:
        return
    result.description = redact_text(f"{limit.measured:,} {limit.what}. The article: {limit.claimed}. {limit.remark}.")
    page = (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Limit</title>'
        f"<style>{STYLE}</style>{limits_table([limit])}</html>"
    )
    _attach(redact_text(page), "limit", AttachmentType.HTML)


def title(record: AttemptRecord) -> str:
    """Return the test's name in the report, such as `t1 -> t2: BatchGetItem with a foreign key`."""
    whom = record.victim or "nobody"
    direction = f"{record.attacker} (own data)" if record.control else f"{record.attacker} -> {whom}"
    declared = " [EXPECTED LEAK]" if _is_declared_leak(record) else ""
    return f"{direction}: {record.title}{declared}"


def attach_evidence(record: AttemptRecord, evidence: Mapping[str, Any]) -> None:
    """Attach the evidence as one JSON document, and on LEAK or LOCKOUT the decision and the command that repeats it.

    The steps of the test are those of the attempt: sign in, each request, judge; its description is the decision.
    Of `evidence` five entries are understood, all may be absent; the rest is shown as it is, secrets redacted:
    `session`, who the caller is by the session's claims; `steps`, what was sent and answered; `decision`, a list of
    mappings with `policy`, `statement`, `effect`, `conditions` (mappings with `operator`, `key`, `wanted`, `found`,
    `met`) and `absent_keys`; `reproduce`, the command as text; `prediction`, what was
    `observed` and `predicted` and what the prediction was `decided by`, where the target is not the policy engine.
    """
    result = _running_test()
    if result is None:
        return
    clean = redact(evidence)
    if isinstance(clean, dict):
        result.steps.extend(_steps(record, clean))
        result.descriptionHtml = redact_text(_decision(record, clean))
    document = {"record": redact(record.as_json()), "evidence": clean}
    body = to_json(document, indent=2, fallback=str).decode()
    _attach(redact_text(body), "evidence", AttachmentType.JSON)
    if record.verdict not in _EXPLAINED or not isinstance(clean, dict):
        return
    _attach(redact_text(decision_table(record, clean)), "decision", AttachmentType.HTML)
    if record.advice is not None:
        _attach(record.advice.as_text(), "fix", AttachmentType.TEXT)
    if command := clean.get("reproduce"):
        _attach(redact_text(str(command)) + "\n", "reproduce", AttachmentType.TEXT)


def decision_table(record: AttemptRecord, evidence: Mapping[str, Any]) -> str:
    """Return a small HTML page: each policy statement that had a say, what it compared, which keys were absent."""
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Decision</title><style>{STYLE}</style>'
        f"{_decision(record, evidence)}</html>"
    )


def _decision(record: AttemptRecord, evidence: Mapping[str, Any]) -> str:
    entries = evidence.get("decision") or ()
    tables = "".join(_decision_entry(entry) for entry in entries)
    return f"<p>{sign(record)} {_shown(record.reason)}</p>{_prediction(record, evidence.get('prediction') or {})}" + (
        tables or f"<p>{_shown(_without_statement(record, evidence))}</p>"
    )


def _prediction(record: AttemptRecord, told: Mapping[str, Any]) -> str:
    """Return what was observed on a remote target beside what the policy engine had predicted; empty elsewhere."""
    if not told:
        return ""
    says = "The model differs: the target judged otherwise." if record.model_differs else "As predicted."
    rows = "".join(f"<tr><th>{_shown(name)}</th><td>{_shown(value)}</td></tr>" for name, value in told.items())
    return f"<p>{says}</p><table><tbody>{rows}</tbody></table>"


def _without_statement(record: AttemptRecord, evidence: Mapping[str, Any]) -> str:
    """Return what decided where no statement did: no statement applied, or the target keeps its reasons."""
    if sentences := evidence.get("sentences"):
        return f"No statement applied: {sentences[0]}"
    return record.deciding_statement or "The target does not say which statement decided."


def _steps(record: AttemptRecord, evidence: Mapping[str, Any]) -> list[TestStepResult]:
    """Return the attempt as steps: who acts, what was sent and answered, how it was judged."""
    sent = [
        _step(
            f"send {step['request']['service']}:{step['request']['operation']}",
            {"status": step["response"]["status"], "error": step["response"]["error"] or "none"},
        )
        for step in evidence.get("steps") or ()
    ]
    judged = {"reason": record.reason, "control": record.control_used, "statement": record.deciding_statement}
    return [
        _step(f"sign in as {record.attacker_label}", evidence.get("session") or {}),
        *sent,
        _step(f"judge: {_verdict_words(record)}", judged),
    ]


def _step(name: str, parameters: Mapping[str, object]) -> TestStepResult:
    shown = [Parameter(name=key, value=redact_text(str(value))) for key, value in parameters.items() if value]
    # What happened is over when it is told: the time of an attempt is its test's.
    told = now()  # type: ignore[no-untyped-call]  # allure-pytest leaves it untyped
    return TestStepResult(name=redact_text(name), status="passed", parameters=shown, start=told, stop=told)


def _place_of_name(blueprint: str, name_id: str, target: str) -> dict[str, str]:
    return {
        "epic": blueprint,
        "feature": NAMES,
        "story": name_id,
        "blueprint": blueprint,
        "target": target,
        "parentSuite": NAMES,
        "suite": blueprint,
        "severity": "critical",
    }


def _tell_targets_apart(result: TestResult, target: str) -> None:
    """Give the result a history of its own on each target; one test case may have results of several."""
    if not any(parameter.name == TARGET for parameter in result.parameters):
        result.parameters.append(Parameter(name=TARGET, value=target))


def _relabelled(labels: Iterable[Label], wanted: Mapping[str, str | None], tags: Iterable[str]) -> list[Label]:
    return [
        *(kept for kept in labels if kept.name not in _OWN),
        *(Label(name, redact_text(value)) for name, value in wanted.items() if value),
        *(Label("tag", redact_text(tag)) for tag in tags),
    ]


def _decision_entry(entry: Mapping[str, Any]) -> str:
    # Names on the left and not on top: Allure's pane is narrow, and what a condition compared is long.
    conditions = "<br>".join(
        f"{'met' if condition.get('met') else 'not met'}: <code>{_shown(condition.get('operator'))} "
        f"{_shown(condition.get('key'))}</code><br>wanted <code>{_shown(condition.get('wanted'))}</code><br>"
        f"found <code>{_shown(condition.get('found'))}</code>"
        for condition in entry.get("conditions") or ()
    )
    rows = {
        "Policy": _shown(entry.get("policy")),
        "Statement": f"{_shown(entry.get('statement'))} ({_shown(entry.get('effect'))})",
        "Conditions compared": conditions or "none",
        "Absent keys": ", ".join(_shown(key) for key in entry.get("absent_keys") or ()) or "none",
    }
    return (
        f"<table><tbody>{''.join(f'<tr><th>{name}</th><td>{value}</td></tr>' for name, value in rows.items())}"
        "</tbody></table>"
    )


def _shown(value: object) -> str:
    if value is None or value == []:
        return "absent"
    if isinstance(value, list | tuple):
        return ", ".join(_shown(item) for item in value)
    return text(value)


def _verdict_words(record: AttemptRecord) -> str:
    return f"expected {record.verdict}" if _is_declared_leak(record) else record.verdict


def _verdict_tag(record: AttemptRecord) -> str:
    return "expected-leak" if _is_declared_leak(record) else ""


def _is_declared_leak(record: AttemptRecord) -> bool:
    return record.verdict == "LEAK" and record.leak_was_declared


def place_of_running_test() -> dict[str, Any]:
    """Return the test case, parameters and labels that the running test has so far; empty in a run without Allure."""
    result = _running_test()
    if result is None:
        return {}
    pairs = {kind: [[each.name, each.value] for each in getattr(result, kind)] for kind in ("parameters", "labels")}
    return {"test_case": result.testCaseId, **pairs}


def _running_test() -> Any:
    # allure-pytest registers its listener here in a run with --alluredir, and only then.
    for plugin in allure_commons.plugin_manager.get_plugins():
        reporter = getattr(plugin, "allure_logger", None)
        if reporter is not None:
            return reporter.get_test(None)
    return None


def _attach(body: str, name: str, kind: AttachmentType) -> None:
    allure_commons.plugin_manager.hook.attach_data(body=body, name=name, attachment_type=kind, extension=None)
