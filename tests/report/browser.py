"""A real browser for tests of pages: what it shows of an address, and what that looks like."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from html import unescape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

BROWSER = next((path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), "")
# Nothing is fetched from anywhere: the browser must not look for its maker's servers either.
_QUIET = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--virtual-time-budget=15000",
)


def shown(address: str) -> str:
    """Return the document at the address as the browser has built it, scripts run."""
    return _run(address, "--dump-dom")


def text_of(document: str) -> str:
    """Return the text of a document in one line."""
    without_code = re.sub(r"<(style|script)\b.*?</\1>", " ", document, flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", without_code)).split())


def picture(address: str, path: Path, width: int, height: int = 1400, *, dark: bool = False) -> Path:
    """Take a picture of the page in a window of this size, and return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    looks = ["--force-dark-mode", "--blink-settings=preferredColorScheme=0"] if dark else []
    _run(address, f"--screenshot={path}", f"--window-size={width},{height}", *looks)
    return path


def _run(address: str, *arguments: str) -> str:
    with tempfile.TemporaryDirectory() as profile:
        command = [BROWSER, *_QUIET, f"--user-data-dir={profile}", *arguments, address]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    return done.stdout
