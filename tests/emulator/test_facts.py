"""Each fact of the semantics page that facts.toml lists has tests that are there and run through both doors."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

_HERE = Path(__file__).parent
_NAME = re.compile(r"(?P<file>\w+)::(?P<test>\w+)(?:\[(?P<case>.+)\])?")
_DOORS = ("in process", "over HTTP")


def _named() -> Iterator[tuple[str, str]]:
    """Yield each fact with the name of a test that holds to it."""
    for section, facts in tomllib.loads((_HERE / "facts.toml").read_text()).items():
        for fact, tests in facts.items():
            if isinstance(tests, str):
                assert tests, f"{section}, {fact}: neither a test nor a reason"
                continue
            assert tests, f"{section}, {fact}: no test"
            for name in tests:
                yield f"{section}, {fact}", name


def test_every_fact_has_its_tests_in_both_doors(request: pytest.FixtureRequest) -> None:
    collected = [item for item in request.session.items if isinstance(item, pytest.Function)]
    ids: dict[tuple[str, str], list[str]] = {}
    for item in collected:
        case = item.callspec.id if hasattr(item, "callspec") else ""
        ids.setdefault((item.path.stem, item.originalname), []).append(case)
    if {path.stem for path in _HERE.glob("test_*.py")} - {file for file, _ in ids}:
        pytest.skip("needs the whole of this directory")

    missing = []
    for fact, name in _named():
        found = _NAME.fullmatch(name)
        assert found is not None, name
        case = found["case"] or ""
        cases = [each for each in ids.get((f"test_{found['file']}", f"test_{found['test']}"), []) if case in each]
        missing += [f"{fact}: {name} {door}" for door in _DOORS if not any(door in each for each in cases)]
    assert missing == []
