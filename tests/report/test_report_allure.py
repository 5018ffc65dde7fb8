import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from report_samples import TOKEN, control, leak

from harness.report import allure
from harness.report.predictions import RecordedPrediction
from harness.report.records import AttemptRecord

TEST_FILE = """
import pytest
from report_samples import TOKEN, control, expected_leak, isolated, leak
from harness.report.allure import attach_evidence, attach_limit, label, label_limits, label_proof
from harness.report.limits import Limit

EVIDENCE = {
    "request": {"Key": {"pk": "t2"}, "IdToken": "secret-token", "Header": "Bearer " + TOKEN},
    "response": {"Body": b"canary", "SecretAccessKey": "secret-key"},
    "decision": [
        {
            "policy": "member-role/<keyed>",
            "statement": "Statement[0]",
            "effect": "Allow",
            "conditions": [
                {"operator": "StringEquals", "key": "aws:PrincipalTag/org", "wanted": ["a"], "found": [], "met": True}
            ],
            "absent_keys": ["aws:PrincipalTag/org"],
        }
    ],
    "session": {"user": "ada", "custom:org": "t1", "cognito:groups": '["readers"]'},
    "steps": [
        {
            "request": {"service": "dynamodb", "operation": "GetItem", "parameters": {}},
            "response": {"status": 400, "error": "AccessDeniedException"},
        }
    ],
    "reproduce": "aws dynamodb get-item --token " + TOKEN,
}

@pytest.mark.parametrize("make", [isolated, leak, expected_leak, control])
def test_attempt(make):
    record = make()
    for _ in range(2):
        label(
            record,
            target="embedded",
            operation="dynamodb:GetItem",
            cwe=("CWE-639",),
            links=[("https://docs.aws.amazon.com/guide", "AWS guide")],
        )
    attach_evidence(record, EVIDENCE)


def test_proof():
    label_proof("planted weaknesses", target="embedded")


def test_limit():
    label_limits(target="embedded")
    refusal = "PolicyTooLarge: <too long>"
    attach_limit(Limit(id="b:people", what="people", claimed="many", measured=36, refused_with=refusal, remark="how"))
"""


def _run(folder: Path, *arguments: str) -> None:
    (folder / "test_sample.py").write_text(TEST_FILE, "utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:isolation", "-p", "no:cacheprovider", *arguments]
    environment = {
        "PYTHONPATH": os.pathsep.join((str(Path(__file__).parent), str(Path(__file__).parents[2]))),
        "PATH": "",
    }
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of Allure results with one test for each of four records."""
    folder = tmp_path_factory.mktemp("allure")
    _run(folder, "--alluredir", "results")
    return folder / "results"


def _result(results: Path, of: str) -> dict[str, Any]:
    documents = [json.loads(path.read_text("utf-8")) for path in results.glob("*-result.json")]
    found = [
        document
        for document in documents
        if of == document["name"] or any(of in each["value"] for each in document.get("parameters", ()))
    ]
    assert len(found) == 1
    result: dict[str, Any] = found[0]
    return result


def _labels(result: dict[str, Any], name: str) -> list[str]:
    return [label["value"] for label in result["labels"] if label["name"] == name]


def test_a_test_is_labelled_once_for_the_tree_of_designs_and_the_tree_of_people(results: Path) -> None:
    result = _result(results, "function leak")
    assert result["name"] == "t1 -> t2: GetItem with a foreign key"
    wanted = {
        "epic": "identity-keyed",
        "feature": "dynamodb",
        "story": "GetItem with a foreign key",
        "attacker": "t1 Acme (member)",
        "victim": "t2 Globex (member)",
        "blueprint": "identity-keyed",
        "plane": "dynamodb",
        "target": "embedded",
        "verdict": "LEAK",
        "parentSuite": "dynamodb",
        "suite": "t1 Acme (member)",
        "subSuite": "t2 Globex (member)",
        "severity": "critical",
    }
    assert {name: _labels(result, name) for name in wanted} == {name: [value] for name, value in wanted.items()}
    assert _labels(result, "tag") == ["dynamodb:GetItem", "CWE-639"]
    assert [link["url"] for link in result["links"]] == ["https://docs.aws.amazon.com/guide"]


def test_an_expected_leak_and_a_control_say_so_in_their_titles(results: Path) -> None:
    expected = _result(results, "function expected_leak")
    assert expected["name"] == "t1 -> t2: GetItem with a foreign key [EXPECTED LEAK]"
    assert "expected-leak" in _labels(expected, "tag")
    assert _result(results, "function control")["name"] == "t1 (own data): GetItem on the caller's own item"


def test_a_test_of_the_proof_has_a_target_and_stands_beside_the_blueprints(results: Path) -> None:
    result = _result(results, "test_proof")
    assert _labels(result, "target") == ["embedded"]
    assert _labels(result, "epic") == [allure.PROOF]
    assert _labels(result, "feature") == ["planted weaknesses"]


def test_a_measured_limit_is_described_and_attached_as_a_table(results: Path) -> None:
    result = _result(results, "test_limit")
    assert _labels(result, "epic") == [allure.LIMITS]
    assert _labels(result, "target") == ["embedded"]
    assert result["description"] == "36 people. The article: many. how."
    (attachment,) = result["attachments"]
    assert "PolicyTooLarge: &lt;too long&gt;" in (results / attachment["source"]).read_text("utf-8")


@pytest.mark.parametrize(
    ("of", "names"),
    [
        ("function isolated", ["evidence"]),
        ("function control", ["evidence"]),
        ("function leak", ["evidence", "decision", "reproduce"]),
        ("function expected_leak", ["evidence", "decision", "reproduce"]),
    ],
)
def test_one_file_per_verdict_and_three_on_a_leak(results: Path, of: str, names: list[str]) -> None:
    assert [attachment["name"] for attachment in _result(results, of)["attachments"]] == names


def test_no_file_of_the_results_holds_a_secret(results: Path) -> None:
    files = list(results.iterdir())
    texts = [path.read_text("utf-8") for path in files]
    assert len(files) > 4
    assert any("[redacted]" in text for text in texts)
    for secret in (TOKEN, "secret-token", "secret-key"):
        assert not any(secret in text for text in texts)


def test_the_evidence_is_the_record_and_what_was_exchanged(results: Path) -> None:
    attachment = _result(results, "function leak")["attachments"][0]
    document = json.loads((results / attachment["source"]).read_text("utf-8"))
    assert AttemptRecord.from_json(document["record"]) == leak()
    assert document["evidence"]["response"]["Body"] == "canary"


def test_the_decision_names_statement_condition_and_absent_key_as_text(results: Path) -> None:
    attachment = _result(results, "function leak")["attachments"][1]
    page = (results / attachment["source"]).read_text("utf-8")
    assert "member-role/&lt;keyed&gt;" in page
    assert (
        "met: <code>StringEquals aws:PrincipalTag/org</code><br>wanted <code>a</code><br>found <code>absent</code>"
        in page
    )


def test_a_run_without_allure_does_nothing(tmp_path: Path) -> None:
    _run(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} <= {"test_sample.py", "__pycache__"}


def test_the_decision_of_a_target_that_explains_nothing_says_so() -> None:
    page = allure.decision_table(leak(deciding_statement=None), {})
    assert "The target does not say which statement decided." in page
    sentence = "because no identity-based policy allows the dynamodb:GetItem action"
    page = allure.decision_table(leak(deciding_statement=None), {"sentences": [sentence]})
    assert f"No statement applied: {sentence}" in page


def test_what_was_observed_stands_beside_what_was_predicted() -> None:
    told = {"observed": "LEAK (data)", "predicted": "ISOLATED: nothing allows it", "decided by": "no statement"}
    differing = leak(prediction=RecordedPrediction("ISOLATED", None, None))
    page = allure.decision_table(differing, {"prediction": told})
    assert "The model differs: the target judged otherwise." in page
    assert "<th>predicted</th><td>ISOLATED: nothing allows it</td>" in page
    alike = leak(prediction=RecordedPrediction("LEAK", "data", "own-data Wide Allow"))
    assert "As predicted." in allure.decision_table(alike, {"prediction": told})
    assert "predicted" not in allure.decision_table(leak(), {})


def test_titles_name_nobody_where_no_tenant_is_aimed_at() -> None:
    assert allure.title(leak(victim="")) == "t1 -> nobody: GetItem with a foreign key"
    assert allure.title(control()).startswith("t1 (own data):")


def test_the_steps_are_those_of_the_attempt(results: Path) -> None:
    result = _result(results, "function isolated")
    told = [
        (step["name"], {each["name"]: each["value"] for each in step["parameters"]}, step["status"])
        for step in result["steps"]
    ]
    assert [name for name, _, _ in told] == ["sign in as t1 Acme (member)", "send dynamodb:GetItem", "judge: ISOLATED"]
    assert told[0][1] == {"user": "ada", "custom:org": "t1", "cognito:groups": '["readers"]'}
    assert told[1][1] == {"status": "400", "error": "AccessDeniedException"}
    assert told[2][1]["reason"]
    assert {status for _, _, status in told} == {"passed"}


def test_the_decision_stands_in_the_description_of_every_verdict(results: Path) -> None:
    assert (
        "met: <code>StringEquals aws:PrincipalTag/org</code>"
        in _result(results, "function isolated")["descriptionHtml"]
    )
