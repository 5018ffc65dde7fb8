"""Attempts per second, and what enforcement costs beside bare moto, in one run on one machine.

    python benchmarks/bench_attempts.py

Three figures: attempts judged per second and process without pytest; `pytest suites/` with Allure results, one worker
and two; a GetItem through the embedded target beside the same GetItem through moto's own stubs.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
from moto import mock_aws

from harness.assets import PRIVATE, Assets
from harness.attacks.catalogue import TECHNIQUES
from harness.attacks.plan import Pairs, attacks, controls
from harness.blueprints.identity_keyed import IDENTITY_KEYED
from harness.population import Caller
from harness.stage import set_up
from harness.targets.api import ApiRequest

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.sessions import Session

_ROUNDS = 7
_CALLS = 300
_TENANTS = 6


def main() -> None:
    """Measure and print."""
    _judging()
    _suites()
    _enforcement()


def _judging() -> None:
    techniques = tuple(TECHNIQUES.values())
    planned = [
        *controls(IDENTITY_KEYED, techniques, _TENANTS),
        *attacks(IDENTITY_KEYED, techniques, _TENANTS, Pairs.RING),
    ]
    start = time.perf_counter()
    stage = set_up(IDENTITY_KEYED, planned, tenants=_TENANTS, seed=1)
    provisioned = time.perf_counter()
    for attempt in planned:
        stage.execution.judge(attempt)
    judged = time.perf_counter()
    stage.close()
    print(f"provisioning {_TENANTS} tenants: {provisioned - start:.2f} s")
    print(f"judging {len(planned)} attempts: {len(planned) / (judged - provisioned):.0f} attempts/s")


def _suites() -> None:
    seconds = {}
    for workers in ("0", "2"):
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, "-m", "pytest", "suites/", "-q", "-m", "not proof", "-n", workers]
            command += ["--tenants", str(_TENANTS), "--reports", folder, "--alluredir", f"{folder}/allure"]
            start = time.perf_counter()
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            seconds[workers] = time.perf_counter() - start
            attempts = len(json.loads((Path(folder) / "verdicts.json").read_text(encoding="utf-8"))["attempts"])
        print(
            f"pytest suites/ -n {workers}, Allure results included, start-up too: {attempts} attempts in "
            f"{seconds[workers]:.1f} s = {attempts / seconds[workers]:.0f} attempts/s"
        )
    print(f"a second worker gives {seconds['0'] / seconds['2']:.2f} times")


def _enforcement() -> None:
    stage = set_up(IDENTITY_KEYED, [], tenants=2, seed=1)
    owner = Caller("t1", "member")
    session = stage.execution.aiming.session(owner)
    assets = Assets(IDENTITY_KEYED, stage.deployment, stage.population, {owner: session})
    asset = assets.of(owner, "dynamodb", PRIVATE)
    key = asset.item_key
    enforced = _enforced_call(stage.target.send, session, asset.store, key)
    with mock_aws():
        client = boto3.client("dynamodb", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="y")
        client.create_table(
            TableName="bare",
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "PK", "KeyType": "HASH"}, {"AttributeName": "SK", "KeyType": "RANGE"}],
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("PK", "SK")],
        )
        client.put_item(TableName="bare", Item=asset.item)
        bare_rates, enforced_rates = [], []
        # Alternating rounds, so that noise of the machine meets both.
        for _ in range(_ROUNDS):
            bare_rates.append(_rate(lambda: client.get_item(TableName="bare", Key=key)))
            enforced_rates.append(_rate(enforced))
    stage.close()
    bare, with_us = statistics.median(bare_rates), statistics.median(enforced_rates)
    print(
        f"GetItem: bare moto {bare:.0f}/s, embedded target with enforcement {with_us:.0f}/s, {with_us / bare:.2f} times"
    )


def _enforced_call(send: Callable[..., object], session: Session, table: str, key: object) -> Callable[[], object]:
    request = ApiRequest("dynamodb", "GetItem", {"TableName": table, "Key": key})
    return lambda: send(request, session.credentials)


def _rate(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    for _ in range(_CALLS):
        call()
    return _CALLS / (time.perf_counter() - start)


if __name__ == "__main__":
    main()
