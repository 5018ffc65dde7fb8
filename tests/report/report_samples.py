"""Records and facts for the tests of reporting; a test names only what it is about."""

from dataclasses import replace
from typing import Any

from harness.planted_holes import PlantedHole
from harness.report.records import AttemptRecord, in_order
from harness.report.result import DesignSource, RunResult
from harness.report.run import RunFacts
from harness.report.technique_facts import TechniqueFacts

TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhYmMifQ.c2lnbmF0dXJl"

FACTS = RunFacts(
    target="embedded",
    region="eu-west-1",
    account="123456789012",
    seed=7,
    tenants=3,
    pairs="ring",
    blueprints=("identity-keyed", "tenant-tagged"),
    started="2026-01-02T03:04:05Z",
    versions={"isolation-harness": "0.1.0", "python": "3.11.9"},
)

_ISOLATED = AttemptRecord(
    id="suites/test_isolation.py::test_attack[dynamodb.read.get-item-t1-to-t2]",
    blueprint="identity-keyed",
    weakness=None,
    fault=None,
    technique="dynamodb.read.get-item",
    title="GetItem with a foreign key",
    plane="dynamodb",
    effect="read",
    boundary="member: dynamodb.read",
    severity="critical",
    attacker="t1",
    attacker_name="Acme",
    attacker_persona="member",
    victim="t2",
    victim_name="Globex",
    victim_persona="member",
    control=False,
    expected="refused",
    outcome="refused",
    verdict="ISOLATED",
    kind=None,
    reason="The request was refused by authorization; the same request for the caller's own item is allowed.",
    control_used="dynamodb.read.get-item on the caller's own item",
    deciding_statement=None,
    expected_leak=False,
    expected_leak_reason=None,
)


def isolated(**changes: object) -> AttemptRecord:
    """Return a refused attack with those fields changed."""
    return replace(_ISOLATED, **changes)  # type: ignore[arg-type]  # each test names fields and values that fit


def leak(**changes: object) -> AttemptRecord:
    """Return an attack that read a foreign item."""
    found = {
        "outcome": "crossed",
        "verdict": "LEAK",
        "kind": "data",
        "reason": "The canary of t2 stood in the response.",
        "deciding_statement": "member-role/keyed-items#Statement[0] Allow",
    }
    return isolated(**(found | changes))


def expected_leak(**changes: object) -> AttemptRecord:
    """Return a leak that the blueprint declares."""
    declared = {"expected_leak": True, "expected_leak_reason": "A guest's identity id is itself the credential."}
    return leak(**(declared | changes))


def inconclusive(**changes: object) -> AttemptRecord:
    """Return an attack whose answer says nothing about authorization."""
    return isolated(**({"outcome": "trouble", "verdict": "INCONCLUSIVE", "reason": "The target throttled."} | changes))


def control(**changes: object) -> AttemptRecord:
    """Return a control that works."""
    own = {
        "id": "suites/test_isolation.py::test_control[dynamodb.read.get-item-t1]",
        "title": "GetItem on the caller's own item",
        "control": True,
        "victim": "t1",
        "victim_name": "Acme",
        "expected": "allowed",
        "outcome": "allowed",
        "verdict": "WORKS",
        "reason": "The caller's own item came back.",
    }
    return isolated(**(own | changes))


def lockout(**changes: object) -> AttemptRecord:
    """Return a control that was refused."""
    return control(**({"outcome": "refused", "verdict": "LOCKOUT", "reason": "The caller was refused."} | changes))


_FOUND = PlantedHole(
    subject="weakness identity-keyed:no-leading-keys",
    planted=("roles[member].policies.own-data[OwnItems]",),
    attacked=("dynamodb.read.get-item", "dynamodb.read.query", "dynamodb.read.scan"),
    must_leak=("dynamodb.read.get-item",),
    leaked=("dynamodb.read.get-item", "dynamodb.read.query"),
    decided_by={"dynamodb.read.get-item": "own-data OwnItems Allow"},
    wrong_reason=(),
    controls_failed=(),
    unclear=(),
)


def hole(**changes: Any) -> PlantedHole:
    """Return a hole that was found as it has to be, with these fields changed."""
    return replace(_FOUND, **changes)


def result(*records: AttemptRecord, facts: RunFacts = FACTS, **changes: Any) -> RunResult:
    """Return a run that has judged these attempts."""
    ordered = in_order(records)
    return RunResult(
        facts=facts,
        records=tuple(ordered),
        techniques={record.technique: technique(record) for record in ordered},
        designs={"identity-keyed": DesignSource("harness/blueprints/identity_keyed.py", 12)},
        **changes,
    )


def technique(record: AttemptRecord) -> TechniqueFacts:
    """Return what reports say of the technique of an attempt."""
    return TechniqueFacts(
        id=record.technique,
        title=record.title,
        plane=record.plane,
        effect=record.effect,
        operation="GetItem",
        severity=record.severity,
        documentation="https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_GetItem.html",
        cwe=("CWE-639",),
        catalogue=("ddb-no-leadingkeys",),
    )
