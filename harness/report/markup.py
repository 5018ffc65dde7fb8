"""How a verdict looks in HTML: a symbol, a word and a colour, in that order of importance."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Final, Literal, get_args

if TYPE_CHECKING:
    from harness.report.records import AttemptRecord, Verdict

Standing = Literal["leak", "gone", "lockout", "inconclusive", "expected", "isolated", "works"]

# From the worst to the best: a cell of the matrix shows the first that occurs in it.
STANDINGS: Final[tuple[Standing, ...]] = get_args(Standing)
_SIGNS: Final[dict[Standing, tuple[str, str]]] = {
    "leak": ("\N{BALLOT X}", "LEAK"),
    "gone": ("\N{WARNING SIGN}", "EXPECTED LEAK GONE"),
    "lockout": ("\N{CIRCLED DIVISION SLASH}", "LOCKOUT"),
    "inconclusive": ("?", "INCONCLUSIVE"),
    "expected": ("\N{WHITE FLAG}", "EXPECTED LEAK"),
    "isolated": ("\N{CHECK MARK}", "ISOLATED"),
    "works": ("\N{WHITE CIRCLE}", "WORKS"),
}

# The victim's place where an attack is aimed at no tenant: a role to assume, a key that is made up.
NOBODY: Final = "nobody's data / roles"

_STANDING_OF: Final[dict[Verdict, Standing]] = {
    "LEAK": "leak",
    "LOCKOUT": "lockout",
    "INCONCLUSIVE": "inconclusive",
    "ISOLATED": "isolated",
    "WORKS": "works",
}

STYLE: Final = """
:root{color-scheme:light dark;--ink:#1b1f24;--soft:#57606a;--paper:#fff;--panel:#f6f8fa;--line:#d0d7de;--link:#0a58ca;
--leak:#a40e26;--leak-bg:#ffe3e6;--warn:#7a4b00;--warn-bg:#fff3d1;--hold:#4f3d8f;--hold-bg:#ece8fb;
--good:#0f5c2e;--good-bg:#dcf5e4;--plain:#3d4650;--plain-bg:#eceff2}
@media (prefers-color-scheme:dark){:root{--ink:#e6edf3;--soft:#9aa6b2;--paper:#0d1117;--panel:#161b22;--line:#30363d;
--link:#79b8ff;--leak:#ffb3ba;--leak-bg:#5c1420;--warn:#f5d38a;--warn-bg:#4a3408;--hold:#d2c7ff;--hold-bg:#332a5c;
--good:#9be9b4;--good-bg:#0f3d22;--plain:#c6d0da;--plain-bg:#262d35}}
*{box-sizing:border-box}
body{margin:0 auto;padding:1.5rem;max-width:100rem;background:var(--paper);color:var(--ink);
font:15px/1.5 system-ui,-apple-system,"Segoe UI","DejaVu Sans",sans-serif}
table{border-collapse:collapse;margin:.5rem 0 1.5rem}
th,td{border:1px solid var(--line);padding:.35rem .6rem;text-align:left;vertical-align:top}
th{background:var(--panel);font-weight:600}
code{font:13px/1.45 ui-monospace,"DejaVu Sans Mono",monospace;overflow-wrap:anywhere}
a{color:var(--link)}
.sign{display:inline-block;padding:0 .45rem;border-radius:.3rem;font-weight:600;white-space:nowrap}
.leak,.lockout,.gone{color:var(--leak);background:var(--leak-bg)}
.expected{color:var(--warn);background:var(--warn-bg)}
.inconclusive{color:var(--hold);background:var(--hold-bg)}
.isolated{color:var(--good);background:var(--good-bg)}
.works{color:var(--plain);background:var(--plain-bg)}
"""


def standing(record: AttemptRecord) -> Standing:
    """Return the record's place in STANDINGS: its verdict, with declared leaks told from others."""
    if record.leak_was_declared and record.verdict != "INCONCLUSIVE":
        return "expected" if record.verdict == "LEAK" else "gone"
    return _STANDING_OF[record.verdict]


def sign(record: AttemptRecord) -> str:
    """Return the record's verdict as a coloured symbol and word."""
    return sign_of(standing(record))


def sign_of(name: Standing) -> str:
    """Return one of STANDINGS as a coloured symbol and word."""
    symbol, word = _SIGNS[name]
    # A sign that breaks into lines is not to leave its symbol alone in the first.
    return f'<span class="sign {name}">{symbol}\N{NO-BREAK SPACE}{word}</span>'


def symbol_and_word(name: Standing) -> tuple[str, str]:
    """Return the symbol and the word of one of STANDINGS."""
    return _SIGNS[name]


def moment(time: str) -> str:
    """Return an ISO 8601 time in UTC as people read it, such as `2026-11-21 23:05 UTC`; other words as they are."""
    day, _, clock = time.removesuffix("Z").removesuffix("+00:00").partition("T")
    return f"{day} {clock[:5]} UTC" if clock else time


def text(value: object) -> str:
    """Return the value as text that cannot become markup."""
    return html.escape(str(value))


def with_code(prose: str) -> str:
    """Return words of the catalogue as HTML, what stands between backticks as code."""
    parts = prose.split("`")
    return "".join(f"<code>{text(part)}</code>" if number % 2 else text(part) for number, part in enumerate(parts))
