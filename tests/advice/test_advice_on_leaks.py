"""Planted weaknesses: a leak names the entry that it looks like, and shows an edit only if it was tried and holds."""

from __future__ import annotations

import tomllib
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from harness.advice import advise
from harness.advice.recogniser import Recogniser
from harness.attacks.execution import Execution
from harness.blueprints.difference import changes
from harness.blueprints.registry import BLUEPRINTS
from harness.proof import plan_everything
from harness.stage import set_up
from harness.targets.api import ApiRequest
from harness.verdicts import VerdictName

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.advice import Advice
    from harness.advice.case import Case
    from harness.advice.recogniser import Edit
    from harness.attacks.attempts import Attempt
    from harness.stage import EmbeddedStage
    from harness.verdicts import Verdict

_FILE = Path(__file__).parent / "expected_advice.toml"
_EXPECTED = tomllib.loads(_FILE.read_text(encoding="utf-8"))
_CASES: list[dict[str, Any]] = _EXPECTED["case"]
_UNMENDED: dict[str, str] = _EXPECTED["unmended"]
_MENDED_KINDS = 10


@contextmanager
def _weakened(weakness: str) -> Iterator[tuple[EmbeddedStage, list[Attempt]]]:
    blueprint_name, _, weakness_id = weakness.partition(":")
    blueprint = BLUEPRINTS[blueprint_name]
    planned = plan_everything(blueprint)
    tenants = max(2, blueprint.minimum_tenants)
    stage = set_up(blueprint, planned, tenants=tenants, seed=1, weakness=blueprint.weakness(weakness_id))
    try:
        yield stage, [attempt for attempt in planned if not attempt.is_control]
    finally:
        stage.close()


def _first_leak(stage: EmbeddedStage, attempts: list[Attempt], technique: str) -> Verdict:
    judged = (stage.execution.judge(attempt) for attempt in attempts if attempt.technique.id == technique)
    return next(verdict for verdict in judged if verdict.name is VerdictName.LEAK)


def _lines(advice: Advice) -> list[str]:
    return [] if advice.fix is None else advice.fix.diff.splitlines()


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(
            case,
            id=f"{case['weakness']}-{case['technique']}",
            marks=[pytest.mark.long] if case.get("long") else [],
        )
        for case in _CASES
    ],
)
def test_a_leak_names_its_weakness_and_shows_the_edit_that_mends_it(case: dict[str, Any]) -> None:
    with _weakened(case["weakness"]) as (stage, attempts):
        advice = stage.advice_on(_first_leak(stage, attempts, case["technique"]))
        made_up = (stage.deployment.run_id, stage.deployment.account)
    assert (advice.kind, advice.entry) == (case["kind"], case["entry"])
    assert (advice.fix is not None) == ("line" in case)
    assert advice.sound
    if advice.fix is not None:
        assert case["line"] in _lines(advice)
        assert advice.fix.kept > 0
        assert not any(name in advice.fix.diff for name in made_up)


def test_more_than_ten_kinds_of_weakness_are_mended() -> None:
    assert len({case["kind"] for case in _CASES if "line" in case and "long" not in case}) >= _MENDED_KINDS


def _put(stage: EmbeddedStage, advice: Advice) -> None:
    """Put the edited policies of roles where the deployment has them, as their owner would."""
    assert advice.fix is not None
    for before, after in advice.fix.edits.replaced.items():
        assert after is not None
        role, _, policy = before.name.partition("/")
        operation, names = "PutRolePolicy", {"PolicyName": policy, "PolicyDocument": after.document}
        if policy == "trust":
            operation, names = "UpdateAssumeRolePolicy", {"PolicyDocument": after.document}
        assert stage.target.send_as_operator(ApiRequest("iam", operation, {"RoleName": role, **names})).succeeded


@pytest.mark.parametrize(
    ("weakness", "technique"),
    [
        ("identity-folder:s3-list-empty-prefix-allowed", "s3.read.list-objects-empty-prefix"),
        ("group-roles:sts-base-role-trust-account-root", "sts.session.assume-admin-role"),
    ],
)
def test_what_is_shown_mends_the_leak_when_it_is_deployed(weakness: str, technique: str) -> None:
    """The engine's word is borne out: with the edit in IAM the attack is refused, and every control works."""
    with _weakened(weakness) as (stage, attempts):
        leak = _first_leak(stage, attempts, technique)
        _put(stage, stage.advice_on(leak))
        parts = (stage.target, stage.blueprint, stage.deployment, stage.population, stage.sessions)
        mended = Execution(*parts)
        assert mended.judge(leak.attempt).name is VerdictName.ISOLATED
        controls = [attempt for attempt in plan_everything(stage.blueprint) if attempt.is_control]
        assert {mended.judge(control).name for control in controls} == {VerdictName.WORKS}


def _denying_everything(case: Case) -> Iterator[Edit]:
    yield case.stating({"Effect": "Deny", "Action": "*", "Resource": "*"})


def _keeping_the_leak(case: Case) -> Iterator[Edit]:
    yield case.stating({**case.statement, "Sid": "AnotherName"})


def _breaking_the_grammar(case: Case) -> Iterator[Edit]:
    yield case.stating({"Effect": "Perhaps"})


def test_an_edit_that_breaks_a_control_or_keeps_the_leak_is_never_shown() -> None:
    with _weakened("identity-folder:s3-listbucket-without-prefix") as (stage, attempts):
        leak = _first_leak(stage, attempts, "s3.read.list-objects-unprefixed")
        every = [attempt for attempt in plan_everything(stage.blueprint) if attempt.is_control]
        legitimate = stage.execution.rulings_of(every)
        assert stage.advice_on(leak).fix is not None
        for edits in (_denying_everything, _keeping_the_leak, _breaking_the_grammar):
            made_up = Recogniser("made-up", (("*", "s3-delete-not-covered"),), lambda _: True, edits)
            advice = advise(leak, lambda: legitimate, recognisers=(made_up,))
            assert (advice.entry, advice.fix) == ("s3-delete-not-covered", None), edits


def test_an_edit_that_no_control_has_tried_is_not_shown() -> None:
    with _weakened("identity-folder:s3-listbucket-without-prefix") as (stage, attempts):
        leak = _first_leak(stage, attempts, "s3.read.list-objects-unprefixed")
        assert advise(leak, list).fix is None


def test_controls_are_asked_for_only_when_a_statement_has_decided() -> None:
    def never() -> list[Any]:
        raise AssertionError("no control is needed")

    with _weakened("identity-folder:tok-wrong-audience-other-client") as (stage, attempts):
        leak = _first_leak(stage, attempts, "broker.session.other-app-client")
        assert advise(leak, never).fix is None


_POLICY_WEAKNESSES = [
    f"{name}:{weakness.id}"
    for name, blueprint in BLUEPRINTS.items()
    for weakness in blueprint.weaknesses
    if any(change.policy for change in changes(blueprint, weakness.change(blueprint)))
]


@pytest.mark.long
@pytest.mark.parametrize("weakness", _POLICY_WEAKNESSES)
def test_every_leak_through_a_changed_statement_gets_a_checked_fix(weakness: str) -> None:
    """All techniques that must leak; the exceptions are listed with the reason, and none of their leaks is mended."""
    blueprint, _, weakness_id = weakness.partition(":")
    must_leak = BLUEPRINTS[blueprint].weakness(weakness_id).leaks
    with _weakened(weakness) as (stage, attempts):
        judged = [stage.execution.judge(attempt) for attempt in attempts if attempt.technique.id in must_leak]
        leaks = [verdict for verdict in judged if verdict.name is VerdictName.LEAK]
        mended = [verdict for verdict in leaks if stage.advice_on(verdict).fix is not None]
    assert leaks
    assert len(mended) == (0 if weakness in _UNMENDED else len(leaks))
