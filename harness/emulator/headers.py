"""Headers as a signature sees them: names in lower case, and the values of one that is given twice put together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.emulator.service import NotDerivableError

if TYPE_CHECKING:
    from collections.abc import Iterable

# Headers of which a second one would leave open what was meant.
_SINGLE = frozenset(
    {
        "authorization",
        "content-length",
        "content-type",
        "host",
        "x-amz-content-sha256",
        "x-amz-date",
        "x-amz-security-token",
        "x-amz-target",
    }
)


def joined_headers(given: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the headers by lower-case name; values of the same name are joined by a comma, in their order.

    Raises NotDerivableError for a second one of the headers that say who calls what.
    """
    headers: dict[str, str] = {}
    for original, value in given:
        name = original.lower()
        if name in headers:
            if name in _SINGLE:
                raise NotDerivableError(f"a request that gives the header {name} twice")
            headers[name] = f"{headers[name]},{value}"
        else:
            headers[name] = value
    return headers
