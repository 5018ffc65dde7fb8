"""How the reference reads numbers, dates, addresses and bytes; it shares no code with the engine either."""

import base64
import re
import socket
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

DATE_SHAPES = {
    "9999": "%Y",
    "9999-99": "%Y-%m",
    "9999-99-99": "%Y-%m-%d",
    "9999-99-99T99:99Z": "%Y-%m-%dT%H:%M%z",
    "9999-99-99T99:99:99Z": "%Y-%m-%dT%H:%M:%S%z",
}


def read(operator: str, text: str, *, is_policy: bool = False) -> Any:
    if operator.startswith("Numeric"):
        is_number = re.fullmatch(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)", text)
        return Fraction(text) if is_number else None
    if operator.startswith("Date"):
        return read_date(text)
    if operator == "BinaryEquals":
        try:
            return base64.b64decode(text, validate=True)
        except ValueError:
            return None
    return read_address(text, is_policy=is_policy)


def read_date(text: str) -> Fraction | None:
    if not text.isascii():
        return None
    if re.fullmatch(r"[0-9]+(\.[0-9]+)?", text) and len(text) != 4:
        return Fraction(text)
    fraction = re.search(r"(?<=:[0-9][0-9])\.[0-9]+(?=[Z+-])", text)
    whole = text.replace(fraction[0], "", 1) if fraction else text
    shape = re.sub(r"[0-9]", "9", whole)
    shape = re.sub(r"(?<=T99:99)[+-]99:99$|(?<=T99:99:99)[+-]99:99$", "Z", shape)
    if shape not in DATE_SHAPES or (fraction and not shape.endswith(":99:99Z")):
        return None
    if re.search(r"[+-][0-9]{2}:[6-9][0-9]$", whole):
        return None
    try:
        moment = datetime.strptime(whole, DATE_SHAPES[shape])  # noqa: DTZ007 - the zone is part of the longer shapes
    except ValueError:
        return None
    moment = moment.replace(tzinfo=moment.tzinfo or UTC)
    seconds = Fraction(round((moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()))
    return seconds + Fraction("0" + fraction[0]) if fraction else seconds


def read_address(text: str, *, is_policy: bool) -> tuple[str, int] | None:
    """Return the address as bits and how many of them count."""
    bare, slash, length = text.partition("/")
    if slash and not is_policy:
        return None
    family = socket.AF_INET6 if ":" in bare else socket.AF_INET
    try:
        bits = "".join(f"{byte:08b}" for byte in socket.inet_pton(family, bare))
    except (OSError, ValueError):
        return None
    if not slash:
        return bits, len(bits)
    if not re.fullmatch(r"[0-9]{1,3}", length) or int(length) > len(bits):
        return None
    return bits, int(length)
