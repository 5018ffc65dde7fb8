import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from report_samples import FACTS, TOKEN, control, expected_leak, hole, inconclusive, isolated, leak, lockout, result

from harness.blueprints.registry import BLUEPRINTS, source_of
from harness.report.completeness import Completeness
from harness.report.leak_advice import LeakAdvice
from harness.report.result import RunResult
from harness.report.sarif import sarif_document

_SUBSET = json.loads((Path(__file__).parent / "sarif.subset.schema.json").read_text("utf-8"))
_BLIND = hole(subject="weakness identity-keyed:no-leading-keys", leaked=())
_GONE = expected_leak(id="gone", verdict="ISOLATED", outcome="refused", kind=None)
_EVERY_FINDING = result(
    *(isolated(id="a"), leak(id="b"), leak(id="c", attacker="t3"), inconclusive(id="d"), lockout(), _GONE),
    expected_leak(id="e", attacker_persona="guest", technique="identity-pool.session.foreign-identity"),
    holes=(hole(), _BLIND),
)


def _results(run: RunResult) -> list[dict[str, Any]]:
    results: list[dict[str, Any]] = sarif_document([run])["runs"][0]["results"]
    return results


def test_the_log_is_sarif_as_far_as_it_goes() -> None:
    checker = jsonschema.Draft202012Validator(_SUBSET)
    checker.validate(sarif_document([_EVERY_FINDING, result(isolated())]))


def test_what_makes_a_run_fail_is_a_result_and_what_holds_is_none() -> None:
    found = [(each["ruleId"], each["level"], "suppressions" in each) for each in _results(_EVERY_FINDING)]
    assert found == [
        ("dynamodb.read.get-item", "error", False),
        ("identity-pool.session.foreign-identity", "note", True),
        ("lockout", "error", False),
        ("expected-leak-gone", "warning", False),
        ("blind-attacks", "error", False),
    ]
    assert _results(result(isolated(), control(), holes=(hole(),))) == []


def test_the_rule_of_a_technique_says_how_bad_it_is_and_where_to_read_more() -> None:
    (rule,) = sarif_document([result(leak())])["runs"][0]["tool"]["driver"]["rules"]
    assert rule["id"] == "dynamodb.read.get-item"
    assert rule["properties"]["security-severity"] == "8.0"
    assert "external/cwe/cwe-639" in rule["properties"]["tags"]
    assert rule["helpUri"].startswith("https://docs.aws.amazon.com/")
    assert "ddb-no-leadingkeys" in rule["help"]["text"]


def test_one_hole_between_many_tenants_is_one_result_at_the_file_of_the_design() -> None:
    (found,) = _results(result(leak(id="b"), leak(id="c", attacker="t3", attacker_name="Initech")))
    assert found["occurrenceCount"] == 2
    assert "t3 Initech (member) \N{RIGHTWARDS ARROW} t2 Globex (member)" in found["message"]["text"]
    location = found["locations"][0]["physicalLocation"]
    assert location == {
        "artifactLocation": {"uri": "harness/blueprints/identity_keyed.py"},
        "region": {"startLine": 12},
    }


def test_a_leak_says_what_it_looks_like_and_carries_the_fix_that_was_tried() -> None:
    advice = LeakAdvice("ddb-scan", "Never list Scan.", "- a\n+ b\n", 7)
    (found,) = _results(result(leak(advice=advice)))
    assert found["message"]["text"].endswith("Looks like ddb-scan. Sound: Never list Scan.")
    assert found["properties"]["advice"]["diff"] == "- a\n+ b\n"


def test_fingerprints_do_not_depend_on_people_and_tell_findings_apart() -> None:
    here = result(leak())
    elsewhere = result(
        *(leak(id=f"x{n}", attacker=f"t{n}", attacker_name="Somebody", reason="Other words.") for n in (4, 5)),
        facts=replace(FACTS, seed=99, tenants=9),
    )
    assert [_print(each) for each in _results(here)] == [_print(each) for each in _results(elsewhere)]
    prints = [_print(each) for each in _results(_EVERY_FINDING)]
    assert len(set(prints)) == len(prints)


@pytest.mark.parametrize("blueprint", BLUEPRINTS)
def test_every_design_is_found_in_a_file_at_the_line_that_names_it(blueprint: str) -> None:
    file, line = source_of(blueprint)
    lines = (Path(__file__).parents[2] / file).read_text("utf-8").splitlines()
    assert f'name="{blueprint}"' in lines[line - 1]


def test_a_partial_run_is_no_successful_invocation_and_says_why() -> None:
    stopped = result(leak(), completeness=Completeness(selected=9, ended=1, stopped="interrupted"), tests_ended_with=2)
    (invocation,) = sarif_document([stopped])["runs"][0]["invocations"]
    assert (invocation["executionSuccessful"], invocation["exitCode"]) == (False, 2)
    assert "1 of 9 selected tests ended" in invocation["toolExecutionNotifications"][0]["message"]["text"]


def test_a_token_does_not_reach_the_log() -> None:
    assert TOKEN not in json.dumps(sarif_document([result(leak(reason=f"Got {TOKEN}."))]))


def _print(found: dict[str, Any]) -> str:
    return str(found["partialFingerprints"])
