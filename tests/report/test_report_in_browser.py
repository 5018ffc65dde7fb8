"""The pages in a real browser, where one is installed."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import browser
import built_allure
import pytest
from report_samples import FACTS, control, expected_leak, hole, inconclusive, isolated, leak

from harness.attacks.catalogue import TECHNIQUES
from harness.attacks.entries import entries
from harness.exhibits import exhibits
from harness.report.attack_catalogue import ATTACKS, render_attack_catalogue
from harness.report.kill_matrix import KILL_MATRIX, render_kill_matrix
from harness.report.matrix import render_matrix
from harness.report.run import summarise

if TYPE_CHECKING:
    from collections.abc import Iterator

    from built_allure import BuiltAllure

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


@pytest.fixture(scope="module")
def address_of_allure(built: BuiltAllure) -> Iterator[str]:
    """Where the Allure page is served."""
    with built_allure.served(built.page) as address:
        yield address


@pytest.mark.skipif(bool(built_allure.WHY_NOT), reason=built_allure.WHY_NOT)
def test_a_leak_is_followed_from_the_matrix_to_its_evidence_in_allure(
    built: BuiltAllure, address_of_allure: str
) -> None:
    matrix = browser.shown((built.folder / "reports" / "matrix.html").as_uri())
    finding = browser.text_of(matrix.partition('id="findings"')[2].partition('id="changes"')[0])
    assert leak().title in finding
    assert leak().reason in finding

    home = browser.shown(address_of_allure)
    for person in (leak().attacker_label, leak().victim_label):
        assert person in browser.text_of(home), "the home page is a matrix of attackers and victims"
    within = "(?:(?!<button).)*?"
    failed = re.findall(
        rf'data-tree-node-id="embedded:(\w+)"{within}leaf-status-failed{within}leaf-title[^>]*>([^<]*)', home
    )
    (place,) = [place for place, title in failed if unescape(title) == f"t1 -> t2: {leak().title}"]
    page = browser.text_of(browser.shown(f"{address_of_allure}#{place}"))
    assert place == _leaked(built)["id"]
    for said in (
        "judge: LEAK",
        "Critical",
        "LEAK: a foreign item came back",
        "sign in as t1 Acme (member)",
        "send dynamodb:GetItem",
    ):
        assert said in page

    evidence = next(step["link"] for step in _leaked(built)["steps"] if step.get("link", {}).get("name") == "evidence")
    exchanged = (built.page / "data" / "attachments" / f"{evidence['id']}{evidence['ext']}").read_text("utf-8")
    assert "a canary of t2" in exchanged


def _leaked(built: BuiltAllure) -> dict[str, Any]:
    (leaked,) = [
        each
        for each in built.results()
        if {("verdict", "LEAK"), ("target", "embedded")}
        <= {(label["name"], label["value"]) for label in each["labels"]}
    ]
    return leaked


@pytest.mark.skipif(bool(built_allure.WHY_NOT), reason=built_allure.WHY_NOT)
@pytest.mark.parametrize("width", [1400, 480])
def test_allure_can_be_looked_at(built: BuiltAllure, address_of_allure: str, width: int) -> None:
    for name, place in {"home": "", "leak": _leaked(built)["id"]}.items():
        made = browser.picture(f"{address_of_allure}#{place}", _SCREENSHOTS / f"allure-{name}-{width}.png", width)
        assert made.stat().st_size > 10_000
