"""A third opinion on the documented rules: an engine in another language that nobody here wrote.

`make third-opinion` installs it; without it these tests are skipped. Where it answers otherwise,
third_opinion/departures.json says why, and neither side may change its mind unnoticed.
"""

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from random import Random

import near_misses
import pytest
import reference

HERE = Path(__file__).parent
THEIRS = HERE / "third_opinion"
NODE = shutil.which("node")
RANDOM_CASES = 3_000

pytestmark = pytest.mark.skipif(
    NODE is None or not (THEIRS / "node_modules").is_dir(), reason="not installed: make third-opinion"
)


def _theirs(questions: list[dict[str, object]]) -> list[str]:
    lines = "\n".join(json.dumps({"id": number, **question}) for number, question in enumerate(questions))
    done = subprocess.run(
        [str(NODE), str(THEIRS / "third_opinion.mjs")],
        input=lines,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    return [json.loads(line)["decision"] for line in done.stdout.splitlines()]


def test_it_agrees_with_the_documented_rules_or_departs_as_known(
    record_property: Callable[[str, object], None],
) -> None:
    names, questions, expected = [], [], []
    for path in sorted((HERE / "cases").glob("*.json")):
        rule = json.loads(path.read_text(encoding="utf-8"))
        for case in rule["cases"]:
            names.append(f"{path.stem}: {case['name']}")
            questions.append({"policies": rule["policies"], "request": case["request"]})
            expected.append(case["expect"])
    answers = _theirs(questions)
    differs = {name for name, ours, theirs in zip(names, expected, answers, strict=True) if ours != theirs}
    departures = json.loads((THEIRS / "departures.json").read_text(encoding="utf-8"))
    record_property("compared", len(names))
    record_property("agreed", len(names) - len(differs))
    print(f"documented rules: {len(names)} cases compared, {len(names) - len(differs)} answered alike")  # noqa: T201  for people
    assert differs == {name for known in departures.values() for name in known}


def test_it_agrees_with_most_random_cases(record_property: Callable[[str, object], None]) -> None:
    """Random cases mix several of its departures, so only the share is held; the two evaluators here agree on all."""
    cases = [near_misses.case(Random(seed)) for seed in range(RANDOM_CASES)]  # noqa: S311 - cases, not secrets
    answers = _theirs([{"policies": policies, "request": request} for policies, request in cases])
    agreed = sum(theirs == reference.decide(*case) for case, theirs in zip(cases, answers, strict=True))
    record_property("agreed", agreed)
    print(f"random cases: {RANDOM_CASES} compared, {agreed} answered alike")  # noqa: T201  for people
    assert agreed > RANDOM_CASES * 0.85
