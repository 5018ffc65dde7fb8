"""The condition operators and how their names are made (IAM page "IAM JSON policy elements: Condition operators")."""

import operator as compare
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from harness.policy import typed_values


class Family(Enum):
    """How an operator reads its values."""

    STRING = "String"
    STRING_IGNORE_CASE = "StringIgnoreCase"
    STRING_LIKE = "StringLike"
    ARN = "Arn"
    BOOL = "Bool"
    NUMERIC = "Numeric"
    DATE = "Date"
    IP = "IpAddress"
    BINARY = "Binary"
    NULL = "Null"


@dataclass(frozen=True, slots=True)
class Operator:
    """A condition operator without its set operator and IfExists: family, negation, comparison of typed values."""

    family: Family
    negated: bool = False
    holds: Callable[[Any, Any], bool] = compare.eq


def _ordered(prefix: str, family: Family) -> dict[str, Operator]:
    return {
        f"{prefix}Equals": Operator(family),
        f"{prefix}NotEquals": Operator(family, negated=True),
        f"{prefix}LessThan": Operator(family, holds=compare.lt),
        f"{prefix}LessThanEquals": Operator(family, holds=compare.le),
        f"{prefix}GreaterThan": Operator(family, holds=compare.gt),
        f"{prefix}GreaterThanEquals": Operator(family, holds=compare.ge),
    }


OPERATORS: Final = {
    "StringEquals": Operator(Family.STRING),
    "StringNotEquals": Operator(Family.STRING, negated=True),
    "StringEqualsIgnoreCase": Operator(Family.STRING_IGNORE_CASE),
    "StringNotEqualsIgnoreCase": Operator(Family.STRING_IGNORE_CASE, negated=True),
    "StringLike": Operator(Family.STRING_LIKE),
    "StringNotLike": Operator(Family.STRING_LIKE, negated=True),
    "ArnEquals": Operator(Family.ARN),
    "ArnLike": Operator(Family.ARN),
    "ArnNotEquals": Operator(Family.ARN, negated=True),
    "ArnNotLike": Operator(Family.ARN, negated=True),
    "Bool": Operator(Family.BOOL),
    "BinaryEquals": Operator(Family.BINARY),
    "IpAddress": Operator(Family.IP, holds=lambda found, range_: typed_values.contains(range_, found)),
    "NotIpAddress": Operator(Family.IP, negated=True, holds=lambda found, range_: typed_values.contains(range_, found)),
    "Null": Operator(Family.NULL),
    **_ordered("Numeric", Family.NUMERIC),
    **_ordered("Date", Family.DATE),
}
SET_OPERATORS: Final = ("ForAllValues", "ForAnyValue")
IF_EXISTS: Final = "IfExists"


def split_operator(name: str) -> tuple[str, Operator, bool] | None:
    """Return the set operator (or an empty string), the operator and whether IfExists follows; None if unknown."""
    set_operator, colon, base = name.rpartition(":")
    if colon and set_operator not in SET_OPERATORS:
        return None
    if base in OPERATORS:
        return set_operator, OPERATORS[base], False
    bare = base.removesuffix(IF_EXISTS)
    if bare == base or bare not in OPERATORS or bare == "Null":
        return None
    return set_operator, OPERATORS[bare], True
