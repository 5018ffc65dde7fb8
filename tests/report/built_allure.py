"""The Allure page, built as `make report` builds it, from results that tests have made."""

from __future__ import annotations

import json
import shutil
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_ROOT = Path(__file__).parents[2]
NODE = shutil.which("node") or ""
_ALLURE = _ROOT / "node_modules" / ".bin" / "allure"
WHY_NOT = "" if NODE and _ALLURE.is_file() else "Allure is not installed: `make report` does it where there is Node"
# What Node 22 has and the quality gate of Allure uses. Everything else of it runs on Node 20.
_NODE_22 = "Object.getPrototypeOf(Object.getPrototypeOf([].values())).toArray ??= function () { return [...this]; };"


@dataclass(frozen=True)
class BuiltAllure:
    """A folder laid out like the repository: settings, what a run has written to `reports`, and the page made of it."""

    folder: Path

    @property
    def page(self) -> Path:
        """The folder of the page."""
        return self.folder / "reports" / "allure-report"

    def widget(self, name: str) -> Any:
        """Return what the page knows under this name, such as `statistic` or `embedded/statistic`."""
        return json.loads((self.page / "widgets" / f"{name}.json").read_text("utf-8"))

    def results(self) -> list[dict[str, Any]]:
        """Return the results of tests as the page has them."""
        return [json.loads(path.read_text("utf-8")) for path in (self.page / "data" / "test-results").glob("*.json")]

    def build(self, results: Iterable[Path]) -> None:
        """Build the page, and another point of its history. Allure leaves a page alone that is there already."""
        shutil.rmtree(self.page, ignore_errors=True)
        self._allure("generate", *(str(path) for path in results)).check_returncode()

    def quality_gate(self, results: Iterable[Path]) -> tuple[int, str]:
        """Return the exit status of Allure's own gate, and what it says."""
        done = self._allure("quality-gate", *(str(path) for path in results))
        return done.returncode, done.stdout + done.stderr

    def _allure(self, command: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        node = [NODE, "--import", f"data:text/javascript,{quote(_NODE_22)}", str(_ALLURE.resolve())]
        return subprocess.run(
            [*node, command, *arguments, "--config", "allurerc.mjs"],
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )


def like_the_repository(folder: Path) -> BuiltAllure:
    """Lay a folder out like the repository, without a page yet."""
    (folder / "reports").mkdir(parents=True)
    (folder / "node_modules").symlink_to(_ROOT / "node_modules")
    shutil.copy(_ROOT / "allurerc.mjs", folder)
    return BuiltAllure(folder)


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing of requests."""


@contextmanager
def served(page: Path) -> Iterator[str]:
    """Serve the page on loopback and give its address: it fetches its parts, which a browser does not do from disk."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(page))) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
