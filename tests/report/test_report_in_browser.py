"""The pages in a real browser, where one is installed."""

from __future__ import annotations

import re
from pathlib import Path

import browser
import pytest
from report_samples import FACTS, control, expected_leak, hole, inconclusive, isolated, leak

from harness.attacks.catalogue import TECHNIQUES
from harness.attacks.entries import entries
from harness.exhibits import exhibits
from harness.report.attack_catalogue import ATTACKS, render_attack_catalogue
from harness.report.kill_matrix import KILL_MATRIX, render_kill_matrix
from harness.report.matrix import render_matrix
from harness.report.run import summarise

pytestmark = pytest.mark.skipif(not browser.BROWSER, reason="no Chromium is installed")

_SCREENSHOTS = Path(__file__).parents[2] / "reports" / "screenshots"
_RECORDS = [
    isolated(id="a"),
    leak(id="b"),
    expected_leak(id="c", attacker_persona="guest"),
    inconclusive(id="d"),
    control(),
]
_HOLES = [hole(), hole(subject="weakness identity-keyed:another", leaked=())]


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the three pages of a run."""
    folder = tmp_path_factory.mktemp("reports")
    (folder / "matrix.html").write_text(render_matrix(FACTS, _RECORDS, _HOLES, summarise(_RECORDS)), "utf-8")
    (folder / KILL_MATRIX).write_text(render_kill_matrix(FACTS, _RECORDS, _HOLES, TECHNIQUES), "utf-8")
    (folder / ATTACKS).write_text(render_attack_catalogue(entries(), TECHNIQUES, exhibits()), "utf-8")
    return folder


def test_a_leak_is_followed_from_the_matrix_to_its_reason(reports: Path) -> None:
    page = browser.shown((reports / "matrix.html").as_uri())
    assert "1 LEAK" in browser.text_of(page)
    cell = re.search(r'<td[^>]*><a href="#([\w-]+)"><span class="sign leak">', page)
    assert cell
    place = page.partition(f'id="{cell[1]}"')[2]
    reason = browser.text_of(place[: place.index("</table>")])
    assert leak().reason in reason
    assert leak().title in reason


def test_a_hole_is_followed_from_the_kill_matrix_to_the_technique_that_missed_it(reports: Path) -> None:
    page = browser.shown((reports / KILL_MATRIX).as_uri())
    assert "1 of 2 planted holes found" in browser.text_of(page)
    link = re.search(rf'href="({ATTACKS}#dynamodb\.read\.get-item)"', page)
    assert link
    address, _, technique = link[1].partition("#")
    catalogue = browser.shown((reports / address).as_uri())
    place = catalogue.partition(f'id="{technique}"')[2]
    assert TECHNIQUES[technique].title in browser.text_of(place[: place.index("</dl>")])


@pytest.mark.parametrize("width", [1400, 480])
@pytest.mark.parametrize("page", ["matrix.html", KILL_MATRIX, ATTACKS])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_every_page_can_be_looked_at(reports: Path, page: str, width: int, *, dark: bool) -> None:
    name = f"{Path(page).stem}-{width}-{'dark' if dark else 'light'}.png"
    made = browser.picture((reports / page).as_uri(), _SCREENSHOTS / name, width, dark=dark)
    assert made.stat().st_size > 10_000
