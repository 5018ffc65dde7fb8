"""The suites on a target at the other end of a network, which here is the emulator behind its HTTP door."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from suites_runs import RunSuites

from harness.blueprints.registry import BLUEPRINTS
from harness.emulator.injection import Injections

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from suites_runs import SuitesRun

    from conftest import Served

_ATTACKS = ("suites/test_controls.py", "suites/test_cross_tenant_reads.py", "suites/test_cross_tenant_writes.py")
_SMALL = ("--blueprint", "order-book", "--tenants", "2")
_ACCOUNT = "000000000000"


@pytest.fixture
def remote(served: Served) -> Iterator[tuple[str, ...]]:
    """The arguments that lead a run to the emulator."""
    yield ("--target", "localstack", "--endpoint-url", served.door.url, "-n", "0")
    served.cloud.inject(Injections())


def _judged(run: SuitesRun) -> dict[str, tuple[str, str | None]]:
    return {attempt["id"]: (attempt["verdict"], attempt["kind"]) for attempt in run.verdicts["attempts"]}


def _left(served: Served) -> list[Any]:
    """Return everything that is in the account, but for its alias and for whom the test itself has made."""
    iam, region = served.client("iam"), "us-east-1"
    users = [user["UserName"] for user in iam.list_users()["Users"] if user["UserName"] != "harness"]
    return [
        *users,
        *iam.list_roles()["Roles"],
        *iam.list_policies(Scope="Local")["Policies"],
        *served.client("dynamodb", region).list_tables()["TableNames"],
        *served.client("s3", region).list_buckets()["Buckets"],
        *served.client("cognito-idp", region).list_user_pools(MaxResults=60)["UserPools"],
        *served.client("cognito-identity", region).list_identity_pools(MaxResults=60)["IdentityPools"],
        *served.client("lambda", region).list_functions()["Functions"],
        *served.client("apigatewayv2", region).get_apis()["Items"],
        *served.client("apigateway", region).get_rest_apis()["items"],
    ]


def test_a_remote_run_judges_as_an_embedded_one_and_leaves_nothing(
    served: Served, run_suites: RunSuites, remote: tuple[str, ...]
) -> None:
    run = run_suites(*_ATTACKS, *_SMALL, *remote)
    assert run.exit_status == 0, run.output
    assert _left(served) == []
    document = run.verdicts
    beyond = tuple(document["run"]["not_attempted"])
    assert "token.session.expired" in beyond
    embedded = _judged(run_suites(*_ATTACKS, *_SMALL, "-n", "0"))
    assert _judged(run) == {
        name: judged for name, judged in embedded.items() if not any(f"-{each}-" in name for each in beyond)
    }
    assert all(attempt["prediction"]["verdict"] == attempt["verdict"] for attempt in document["attempts"])
    assert {rule["enforced"] for rule in document["calibration"]["rules"]} == {"enforced"}
    assert document["run"]["account"] == _ACCOUNT
    calls = document["calls"]["by_operation"]
    # Provisioning, attacking, and cleaning up, which comes after the reports were first written.
    assert min(calls[each] for each in ("iam:CreateRole", "dynamodb:GetItem", "iam:DeleteRole")) > 0


def test_a_planted_weakness_leaks_there_too_as_the_twin_predicts(
    served: Served, run_suites: RunSuites, remote: tuple[str, ...]
) -> None:
    weakness = BLUEPRINTS["order-book"].weaknesses[0]
    run = run_suites(*_ATTACKS, *_SMALL, *remote, "--weaken", f"order-book:{weakness.id}")
    assert run.exit_status == 1, run.output
    leaks = run.with_verdict("LEAK")
    assert {leak["technique"] for leak in leaks} >= set(weakness.leaks)
    assert all(leak["prediction"]["verdict"] == "LEAK" for leak in leaks)
    assert any(leak["prediction"]["deciding_statement"] for leak in leaks)
    assert _left(served) == []


def _disturbed(served: Served, seed: int, delay: float) -> None:
    served.cloud.inject(Injections(seed, iam_delay=delay, throttles=0.05, errors=0.02, resets=0.02))


@pytest.mark.parametrize("seed", [11, 12])
def test_disturbances_change_no_verdict(
    served: Served, run_suites: RunSuites, remote: tuple[str, ...], seed: int
) -> None:
    calm = run_suites(*_ATTACKS, *_SMALL, *remote)
    _disturbed(served, seed, delay=1)
    run = run_suites(*_ATTACKS, *_SMALL, *remote, "--settle", "2")
    assert run.exit_status == 0, run.output
    assert _judged(run) == _judged(calm)
    served.cloud.inject(Injections())
    assert _left(served) == []
    assert sum(run.verdicts["calls"]["by_operation"].values()) > sum(calm.verdicts["calls"]["by_operation"].values())


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("blueprint", BLUEPRINTS)
def test_no_design_is_judged_otherwise_under_disturbances(
    served: Served, run_suites: RunSuites, remote: tuple[str, ...], blueprint: str
) -> None:
    calm = run_suites("--blueprint", blueprint, *remote)
    for seed in (21, 22):
        _disturbed(served, seed, delay=10)
        run = run_suites("--blueprint", blueprint, *remote, "--settle", "12", seconds=850)
        assert run.exit_status == calm.exit_status, run.output
        assert _judged(run) == _judged(calm)
        served.cloud.inject(Injections())
        assert _left(served) == []


def test_a_dry_run_says_what_would_be_made_and_makes_nothing(
    served: Served, run_suites: RunSuites, remote: tuple[str, ...]
) -> None:
    run = run_suites(*_SMALL, *remote, "--dry-run")
    assert run.exit_status == 0, run.output
    assert "order-book: 2 identity-pools, 3 roles, 2 tables, 2 user-pools, 3 users" in run.output
    assert "minutes" in run.output
    assert _left(served) == []
    assert not run.reports.exists()


def test_what_a_run_keeps_another_takes_up_and_destroys(
    served: Served, run_suites: RunSuites, remote: tuple[str, ...]
) -> None:
    first = run_suites(*_ATTACKS, *_SMALL, *remote, "--keep")
    run_id = first.output.partition("go on with --reuse ")[2].partition("\n")[0]
    assert (first.exit_status, len(run_id)) == (0, 8), first.output
    assert _left(served)
    made = set(first.verdicts["calls"]["by_operation"])
    again = (*_ATTACKS, *_SMALL, *remote, "--reuse", run_id, "--reports", str(first.reports))
    other = run_suites(*again, "--seed", "2")
    assert f"run {run_id} has made order-book with seed 1, not 2" in other.output
    second = run_suites(*again)
    assert second.exit_status == 0, second.output
    assert _left(served) == []
    reused = json.loads((first.reports / "verdicts.json").read_text(encoding="utf-8"))
    assert {a["id"]: a["verdict"] for a in reused["attempts"]} == {n: v for n, (v, _) in _judged(first).items()}
    assert "cognito-idp:CreateGroup" not in set(reused["calls"]["by_operation"]) - made


def test_the_limit_of_requests_ends_the_attacks_and_not_the_cleaning(
    served: Served, run_suites: RunSuites, remote: tuple[str, ...]
) -> None:
    run = run_suites(*_ATTACKS, *_SMALL, *remote, "--max-requests", "600")
    assert run.exit_status == 6, run.output
    assert any("raise it with --max-requests" in attempt["reason"] for attempt in run.with_verdict("INCONCLUSIVE"))
    assert _left(served) == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--max-users", "3"), "more than --max-users 3 allows"),
        (("--max-minutes", "90"), "--max-minutes takes 1 to 55"),
        (("--enforcement", "allow-all"), "switches of the embedded target"),
        (("--reuse", "0badc0de"), "has left no order-book"),
    ],
)
def test_what_cannot_be_is_told_in_one_line(
    run_suites: RunSuites, remote: tuple[str, ...], arguments: tuple[str, ...], said: str
) -> None:
    run = run_suites(*_SMALL, *remote, *arguments)
    assert (run.exit_status, said in run.output, "Traceback" in run.output) == (4, True, False), run.output


def test_an_endpoint_where_nobody_answers_is_told_with_what_to_do(run_suites: RunSuites) -> None:
    run = run_suites(*_SMALL, "--target", "localstack", "--endpoint-url", "http://127.0.0.1:9")
    assert run.exit_status == 4
    assert "no LocalStack-compatible endpoint answers at http://127.0.0.1:9" in run.output
    assert "docker compose -f docker-compose.localstack.yml up" in run.output


def test_a_sandbox_run_says_its_plan_holds_its_guard_rails_and_leaves_nothing(
    served: Served, run_suites: RunSuites
) -> None:
    iam = served.client("iam")
    iam.create_account_alias(AccountAlias="playground")
    iam.create_user(UserName="harness")
    everything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    iam.put_user_policy(UserName="harness", PolicyName="everything", PolicyDocument=json.dumps(everything))
    key = iam.create_access_key(UserName="harness")["AccessKey"]
    place = ("--target", "sandbox", "--endpoint-url", served.door.url, "--sandbox", f"{_ACCOUNT}/us-east-1")
    sandbox = (*place, "--sandbox-boundary", "arn:aws:iam::aws:policy/AdministratorAccess")
    environment = {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}

    unbounded = run_suites(*_SMALL, *place, "-n", "0", environment=environment)
    assert (unbounded.exit_status, "--sandbox-boundary ARN" in unbounded.output) == (4, True), unbounded.output
    refused = run_suites(*_SMALL, *sandbox, "-n", "0", environment=environment)
    assert refused.exit_status == 4
    assert f"ISOLATION_SANDBOX_CONFIRM={_ACCOUNT}" in refused.output
    assert _left(served) == []

    confirmed = {**environment, "ISOLATION_SANDBOX_CONFIRM": _ACCOUNT}
    run = run_suites(*_ATTACKS, *_SMALL, *sandbox, "--settle", "0", "-n", "2", environment=confirmed)
    assert run.exit_status == 0, run.output
    assert "isolation: this run will make and call, at most:" in run.output
    assert run.verdicts["run"]["alias"] == "playground"
    assert _left(served) == []
    assert key["SecretAccessKey"] not in run.output


def test_several_runs_on_one_endpoint_do_not_meet(served: Served, remote: tuple[str, ...], tmp_path: Path) -> None:
    with ThreadPoolExecutor() as side_by_side:
        folders = [tmp_path / name for name in ("one", "other")]
        for folder in folders:
            folder.mkdir()
        begun = [side_by_side.submit(RunSuites(folder), *_ATTACKS, *_SMALL, *remote) for folder in folders]
        runs = [each.result() for each in begun]
    assert [run.exit_status for run in runs] == [0, 0], runs[0].output + runs[1].output
    assert _judged(runs[0]) == _judged(runs[1])
    assert _left(served) == []
