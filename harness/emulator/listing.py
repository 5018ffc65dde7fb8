"""Paginated lists, as the List operations of most services give them out."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from harness.emulator.service import ServiceError
from harness.emulator.unconfirmed import calls as unconfirmed

if TYPE_CHECKING:
    from collections.abc import Sequence

_Item = TypeVar("_Item")
_DEFAULT_LIMIT = 60


def page(
    items: Sequence[_Item],
    limit: int | None,
    token: str | None,
    *,
    default: int = _DEFAULT_LIMIT,
    member: str = "NextToken",
    refusal: str = "InvalidParameterException",
) -> tuple[list[_Item], dict[str, str]]:
    """Return one page of the items, and the member of the answer that leads to the next, empty on the last page.

    Raises ServiceError with the code `refusal` for a token that no page gave out.
    """
    if token is not None and not token.isdecimal():
        raise ServiceError(refusal, unconfirmed.PAGINATION_TOKEN_INVALID)
    start = int(token or 0)
    end = start + (limit or default)
    return list(items[start:end]), {member: str(end)} if end < len(items) else {}
