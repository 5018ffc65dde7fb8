from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

TEST_FILE = """
import allure
import pytest

@pytest.fixture
def silent():
    yield

@pytest.fixture
def talkative():
    allure.attach("said by a fixture", "note", allure.attachment_type.TEXT)

@pytest.fixture
def failing():
    raise RuntimeError("the fixture fails")

@pytest.fixture
def failing_late():
    yield
    raise RuntimeError("the fixture fails in the end")

@pytest.mark.parametrize("number", [1, 2])
def test_silent(silent, number):
    assert number

def test_talkative(talkative):
    pass

def test_failing(failing):
    pass

def test_failing_late(failing_late):
    pass
"""


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of Allure results, made with the plugin of the suites."""
    folder = tmp_path_factory.mktemp("allure")
    (folder / "test_sample.py").write_text(TEST_FILE, "utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--alluredir", "results"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert "4 passed, 2 errors" in done.stdout, done.stdout + done.stderr
    assert not done.stderr
    return folder / "results"


def _documents(results: Path, kind: str) -> list[dict[str, Any]]:
    return [json.loads(path.read_text("utf-8")) for path in results.glob(f"*-{kind}.json")]


def test_every_test_has_its_result_with_parameters_and_nothing_empty(results: Path) -> None:
    found = {document["name"]: document for document in _documents(results, "result")}
    assert {"test_silent[1]", "test_silent[2]", "test_talkative", "test_failing", "test_failing_late"} == set(found)
    assert found["test_silent[1]"]["parameters"] == [{"name": "number", "value": "1"}]
    assert found["test_failing"]["status"] == "broken"
    assert "attachments" not in found["test_silent[1]"]


def test_fixtures_that_have_nothing_to_say_have_no_file(results: Path) -> None:
    named = {part["name"] for document in _documents(results, "container") for part in document.get("befores", ())}
    assert named == {"talkative", "failing", "failing_late"}


def test_fixtures_that_fail_say_how(results: Path) -> None:
    parts = [
        part
        for document in _documents(results, "container")
        for part in (*document.get("befores", ()), *document.get("afters", ()))
    ]
    told = " ".join(part.get("statusDetails", {}).get("message", "") for part in parts)
    assert "the fixture fails" in told
    assert "the fixture fails in the end" in told
