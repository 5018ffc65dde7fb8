"""Condition values that are not plain strings: numbers, dates, addresses, Booleans, bytes.

Every reader returns None for text it cannot read (unsettled.MALFORMED_TYPED_VALUE).
"""

import base64
import binascii
import ipaddress
import re
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from functools import lru_cache
from typing import Final

_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)")
_EPOCH: Final = re.compile(r"[0-9]+(?:\.[0-9]+)?")
_W3C_DATE: Final = re.compile(
    r"(?P<year>[0-9]{4})(?:-(?P<month>[0-9]{2})(?:-(?P<day>[0-9]{2})"
    r"(?:T(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2})(?P<fraction>\.[0-9]+)?)?"
    r"(?P<zone>Z|[+-][0-9]{2}:[0-9]{2}))?)?)?"
)
_PREFIX: Final = re.compile(r"[0-9]{1,3}")
_SHORT: Final = 512
_YEAR_DIGITS: Final = 4

Network = tuple[int, int, int]


@lru_cache(maxsize=2048)
def number(text: str) -> Decimal | None:
    """Return the integer or decimal number the text holds."""
    return Decimal(text) if len(text) <= _SHORT and _NUMBER.fullmatch(text) else None


@lru_cache(maxsize=2048)
def date(text: str) -> Decimal | None:
    """Return the moment the text names, in seconds since 1970: a W3C form of ISO 8601, or an epoch."""
    if len(text) > _SHORT:
        return None
    if len(text) != _YEAR_DIGITS and _EPOCH.fullmatch(text):
        return Decimal(text)
    found = _W3C_DATE.fullmatch(text)
    if found is None:
        return None
    part = found.groupdict()
    try:
        moment = datetime(
            int(part["year"]),
            int(part["month"] or 1),
            int(part["day"] or 1),
            int(part["hour"] or 0),
            int(part["minute"] or 0),
            int(part["second"] or 0),
            tzinfo=_zone(part["zone"]),
        )
        whole = moment - datetime(1970, 1, 1, tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
    seconds = Decimal(whole.days) * 86_400 + whole.seconds
    return seconds + Decimal("0" + part["fraction"]) if part["fraction"] else seconds


@lru_cache(maxsize=2048)
def address(text: str) -> Network | None:
    """Return a single address of a request as version, number and mask."""
    return None if "/" in text else network(text)


@lru_cache(maxsize=2048)
def network(text: str) -> Network | None:
    """Return an address range in CIDR notation as version, number and mask; a bare address is a range of one."""
    bare, slash, prefix = text.partition("/")
    if "%" in bare or (slash and not _PREFIX.fullmatch(prefix)):
        return None
    try:
        found = ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None
    return found.version, int(found.network_address), int(found.netmask)


def contains(range_: Network, single: Network) -> bool:
    """Whether the address is in the range; an IPv4 address is in no IPv6 range, and the other way round."""
    return range_[0] == single[0] and single[1] & range_[2] == range_[1]


def boolean(text: str) -> bool | None:
    """Return the truth value, however it is capitalised."""
    return {"true": True, "false": False}.get(text.lower())


@lru_cache(maxsize=2048)
def binary(text: str) -> bytes | None:
    """Return the bytes that the base64 text holds."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None


def _zone(text: str | None) -> timezone:
    if text is None or text == "Z":
        return UTC
    sign = -1 if text[0] == "-" else 1
    minutes = int(text[4:6])
    if minutes >= 60:  # noqa: PLR2004 - minutes of an hour
        raise ValueError(text)
    return timezone(sign * timedelta(hours=int(text[1:3]), minutes=minutes))
