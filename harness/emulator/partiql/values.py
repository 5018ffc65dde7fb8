"""Values as PartiQL writes them -> attribute values, and how attribute values compare."""

from __future__ import annotations

import base64
import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from harness.emulator.partiql.tokens import NOT_WELL_FORMED, PartiqlError, refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.emulator.partiql.statements import Value

_DIGITS = 38
_LARGEST_POWER = 125
_SMALLEST_POWER = -130
_INTEGER = 2**31
_EXPONENT = re.compile(r"[eE]([+-]?\d+)$")
_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?", re.ASCII)
_ORDERED = ("S", "N", "B")


def number(text: str, place: str) -> Value:
    """Return a number as DynamoDB stores it. `place` is where in a value it stands, for the message about its size."""
    exponent = _EXPONENT.search(text)
    digits_after_point = len(text.partition(".")[2].lower().partition("e")[0])
    power = int(exponent[1]) if exponent else 0
    if abs(power) >= _INTEGER or abs(digits_after_point - power) >= _INTEGER:
        raise refused(NOT_WELL_FORMED)
    read = Decimal(text)
    if read == 0:
        return {"N": "0"}
    digits = "".join(map(str, read.as_tuple().digits)).strip("0")
    problem = None
    if read.adjusted() > _LARGEST_POWER:
        problem = "Number overflow. Attempting to store a number with magnitude larger than supported range"
    elif read.adjusted() < _SMALLEST_POWER:
        problem = "Number underflow. Attempting to store a number with magnitude smaller than supported range"
    elif len(digits) > _DIGITS:
        problem = "Attempting to store more than 38 significant digits in a Number"
    if problem is not None:
        raise refused(f"{problem} under {place}")
    plain = format(read, "f")
    return {"N": plain.rstrip("0").rstrip(".") if "." in plain else plain}


def bag(members: list[Value]) -> Value:
    """Return a set of the members of `<<...>>`. Raises PartiqlError as DynamoDB refuses what is no set."""
    if not members:
        raise refused("Empty bags are not supported")
    kinds = {kind for member in members for kind in member}
    if kinds not in ({"S"}, {"N"}):
        raise refused("Unsupported data type in Bag. DynamoDB only supports either numbers or strings in bags")
    (kind,) = kinds
    texts = [str(member[kind]) for member in members]
    if len({_comparable({kind: text}) for text in texts}) != len(texts):
        shown = ", ".join(texts)
        raise refused(f"One or more parameter values were invalid: Input collection [{shown}] contains duplicates.")
    return {f"{kind}S": texts}


def parameter(value: Any) -> Value:
    """Return a parameter's value. Raises PartiqlError for one that has no single type or does not keep to its type."""
    if not isinstance(value, dict) or len(value) != 1:
        raise PartiqlError("a parameter with other than one type")
    kind, content = next(iter(value.items()))
    members = {"L": content, "M": content.values() if isinstance(content, dict) else ()}.get(kind, ())
    for member in members:
        parameter(member)
    numbers = {"N": [content], "NS": content}.get(kind, ())
    if any(not isinstance(text, str) or not _NUMBER.fullmatch(text) for text in numbers):
        raise PartiqlError("a parameter that is no number")
    try:
        _comparable(value)
    except (TypeError, ValueError, AttributeError, ArithmeticError):
        raise PartiqlError("a parameter that does not keep to its type") from None
    return value


def type_of(value: Value) -> str:
    """Return the attribute type of a value, such as S."""
    return next(iter(value))


def is_ordered(value: Value) -> bool:
    """Tell whether values of this type have an order."""
    return type_of(value) in _ORDERED


def equal(left: Value, right: Value) -> bool:
    """Tell whether two attribute values are the same; sets and maps in whatever order."""
    return type_of(left) == type_of(right) and bool(_comparable(left) == _comparable(right))


def less(left: Value, right: Value) -> bool:
    """Tell whether the first value is before the second; values of different types have no order."""
    if type_of(left) != type_of(right) or not is_ordered(left):
        return False
    return bool(_comparable(left) < _comparable(right))


def sort_key(value: Value) -> Any:
    """Return what values of one key attribute are sorted by."""
    return _comparable(value)


def _comparable(value: Value) -> Any:
    kind, content = next(iter(value.items()))
    return _COMPARABLE.get(kind, lambda same: same)(content)


def _bytes(text: str) -> bytes:
    return base64.b64decode(text, validate=True)


_COMPARABLE: dict[str, Callable[[Any], Any]] = {
    "S": lambda text: text.encode("utf-8", "surrogatepass"),
    "N": Decimal,
    "B": _bytes,
    "SS": frozenset,
    "NS": lambda members: frozenset(map(Decimal, members)),
    "BS": lambda members: frozenset(map(_bytes, members)),
    "L": lambda members: [(type_of(member), _comparable(member)) for member in members],
    "M": lambda members: {name: (type_of(member), _comparable(member)) for name, member in members.items()},
}
