from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from harness.calibration.rules import Rule
from harness.cli import app
from harness.emulator.authorization import Enforcement
from harness.targets.embedded import EmbeddedTarget

if TYPE_CHECKING:
    from collections.abc import Iterator


def _doctor(*arguments: str) -> int:
    status: int = app(["doctor", *arguments], exit_on_error=False, result_action="return_value")
    return status


@pytest.fixture
def _enforcing_nothing(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    made: list[EmbeddedTarget] = []

    def lax(region: str) -> EmbeddedTarget:
        target = EmbeddedTarget(region)
        target.enforce(Enforcement.ALLOW_ALL)
        made.append(target)
        return target

    monkeypatch.setattr("harness.cli_doctor.EmbeddedTarget", lax)
    yield
    assert len(made) == 1


def test_a_target_that_enforces_everything_is_healthy(capsys: pytest.CaptureFixture[str]) -> None:
    assert _doctor("--json") == 0
    said = json.loads(capsys.readouterr().out)
    assert {row["rule"]: row["enforced"] for row in said["rules"]} == dict.fromkeys(Rule, "enforced")
    assert {design["inconclusive"] for design in said["designs"]} == {0}


@pytest.mark.usefixtures("_enforcing_nothing")
def test_what_is_missing_is_named_with_what_it_means_for_each_design(capsys: pytest.CaptureFixture[str]) -> None:
    assert _doctor() == 6
    said = capsys.readouterr().out
    assert "leading-keys-scan" in said
    assert "not enforced" in said
    assert "of 65 rules are enforced by the embedded target" in " ".join(said.split())
    assert "Techniques that stay INCONCLUSIVE here" in said
    assert "identity-keyed" in said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--endpoint-url", "http://127.0.0.1:4566"), "--endpoint-url is for --target localstack"),
        (("--target", "localstack", "--endpoint-url", "nowhere"), "no address of an endpoint"),
    ],
    ids=["endpoint-of-embedded", "no-address"],
)
def test_wrong_usage_is_said_and_ends_with_4(
    arguments: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _doctor(*arguments) == 4
    assert said in " ".join(capsys.readouterr().err.split())
