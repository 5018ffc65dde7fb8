"""Takes the pictures of the README from a real run: a design in which a hole was planted, as its reports show it."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

_HERE = Path(__file__).parent
_ROOT = _HERE.parent
sys.path.insert(0, str(_ROOT / "tests" / "report"))

import browser  # noqa: E402  beside the tests, which use it more
from built_allure import BuiltAllure, like_the_repository, served  # noqa: E402  as above

_HOLE = "identity-keyed:ddb-batch-not-covered"
_RUN = ("suites/", "--weaken", _HOLE, "--tenants", "2", "-n", "0", "-q", "-p", "no:cacheprovider")
_SIZE = (1000, 560)
# A picture begins at the top of a page: this leaves out what stands above the matrix.
_SCROLLED = "<style>body > :has(~ #matrix) { display: none } #matrix { margin-top: 0 }</style>"


def take_pictures() -> None:
    """Make the run in a folder of its own, build the Allure page, and picture the matrix and the page of a leak."""
    if not browser.BROWSER:
        sys.exit("pictures: there is no Chromium; on Debian and Ubuntu: apt-get install chromium")
    with tempfile.TemporaryDirectory() as folder:
        allure = like_the_repository(Path(folder) / "run")
        reports = allure.folder / "reports"
        results = allure.folder / "allure-results"
        command = [sys.executable, "-m", "pytest", *_RUN, "--reports", str(reports), "--alluredir", str(results)]
        subprocess.run(command, cwd=_ROOT, check=False, stdout=subprocess.DEVNULL)  # the leak makes it end with 1
        matrix = reports / "matrix.html"
        scrolled = reports / "scrolled.html"
        scrolled.write_text(matrix.read_text(encoding="utf-8") + _SCROLLED, encoding="utf-8")
        browser.picture(scrolled.as_uri(), _HERE / "matrix.png", *_SIZE)
        allure.build([results])
        with served(allure.page) as address:
            browser.picture(f"{address}#{_a_leak(allure)}", _HERE / "leak.png", *_SIZE)
        headline = json.loads((reports / "verdicts.json").read_text(encoding="utf-8"))["headline"]
    sys.stdout.write(f"pictures: docs/*.png show a run that says: {headline}\n")


def _a_leak(allure: BuiltAllure) -> str:
    """Return the first leak of data on the page."""
    leaks = {result["name"]: result["id"] for result in allure.results() if "LEAK (data)" in str(result["error"])}
    return str(leaks[min(leaks)])


if __name__ == "__main__":
    take_pictures()
