"""A verdict as the record that reports are made of."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from harness.forgery import claims_of
from harness.report.leak_advice import LeakAdvice
from harness.report.predictions import RecordedPrediction
from harness.report.records import AttemptRecord, Expected
from harness.sessions import Session

if TYPE_CHECKING:
    from harness.advice import Advice
    from harness.errors import SignInRefusedError
    from harness.options import RunOptions
    from harness.population import Caller, Population
    from harness.verdicts import Verdict

# What differs between two runs with the same seed: identity ids, and the seconds in "Token expired: NOW >= EXP".
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
# Claims of a token that say nothing of who holds it.
_NOT_TELLING = frozenset({"at_hash", "auth_time", "event_id", "exp", "iat", "jti", "origin_jti"})
# The twin of a deployment has a run id of its own.
_ANY_RUN = "[0-9a-f]{8}"
_EPOCH = re.compile(r"\b\d{10}\b")


def record_of(
    verdict: Verdict,
    population: Population,
    options: RunOptions,
    run_id: str,
    *,
    between_names: bool = False,
    advice: Advice | None = None,
) -> AttemptRecord:
    """Return the record of a verdict. Names that the target made up are replaced, so that two runs compare."""
    attempt = verdict.attempt
    technique = attempt.technique
    victim = attempt.victim
    expected: Expected = "allowed" if attempt.is_control else ("leak" if attempt.expected_leak else "refused")
    return AttemptRecord(
        id=attempt.id,
        blueprint=attempt.blueprint,
        weakness=options.weakness_id,
        fault=",".join(options.faults) or None,
        technique=technique.id,
        title=technique.title,
        plane=technique.plane,
        effect=technique.effect.value,
        boundary=attempt.boundary,
        severity=technique.severity.value,
        attacker=attempt.attacker.tenant,
        attacker_name=_name(population, attempt.attacker),
        attacker_persona=attempt.attacker.persona,
        victim=victim.tenant if victim else "",
        victim_name=_name(population, victim) if victim else "",
        victim_persona=victim.persona if victim else "",
        control=attempt.is_control,
        expected=expected,
        outcome=verdict.outcome.value,
        verdict=verdict.name.value,
        kind=verdict.kind.value if verdict.kind else None,
        reason=_comparable(verdict.reason, run_id),
        control_used=verdict.control_used,
        deciding_statement=_deciding(verdict, run_id),
        expected_leak=attempt.expected_leak is not None,
        expected_leak_reason=attempt.expected_leak.reason if attempt.expected_leak else None,
        between_names=between_names,
        advice=None if advice is None else _advice(advice, run_id),
        prediction=_prediction(verdict),
    )


def evidence_of(verdict: Verdict, rerun: str, session: Session | SignInRefusedError | None = None) -> dict[str, Any]:
    """Return what is attached to a verdict: who acted, the exchange, the decisions key by key, how to repeat it."""
    decisions = verdict.decisions or (() if verdict.prediction is None else verdict.prediction.decisions)
    return {
        **verdict.evidence,
        "session": session_facts(session),
        "control": verdict.control_used,
        "prediction": _prediction_facts(verdict),
        "decision": [_decision_entry(statement) for statement in _statements(decisions)],
        "undefined_keys": sorted({key for decision in decisions for key in decision.get("undefined_keys", ())}),
        "sentences": [decision["sentence"] for decision in decisions if decision.get("sentence")],
        "reproduce": rerun,
    }


def _prediction_facts(verdict: Verdict) -> dict[str, str]:
    """Return what the policy engine made of the attempt; empty where the target itself is the policy engine."""
    predicted = verdict.prediction
    if predicted is None:
        return {}
    kind = f" ({predicted.kind})" if predicted.kind else ""
    return {
        "observed": f"{verdict.name}{f' ({verdict.kind})' if verdict.kind else ''}",
        "predicted": f"{predicted.name}{kind}: {predicted.reason}",
        "decided by": predicted.deciding_statement or "no statement",
    }


def session_facts(session: Session | SignInRefusedError | None) -> dict[str, str]:
    """Return who somebody is by their session: the identity id and the claims of the ID token, no token and no key."""
    if not isinstance(session, Session):
        return {}
    claims = {} if session.id_token is None else claims_of(session.id_token)
    shown = {name: value for name, value in claims.items() if name not in _NOT_TELLING}
    told = {
        "user": session.username,
        "identity id": session.identity_id,
        **{name: value if isinstance(value, str) else json.dumps(value) for name, value in shown.items()},
    }
    return {name: value for name, value in told.items() if value}


def _statements(decisions: tuple[dict[str, Any], ...]) -> list[dict[str, Any]]:
    return [
        statement
        for decision in decisions
        for statement in (*decision.get("statements", ()), *decision.get("near_misses", ()))
    ]


def _decision_entry(statement: dict[str, Any]) -> dict[str, Any]:
    conditions = statement.get("conditions", ())
    return {
        "policy": statement["policy"],
        "statement": statement["statement"],
        "effect": statement["effect"],
        "conditions": [
            {
                "operator": condition["operator"],
                "key": condition["key"],
                "wanted": condition["policy_values"],
                "found": condition["request_values"],
                "met": condition["holds"],
            }
            for condition in conditions
        ],
        "absent_keys": [condition["key"] for condition in conditions if not condition["request_values"]],
    }


def _advice(advice: Advice, run_id: str) -> LeakAdvice:
    fix = advice.fix
    if fix is None:
        return LeakAdvice(advice.entry, advice.sound)
    return LeakAdvice(advice.entry, advice.sound, _comparable(fix.diff, run_id), fix.kept)


def _prediction(verdict: Verdict) -> RecordedPrediction | None:
    predicted = verdict.prediction
    if predicted is None:
        return None
    kind = predicted.kind.value if predicted.kind else None
    return RecordedPrediction(predicted.name.value, kind, _named(predicted.deciding_statement, _ANY_RUN))


def _comparable(reason: str, run_id: str) -> str:
    return _EPOCH.sub("TIME", _UUID.sub("ID", reason.replace(run_id, "RUN")))


def _deciding(verdict: Verdict, run_id: str) -> str | None:
    return _named(verdict.deciding_statement, run_id)


def _named(statement: str | None, run_id: str) -> str | None:
    # Names of buckets carry the account as well.
    return None if statement is None else re.sub(rf"isolation-(?:\d{{12}}-)?{run_id}-", "", statement)


def _name(population: Population, caller: Caller) -> str:
    name = population.tenant_name(caller.tenant)
    return "" if name == caller.tenant else name
