"""The findings as SARIF 2.1.0, which code-scanning dashboards read.

One SARIF run for each target, with one rule for each technique that leaked and one for each other kind of finding.
Findings are those that make a run fail; leaks that a design declares are there as suppressed ones with the reason.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from harness.report.grid import design
from harness.report.markup import NOBODY
from harness.report.run import alike
from harness.secret import redact

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from harness.planted_holes import PlantedHole
    from harness.report.records import AttemptRecord
    from harness.report.result import RunResult
    from harness.report.technique_facts import TechniqueFacts

SARIF: Final = "isolation.sarif"
_VERSION: Final = "2.1.0"
_SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
# Dashboards sort by a score from 0 to 10: above 9 critical, from 7 high, from 4 medium.
_SECURITY_SEVERITY: Final = {"blocker": "9.5", "critical": "8.0", "normal": "5.5", "minor": "3.0"}
_LOCKOUT, _GONE, _BLIND = "lockout", "expected-leak-gone", "blind-attacks"
_OTHER_RULES: Final = {
    _LOCKOUT: (
        "A tenant is refused their own access",
        (
            "The contract of the design gives this access, and authorization refused it. Either the policy or the "
            "contract is wrong. Attacks whose control is a lockout prove nothing."
        ),
        "error",
    ),
    _GONE: (
        "A declared leak is gone",
        (
            "The design declares, with a reason, that this attack leaks, and it does not any more. Take the "
            "declaration out, or find out what hides the leak."
        ),
        "warning",
    ),
    _BLIND: (
        "Attacks do not find a planted hole",
        (
            "A hole was planted on purpose and the attacks that have to find it did not, or not for what was planted. "
            "Their refusals elsewhere prove nothing."
        ),
        "error",
    ),
}
# In the fingerprint, so that findings of another version of this recipe are not taken for new ones by accident.
_FINGERPRINT: Final = "isolationFinding/v1"


def sarif_document(results: Iterable[RunResult]) -> dict[str, Any]:
    """Return the findings of the runs as one SARIF log, secrets redacted."""
    return {"$schema": _SCHEMA, "version": _VERSION, "runs": [redact(_run(result)) for result in results]}


def _run(result: RunResult) -> dict[str, Any]:
    summary = result.summary
    findings = [
        *(_leak(result, records) for records in alike((*summary.leaks, *summary.expected_leaks))),
        *(_breach(result, _LOCKOUT, records) for records in alike(summary.lockouts)),
        *(_breach(result, _GONE, records) for records in alike(summary.vanished_leaks)),
        *(_blind(result, hole) for hole in result.holes if not hole.held),
    ]
    used = dict.fromkeys(finding["ruleId"] for finding in findings)
    rules = [_other_rule(rule) if rule in _OTHER_RULES else _rule(result.techniques[rule]) for rule in used]
    index = {rule: number for number, rule in enumerate(used)}
    return {
        "tool": {
            "driver": {
                "name": "isolation-harness",
                "semanticVersion": result.facts.versions.get("isolation-harness", "0.0.0"),
                "rules": rules,
            }
        },
        "automationDetails": {"id": f"isolation/{result.facts.target}/"},
        "invocations": [
            {
                "executionSuccessful": not result.completeness.is_partial,
                "exitCode": result.exit_status,
                "toolExecutionNotifications": [
                    {"level": "error", "message": {"text": reason}} for reason in result.completeness.reasons
                ],
            }
        ],
        "columnKind": "unicodeCodePoints",
        "results": [{**finding, "ruleIndex": index[finding["ruleId"]]} for finding in findings],
    }


def _rule(technique: TechniqueFacts) -> dict[str, Any]:
    help_text = (
        f"{technique.title} ({technique.operation}) reached what the contract of a design does not give to the caller."
    )
    catalogue = f" In the catalogue of attacks: {', '.join(technique.catalogue)}." if technique.catalogue else ""
    return {
        "id": technique.id,
        "name": "".join(word.capitalize() for word in technique.id.replace(".", "-").split("-")),
        "shortDescription": {"text": f"Tenant isolation: {technique.title}"},
        "fullDescription": {"text": help_text},
        "help": {
            "text": f"{help_text}{catalogue} See {technique.documentation}",
            "markdown": f"{help_text}{catalogue} See [AWS's documentation]({technique.documentation}). "
            f"Repeat it with `pytest suites/ --attack {technique.id}`.",
        },
        "helpUri": technique.documentation,
        "defaultConfiguration": {"level": "error"},
        "properties": {
            "tags": ["security", "tenant-isolation", *(_cwe_tag(cwe) for cwe in technique.cwe)],
            "security-severity": _SECURITY_SEVERITY[technique.severity],
            "precision": "very-high",
        },
    }


def _other_rule(name: str) -> dict[str, Any]:
    title, explanation, level = _OTHER_RULES[name]
    return {
        "id": name,
        "name": "".join(word.capitalize() for word in name.split("-")),
        "shortDescription": {"text": title},
        "fullDescription": {"text": explanation},
        "help": {"text": explanation, "markdown": explanation},
        "defaultConfiguration": {"level": level},
        "properties": {"tags": ["tenant-isolation"], "precision": "very-high"},
    }


def _leak(result: RunResult, records: Sequence[AttemptRecord]) -> dict[str, Any]:
    first = records[0]
    statement = first.deciding_statement
    allowed = f"allowed by {statement}" if statement else "the target names no deciding statement"
    finding = _finding(
        result,
        first.technique,
        "note" if first.leak_was_declared else "error",
        f"{first.title} leaks in {design(first)} ({first.kind}; {allowed}): {_pairs(records)}. {first.reason}",
        records,
    )
    if first.advice is not None:
        finding["message"]["text"] += f" Looks like {first.advice.entry}. Sound: {first.advice.sound}"
        finding["properties"]["advice"] = first.advice.as_json()
    if first.leak_was_declared:
        why = first.expected_leak_reason or "it must leak under the planted hole"
        finding["suppressions"] = [{"kind": "inSource", "status": "accepted", "justification": why}]
    return finding


def _breach(result: RunResult, rule: str, records: Sequence[AttemptRecord]) -> dict[str, Any]:
    first = records[0]
    text = f"{first.title} [{first.technique}] is {first.verdict} in {design(first)}: {_pairs(records)}. {first.reason}"
    return _finding(result, rule, _OTHER_RULES[rule][2], text, records)


def _finding(result: RunResult, rule: str, level: str, text: str, records: Sequence[AttemptRecord]) -> dict[str, Any]:
    first = records[0]
    # Nothing in it depends on the seed, on the number of tenants or on words that may be put better one day.
    same = (first.blueprint, first.weakness, first.fault, first.technique, first.verdict, first.kind)
    return {
        "ruleId": rule,
        "level": level,
        "message": {"text": text},
        "locations": [_location(result, first.blueprint)],
        "partialFingerprints": {_FINGERPRINT: _digest(rule, *same, first.deciding_statement, first.expected_leak)},
        "occurrenceCount": len(records),
        "properties": {"boundary": first.boundary, "attempts": [record.id for record in records]},
    }


def _blind(result: RunResult, hole: PlantedHole) -> dict[str, Any]:
    return {
        "ruleId": _BLIND,
        "level": "error",
        "message": {"text": f"{hole.subject}: {hole.complaint}"},
        "locations": [_location(result, hole.design)],
        "partialFingerprints": {_FINGERPRINT: _digest(_BLIND, hole.subject)},
    }


def _location(result: RunResult, blueprint: str) -> dict[str, Any]:
    source = result.designs.get(blueprint)
    logical = {"logicalLocations": [{"name": blueprint, "kind": "module"}]}
    if source is None:
        return logical
    return {
        "physicalLocation": {
            "artifactLocation": {"uri": quote(source.file)},
            "region": {"startLine": source.line},
        },
        **logical,
    }


def _pairs(records: Iterable[AttemptRecord]) -> str:
    pairs = (
        record.attacker_label
        if record.control
        else f"{record.attacker_label} \N{RIGHTWARDS ARROW} {record.victim_label or NOBODY}"
        for record in records
    )
    return ", ".join(dict.fromkeys(pairs))


def _digest(*parts: object) -> str:
    return hashlib.sha256("\x1f".join(str(part) for part in parts).encode()).hexdigest()[:32]


def _cwe_tag(cwe: str) -> str:
    return f"external/cwe/{cwe.lower()}"
