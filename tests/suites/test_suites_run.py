from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING, Any

import pytest
from suites_runs import ROOT

from harness.blueprint_files.files import dump_blueprint
from harness.blueprints.registry import BLUEPRINTS
from harness.emulator.faults import Fault
from harness.proof import plan_everything

if TYPE_CHECKING:
    from pathlib import Path

    from suites_runs import RunSuites

    from harness.blueprints.spec import Blueprint

_WEAKNESSES = {
    f"{name}:{weakness.id}": (blueprint, weakness)
    for name, blueprint in BLUEPRINTS.items()
    for weakness in blueprint.weaknesses
}
# The proof plants every weakness; here one of each blueprint is planted as a person would, all of them in a long run.
_ONE_OF_EACH = {f"{name}:{blueprint.weaknesses[0].id}" for name, blueprint in BLUEPRINTS.items()}
_PLANTED = [pytest.param(name, marks=() if name in _ONE_OF_EACH else pytest.mark.long) for name in _WEAKNESSES]
# Two designs stand for all where nothing depends on which: one with items and objects, one with functions and an API.
_SOME = ("--blueprint", "identity-keyed", "--blueprint", "tenant-tagged")
# The least that every blueprint takes; two are enough for those whose users belong to one tenant.
_TENANTS = str(max(blueprint.minimum_tenants for blueprint in BLUEPRINTS.values()))
# Notes every secret that is made anywhere in the process, in a file outside the reports.
_RECORDER = """
import os
from harness.secret import Secret

_init = Secret.__init__

def _noting(self, value):
    _init(self, value)
    with open(os.environ["NOTED_SECRETS"], "a", encoding="utf-8") as notes:
        notes.write(value + "\\n")

Secret.__init__ = _noting
"""


def test_the_sound_design_is_isolated(run_suites: RunSuites) -> None:
    run = run_suites(*_SOME, "--tenants", _TENANTS, "-m", "not proof", "-n", "2")
    assert run.exit_status == 0, run.output
    assert {attempt["verdict"] for attempt in run.verdicts["attempts"]} == {"ISOLATED", "WORKS", "LEAK"}
    assert all(attempt["expected_leak"] for attempt in run.with_verdict("LEAK"))
    assert {boundary["status"] for boundary in run.verdicts["boundaries"]} == {"proved"}
    calls = run.verdicts["calls"]
    assert calls["per_verdict"]["mean"] <= 3
    assert calls["per_user"]["max"] <= 7


def test_the_same_seed_gives_the_same_attempts_whatever_the_worker_count(run_suites: RunSuites) -> None:
    alone = run_suites(*_SOME, "--tenants", _TENANTS, "-m", "not proof", "--seed", "7")
    together = run_suites(*_SOME, "--tenants", _TENANTS, "-m", "not proof", "--seed", "7", "-n", "2")
    assert alone.verdicts["attempts"] == together.verdicts["attempts"]
    assert alone.verdicts["boundaries"] == together.verdicts["boundaries"]


def test_another_seed_gives_other_people_and_the_same_verdicts(run_suites: RunSuites) -> None:
    narrow = ("--tenants", _TENANTS, "--attack", "dynamodb.read.*")
    first, second = (run_suites(*narrow, "--seed", seed).verdicts["attempts"] for seed in ("1", "2"))
    assert [attempt["attacker_name"] for attempt in first] != [attempt["attacker_name"] for attempt in second]
    assert [attempt["verdict"] for attempt in first] == [attempt["verdict"] for attempt in second]


@pytest.mark.parametrize("weaken", _PLANTED)
def test_every_weakness_turns_the_run_red_and_is_named(weaken: str, run_suites: RunSuites) -> None:
    blueprint, weakness = _WEAKNESSES[weaken]
    run = run_suites("--weaken", weaken, "--tenants", str(max(2, blueprint.minimum_tenants)))
    assert run.exit_status == 1, run.output
    found = [attempt for attempt in run.with_verdict("LEAK") if not attempt["expected_leak"]]
    assert set(weakness.leaks) <= {attempt["technique"] for attempt in found}
    assert {attempt["technique"] for attempt in run.with_verdict("LOCKOUT")} <= set(weakness.breaks)
    for attempt in found:
        assert attempt["weakness"] == weakness.id
        # The statement that let it through, as the engine named it when it decided; some sessions rest on none.
        assert attempt["kind"] == "session" or attempt["deciding_statement"].endswith(" Allow")
    assert re.search(rf"LEAK \(\w+\) {blueprint.name}: \S+ .* reached .*; (allowed by \S+|the target)", run.output)
    assert f"--weaken {weaken}" in run.output


@pytest.mark.parametrize("fault", Fault)
def test_faults_alone_never_turn_a_control_red(fault: Fault, run_suites: RunSuites) -> None:
    run = run_suites(*_SOME, "--fault", fault, "--tenants", _TENANTS, "--attack", "*.session.*")
    assert run.exit_status in (0, 1), run.output
    assert not run.with_verdict("LOCKOUT")
    assert not run.with_verdict("INCONCLUSIVE")


def test_allowing_everything_leaks(run_suites: RunSuites) -> None:
    run = run_suites(*_SOME, "--enforcement", "allow-all", "--tenants", _TENANTS)
    assert run.exit_status == 1
    assert {attempt["kind"] for attempt in run.with_verdict("LEAK")} >= {"data", "effect", "oracle", "permission"}
    isolated = {attempt["plane"] for attempt in run.with_verdict("ISOLATED")}
    assert isolated == {"token", "identity-pool", "user-pool", "execute-api"}, "only what is not IAM's to refuse"


def test_denying_everything_locks_out(run_suites: RunSuites) -> None:
    run = run_suites(*_SOME, "--enforcement", "deny-all", "--tenants", _TENANTS)
    assert run.exit_status == 1
    assert run.with_verdict("LOCKOUT")
    assert not run.with_verdict("ISOLATED"), "a refusal counts only with a working control"


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--blueprint", "nope"], "there is no blueprint 'nope'; there are: claim-rules"),
        (["--weaken", "identity-keyed:nope"], "identity-keyed has no weakness 'nope'"),
        (["--weaken", "nope"], "--weaken takes BLUEPRINT:WEAKNESS, not 'nope'"),
        (["--target", "nope"], "there is no target 'nope'; there is: embedded"),
        (["--attack", "nope.*"], "--attack 'nope.*' selects no technique"),
        (["--tenants", "1"], "isolation needs at least two tenants, not 1"),
        (["--tenants", "many"], "--tenants takes a whole number, not 'many'"),
        (["--fault", "nope"], "--fault 'nope' is none of: skip-token-signature"),
        (["--enforcement", "nope"], "--enforcement 'nope' is none of: normal, allow-all, deny-all"),
    ],
)
def test_wrong_usage_is_one_line_and_status_4(arguments: list[str], complaint: str, run_suites: RunSuites) -> None:
    run = run_suites(*arguments)
    assert run.exit_status == 4
    lines = [line for line in run.output.splitlines() if line.strip()]
    assert len(lines) == 1, run.output
    assert complaint in lines[0]


def test_selecting_nothing_is_status_4(run_suites: RunSuites) -> None:
    assert run_suites("-k", "no_such_test").exit_status == 4


def test_a_run_with_fewer_verdicts_than_asked_for_is_not_proved(run_suites: RunSuites) -> None:
    some = (
        "--blueprint",
        "identity-folder",
        "--tenants",
        "2",
        "--attack",
        "s3.read.get-object",
        "--allow-inconclusive",
    )
    run = run_suites(*some, "--minimum-verdicts", "1000")
    assert run.exit_status == 6, run.output
    judged = len(run.verdicts["attempts"])
    assert f"Only {judged} of at least 1000 required verdicts." in run.verdicts["headline"]
    assert run_suites(*some, "--minimum-verdicts", str(judged)).exit_status == 0


def test_a_night_says_what_is_new_fixed_and_still_open(run_suites: RunSuites, tmp_path: Path) -> None:
    sound = BLUEPRINTS["identity-folder"]
    listing, reading = (
        sound.weakness(name).change(sound) for name in ("s3-listbucket-without-prefix", "s3-prefix-no-trailing-slash")
    )
    both = sound.weakness("s3-listbucket-without-prefix").change(reading)
    design, kept = tmp_path / "design.json", tmp_path / "kept"

    def night(blueprint: Blueprint) -> dict[str, Any]:
        design.write_text(dump_blueprint(blueprint), encoding="utf-8")
        some = ("suites/test_cross_tenant_reads.py", "--tenants", "2", "--attack", "s3.read.*")
        run = run_suites(*some, "--blueprint", str(design), "--reports", str(kept))
        return {"said": run.output, **json.loads((kept / "verdicts.json").read_text(encoding="utf-8"))}

    first, second, third = night(listing), night(both), night(sound)
    assert first["comparison"] is None
    leaks = {attempt["id"] for attempt in first["attempts"] if attempt["verdict"] == "LEAK"}
    assert leaks
    assert set(second["comparison"]["still_open"]) == leaks
    assert set(third["comparison"]["fixed"]) >= leaks
    since = {first["run"]["started"]}
    assert {third["comparison"]["fixed"][leak] for leak in leaks} == since
    assert not any(third["comparison"][part] for part in ("new", "first_judged", "still_open", "not_judged"))
    assert "fixed (since" in third["said"]
    assert len((kept / "leaks.jsonl").read_text(encoding="utf-8").splitlines()) == 3


def test_a_run_of_controls_alone_proves_nothing(run_suites: RunSuites) -> None:
    run = run_suites("suites/test_controls.py", "--tenants", _TENANTS, "--attack", "dynamodb.read.get-item")
    assert run.exit_status == 6, run.output


@pytest.mark.parametrize(
    "weaken",
    # Leaks have the richest evidence: sessions obtained by force, with their credentials in the answer.
    ["identity-keyed:sts-base-role-trust-account-root", "tenant-tagged:up-tenant-attr-set-at-signup"],
)
def test_no_secret_reaches_a_report_or_the_output(weaken: str, run_suites: RunSuites, tmp_path: Path) -> None:
    noted = tmp_path / "noted-secrets"
    plugin = tmp_path / "plugin"
    plugin.mkdir()
    (plugin / "secret_recorder.py").write_text(_RECORDER, encoding="utf-8")
    results = tmp_path / "results"
    run = run_suites(
        *("-p", "secret_recorder", "-vv", "--tenants", "2", "--alluredir", str(results)),
        *("--weaken", weaken, "--fault", "skip-token-signature"),
        environment={
            **os.environ,
            "NOTED_SECRETS": str(noted),
            "PYTHONPATH": os.pathsep.join((str(plugin), str(ROOT))),
        },
    )
    assert run.exit_status == 1, run.output
    secrets = {line for line in noted.read_text(encoding="utf-8").splitlines() if line}
    assert len(secrets) > 50
    shown = {path: path.read_text(encoding="utf-8") for folder in (run.reports, results) for path in folder.iterdir()}
    assert len(shown) > 400
    leaked = [(path.name, len(secret)) for path, text in shown.items() for secret in secrets if secret in text]
    assert not leaked
    assert not [secret[:4] for secret in secrets if secret in run.output]


def test_destructive_attempts_are_marked(run_suites: RunSuites) -> None:
    run = run_suites("--blueprint", "group-roles", "-m", "destructive", "-n", "0")
    attempted = {attempt["technique"] for attempt in run.verdicts["attempts"]}
    aimed = {attempt.technique for attempt in plan_everything(BLUEPRINTS["group-roles"])}
    assert attempted == {technique.id for technique in aimed if technique.destructive}
    assert attempted
