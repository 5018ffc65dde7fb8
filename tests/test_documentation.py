from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from harness.attacks.catalogue import TECHNIQUES
from harness.attacks.plan import Pairs, attacks
from harness.blueprints.identity_keyed import IDENTITY_KEYED
from harness.blueprints.registry import BLUEPRINTS
from harness.calibration.rules import Rule
from harness.emulator.faults import Fault
from harness.policy import unsettled
from harness.proof import prove_weakness

_ROOT = Path(__file__).parents[1]


def test_every_unsettled_choice_is_listed_with_its_sentence() -> None:
    text = (_ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    choices = {name: value for name, value in vars(unsettled).items() if name.isupper()}
    assert choices
    for name, sentence in choices.items():
        assert f"| `{name}` | {sentence} |" in text


def test_the_figures_in_the_documents_are_true() -> None:
    weaknesses = sum(len(blueprint.weaknesses) for blueprint in BLUEPRINTS.values())
    readme = (_ROOT / "README.md").read_text(encoding="utf-8")
    changelog = (_ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"{weaknesses} planted" in " ".join(readme.split())
    expected = f"{weaknesses} weaknesses, {len(Fault)} target faults, and {len(TECHNIQUES)} techniques"
    assert expected in " ".join(changelog.split())
    assert f"{len(BLUEPRINTS)} blueprints" in changelog
    assert f"{len(Rule)} rules of AWS" in changelog


def test_the_technique_and_the_weakness_of_the_architecture_page_work() -> None:
    text = (_ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    section = text.partition("## A technique and a weakness of one's own")[2].partition("\n## ")[0]
    names: dict[str, Any] = {}
    for code in re.findall(r"```python\n(.*?)```", section, re.DOTALL):
        exec(compile(code, "ARCHITECTURE.md", "exec"), names)  # noqa: S102  the page's own example
    technique, weakness = names["GET_ITEM"], names["LEGACY_READ"]
    assert {attempt.victim for attempt in attacks(IDENTITY_KEYED, [technique], 2, Pairs.RING)}
    assert {technique.id for technique in TECHNIQUES.values()} >= set(weakness.leaks)
    hole = prove_weakness(IDENTITY_KEYED, weakness)
    assert hole.held
    assert hole.decided_by["dynamodb.read.get-item"] == "own-data LegacyRead Allow"
