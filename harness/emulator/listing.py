"""Paginated lists, as the List operations of Cognito give them out."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from harness.emulator.service import ServiceError
from harness.emulator.unconfirmed import calls as unconfirmed

if TYPE_CHECKING:
    from collections.abc import Sequence

_Item = TypeVar("_Item")
_DEFAULT_LIMIT = 60


def page(items: Sequence[_Item], limit: int | None, token: str | None) -> tuple[list[_Item], dict[str, str]]:
    """Return one page of the items, and the NextToken member for the answer, empty on the last page.

    Raises ServiceError InvalidParameterException for a token that no page gave out.
    """
    if token is not None and not token.isdecimal():
        raise ServiceError("InvalidParameterException", unconfirmed.PAGINATION_TOKEN_INVALID)
    start = int(token or 0)
    end = start + (limit or _DEFAULT_LIMIT)
    return list(items[start:end]), {"NextToken": str(end)} if end < len(items) else {}
