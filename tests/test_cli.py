from __future__ import annotations

import json
import subprocess
import sys
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


@pytest.mark.parametrize("arguments", [["nope"], ["decide", "no-such-file"], ["attacks", "--nope"]])
def test_wrong_usage_is_status_4_without_a_traceback(arguments: list[str]) -> None:
    answer = _harness(*arguments)
    assert answer.returncode == 4
    assert "Traceback" not in answer.stderr
