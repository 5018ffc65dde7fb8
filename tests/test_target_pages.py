from __future__ import annotations

import re
from pathlib import Path

import pytest

from harness.options import OPTIONS
from harness.targets.sandbox import CONFIRMATION

_ROOT = Path(__file__).parents[1]
_PAGES = [*sorted((_ROOT / "docs" / "targets").glob("*.md")), _ROOT / "sandbox" / "README.md"]
_NIGHTLY = _ROOT / ".github" / "workflows" / "nightly.yml"
_FLAGS = {"keep", "dry-run", "allow-inconclusive"}
_OF_OTHERS = {"splits", "group", "alluredir"}


def _by_name(path: Path) -> str:
    return path.relative_to(_ROOT).as_posix()


@pytest.mark.parametrize("page", [*_PAGES, _NIGHTLY], ids=_by_name)
def test_every_option_of_a_run_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8").replace("\\\n", " ")
    used = {option for line in re.findall(r"pytest suites/.*", text) for option in re.findall(r"--([a-z-]+)", line)}
    assert used <= {option.name for option in OPTIONS} | _FLAGS | _OF_OTHERS


@pytest.mark.parametrize("page", _PAGES, ids=_by_name)
def test_what_a_page_links_to_is_there(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_the_settings_of_the_sandbox_page_exist() -> None:
    page = (_ROOT / "docs" / "targets" / "sandbox.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^(isolation_\w+) =", page, re.MULTILINE)) <= {option.destination for option in OPTIONS}
    assert f"export {CONFIRMATION}=" in page
    assert CONFIRMATION in _NIGHTLY.read_text(encoding="utf-8")
