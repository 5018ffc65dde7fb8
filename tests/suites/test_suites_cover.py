"""No technique is left out of the suites, and none is judged twice."""

from __future__ import annotations

import ast
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from harness.attacks.catalogue import TECHNIQUES

_SUITES = Path(__file__).parents[2] / "suites"


def _patterns() -> dict[bool, list[str]]:
    """Return the patterns of the marker `attempts` in all suites, of attacks under False and of controls under True."""
    found: dict[bool, list[str]] = {False: [], True: []}
    for path in sorted(_SUITES.glob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.attempts":
                found[bool(node.keywords)] += [str(ast.literal_eval(argument)) for argument in node.args]
    return found


@pytest.mark.parametrize("technique", TECHNIQUES)
@pytest.mark.parametrize("controls", [False, True], ids=["attacks", "controls"])
def test_every_technique_is_in_one_suite(technique: str, *, controls: bool) -> None:
    matching = [pattern for pattern in _patterns()[controls] if fnmatchcase(technique, pattern)]
    assert len(matching) == 1
