from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import urllib.request
from typing import TYPE_CHECKING

import pytest

from harness.attacks.catalogue import TECHNIQUES
from harness.blueprints.registry import BLUEPRINTS

if TYPE_CHECKING:
    from pathlib import Path

_QUESTION = {
    "id": "q1",
    "policies": {
        "identity": [
            {
                "Version": "2012-10-17",
                "Statement": [
                    {"Sid": "One", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"}
                ],
            }
        ]
    },
    "request": {
        "principal": "arn:aws:iam::123456789012:user/u",
        "action": "s3:GetObject",
        "resource": "arn:aws:s3:::b/k",
        "resource_account": "123456789012",
        "context": {},
    },
}


def _harness(*arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "harness", *arguments], input=given, capture_output=True, text=True, check=False
    )


def test_the_catalogue_is_generated_from_the_code() -> None:
    listed = json.loads(_harness("attacks", "--json").stdout)
    assert [entry["id"] for entry in listed] == list(TECHNIQUES)
    assert {entry["name"] for entry in json.loads(_harness("blueprints", "--json").stdout)} == set(BLUEPRINTS)
    weaknesses = {entry["id"] for entry in json.loads(_harness("weaknesses", "--json").stdout)}
    assert "identity-keyed:ddb-scan-vacuous-forallvalues" in weaknesses
    assert "fault skip-token-signature" in weaknesses


@pytest.mark.parametrize("command", ["attacks", "blueprints", "weaknesses"])
def test_lists_can_be_read(command: str) -> None:
    answer = _harness(command)
    assert answer.returncode == 0
    assert len(answer.stdout.splitlines()) > 1


def test_questions_are_answered_and_a_bad_line_is_said(tmp_path: Path) -> None:
    lines = tmp_path / "questions.jsonl"
    lines.write_text(json.dumps(_QUESTION) + "\n{bad\n" + json.dumps(_QUESTION | {"id": "q3"}) + "\n", encoding="utf-8")
    answer = _harness("decide", str(lines))
    first, bad, last = (json.loads(line) for line in answer.stdout.splitlines())
    assert (first["id"], first["decision"], last["id"]) == ("q1", "allow", "q3")
    assert bad["line"] == 2
    assert answer.returncode == 1


def test_standard_input_is_read_and_explained() -> None:
    answer = _harness("decide", "--explain", given=json.dumps(_QUESTION) + "\n")
    assert answer.returncode == 0
    assert "One" in answer.stdout


@pytest.mark.parametrize(
    "arguments", [["nope"], ["decide", "no-such-file"], ["attacks", "--nope"], ["sweep", "--target", "embedded"]]
)
def test_wrong_usage_is_status_4_without_a_traceback(arguments: list[str]) -> None:
    answer = _harness(*arguments)
    assert answer.returncode == 4
    assert "Traceback" not in answer.stderr


def test_the_emulator_says_when_it_is_ready_serves_and_stops_cleanly() -> None:
    command = [sys.executable, "-m", "harness", "emulator", "--port", "0", "--region", "eu-west-1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as emulator:
        assert emulator.stdout is not None
        assert emulator.stderr is not None
        ready = emulator.stdout.readline()
        found = re.match(r"ready: (http://127\.0\.0\.1:\d+) \(account 000000000000, Region eu-west-1\)", ready)
        assert found, ready
        with urllib.request.urlopen(f"{found[1]}/_isolation/health", timeout=10) as health:  # noqa: S310  our own server
            assert json.load(health)["region"] == "eu-west-1"
        emulator.send_signal(signal.SIGTERM)
        rest, errors = emulator.stdout.read(), emulator.stderr.read()
    assert emulator.returncode == 0
    assert f"AWS_ENDPOINT_URL={found[1]}" in rest
    assert rest.endswith("stopped\n")
    assert errors == ""


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--host", "0.0.0.0"], "loopback only, not on 0.0.0.0"),  # noqa: S104  must be refused
        (["--port", "70000"], "65535"),
        (["--account", "12"], "12 is no account number"),
        (["--region", "mars"], "mars is no name of a Region"),
    ],
)
def test_an_emulator_that_cannot_be_is_wrong_usage(arguments: list[str], told: str) -> None:
    answer = _harness("emulator", *arguments)
    assert answer.returncode == 4
    assert told in " ".join((answer.stdout + answer.stderr).split())
    assert "Traceback" not in answer.stderr


def test_a_technique_is_told_in_words_and_all_of_them_as_a_page(tmp_path: Path) -> None:
    told = _harness("attacks", "dynamodb.read.sc*").stdout
    assert "Scan of the whole table" in told
    assert "identity-keyed:ddb-scan-vacuous-forallvalues" in told
    page = tmp_path / "attacks.html"
    assert str(page) in _harness("attacks", "--page", str(page)).stdout.replace("\n", "")
    assert "dynamodb.read.scan" in page.read_text("utf-8")


def test_a_pattern_that_no_technique_matches_is_wrong_usage() -> None:
    done = _harness("attacks", "nope.*")
    assert done.returncode == 4
    assert "'nope.*' selects no technique" in done.stderr
