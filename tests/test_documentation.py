from __future__ import annotations

from pathlib import Path

from harness.attacks.catalogue import TECHNIQUES
from harness.blueprints.registry import BLUEPRINTS
from harness.emulator.faults import Fault
from harness.policy import unsettled

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
