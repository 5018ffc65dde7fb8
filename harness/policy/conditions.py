"""One condition key under one operator, compiled (IAM page "IAM JSON policy elements: Condition operators")."""

import operator as compare
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from harness.policy import typed_values
from harness.policy.errors import UnderivableKeyError
from harness.policy.matching import Matcher, arn_glob, glob, matcher
from harness.policy.requests import Request
from harness.policy.variables import Token, Variable, Wildcard, shown, tokenize

Test = Callable[[Request], bool]


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

_READERS: Final[dict[Family, tuple[Callable[[str], Any], Callable[[str], Any]]]] = {
    Family.NUMERIC: (typed_values.number, typed_values.number),
    Family.DATE: (typed_values.date, typed_values.date),
    Family.IP: (typed_values.address, typed_values.network),
    Family.BINARY: (typed_values.binary, typed_values.binary),
}
_STRINGS: Final = frozenset({Family.STRING, Family.STRING_IGNORE_CASE, Family.STRING_LIKE, Family.ARN})
_PATTERNS: Final = frozenset({Family.STRING_LIKE, Family.ARN})


@dataclass(frozen=True, slots=True, eq=False)
class Condition:
    """One key under one operator. `holds` answers for a request and raises UnderivableKeyError when it must."""

    name: str
    operator: Operator
    set_operator: str
    if_exists: bool
    key: str
    values: tuple[str, ...]
    entries: tuple[tuple[Token, ...], ...]
    generous: bool
    allows: bool
    holds: Test

    def compared(self, request: Request) -> tuple[str | None, ...]:
        """Return the policy's values as they were compared: variables replaced, None where one has no value."""
        return tuple(shown(tokens, request, empty_counts=self.generous) for tokens in self.entries)


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


def compile_condition(name: str, key: str, values: Sequence[str], *, allows: bool, variables: bool) -> Condition:
    """Return the condition for an operator that `split_operator` knows.

    `allows` is the effect of the statement, which decides the reading where the documentation leaves two.
    """
    split = split_operator(name)
    if split is None:
        raise ValueError(name)
    set_operator, operator, if_exists = split
    # In doubt an Allow should hold and a Deny should not; a negated operator holds when its values do not match.
    generous = allows != operator.negated
    resolves = variables and (operator.family in _STRINGS or (operator.family is Family.BOOL and allows))
    entries = tuple(tokenize(value, variables=resolves, wildcards=operator.family in _PATTERNS) for value in values)
    lower_key = key.lower()
    if operator.family is Family.NULL:
        holds = _null(lower_key, values)
    else:
        satisfies = _satisfies(operator, values, entries, generous=generous)
        absent = if_exists or operator.negated
        holds = _quantified(set_operator, lower_key, satisfies, absent=absent, allows=allows)
    return Condition(
        name, operator, set_operator, if_exists, lower_key, tuple(values), entries, generous, allows, holds
    )


def _null(key: str, values: Sequence[str]) -> Test:
    wanted = frozenset(typed_values.boolean(value) for value in values)

    def holds(request: Request) -> bool:
        absent = not request.known.get(key)
        if absent and key in request.underivable:
            raise UnderivableKeyError(key)
        return absent in wanted

    return holds


def _quantified(set_operator: str, key: str, satisfies: Matcher, *, absent: bool, allows: bool) -> Test:
    if set_operator == "ForAllValues":
        return _for_all_values(key, satisfies, allows=allows)
    if set_operator == "ForAnyValue":
        return _for_any_value(key, satisfies)

    def holds(request: Request) -> bool:
        values = request.known.get(key)
        if not values:
            return _without_values(key, request, holds=absent)
        return len(values) == 1 and satisfies(values[0], request)

    return holds


def _for_all_values(key: str, satisfies: Matcher, *, allows: bool) -> Test:
    def holds(request: Request) -> bool:
        values = request.known.get(key)
        if not values:
            return _without_values(key, request, holds=True)
        if len(values) == 1:
            return (allows and not values[0]) or satisfies(values[0], request)
        return _all_satisfy(satisfies, values, request)

    return holds


def _for_any_value(key: str, satisfies: Matcher) -> Test:
    def fails(value: str, request: Request) -> bool:
        return not satisfies(value, request)

    def holds(request: Request) -> bool:
        values = request.known.get(key)
        if not values:
            return _without_values(key, request, holds=False)
        return not _all_satisfy(fails, values, request)

    return holds


def _without_values(key: str, request: Request, *, holds: bool) -> bool:
    if key in request.underivable:
        raise UnderivableKeyError(key)
    return holds


def _all_satisfy(satisfies: Matcher, values: Sequence[str], request: Request) -> bool:
    """Whether every value does. What cannot be known matters only when no other value already settles the answer."""
    unknown: UnderivableKeyError | None = None
    for value in values:
        try:
            if not satisfies(value, request):
                return False
        except UnderivableKeyError as error:
            unknown = error
    if unknown is not None:
        raise unknown
    return True


def _satisfies(
    operator: Operator, values: Sequence[str], entries: Sequence[tuple[Token, ...]], *, generous: bool
) -> Matcher:
    """Return whether one request value satisfies the operator against all the policy's values."""
    if operator.family in _READERS:
        return _typed(operator, values)
    matches = _any_of(_matchers(operator.family, entries, generous=generous))
    if operator.negated:
        return lambda value, request: not matches(value, request)
    return matches


def _typed(operator: Operator, values: Sequence[str]) -> Matcher:
    read_found, read_wanted = _READERS[operator.family]
    wanted = [read_wanted(value) for value in values]
    readable = [value for value in wanted if value is not None]
    test, negated = operator.holds, operator.negated
    never = negated and len(readable) < len(wanted)

    def satisfies(value: str, _request: Request) -> bool:
        found = read_found(value)
        if found is None or never:
            return False
        return any(test(found, entry) for entry in readable) != negated

    return satisfies


def _any_of(matchers: Sequence[Matcher]) -> Matcher:
    if len(matchers) == 1:
        return matchers[0]

    def matches(value: str, request: Request) -> bool:
        unknown: UnderivableKeyError | None = None
        for test in matchers:
            try:
                if test(value, request):
                    return True
            except UnderivableKeyError as error:
                unknown = error
        if unknown is not None:
            raise unknown
        return False

    return matches


def _matchers(family: Family, entries: Sequence[tuple[Token, ...]], *, generous: bool) -> list[Matcher]:
    matchers: list[Matcher] = []
    exact: set[str] = set()
    for tokens in entries:
        if family is Family.ARN and tokens == (Wildcard.RUN,):
            matchers.append(lambda _value, _request: generous)
        elif family is Family.ARN:
            matchers.append(matcher(tokens, empty_counts=generous, compiled=arn_glob))
        elif family is Family.STRING_LIKE:
            matchers.append(matcher(tokens, empty_counts=generous, compiled=glob))
        elif any(isinstance(token, Variable) for token in tokens):
            test = matcher(tokens, empty_counts=generous, compiled=glob)
            matchers.append(test if family is Family.STRING else _folded(tokens, generous=generous, family=family))
        else:
            exact.add("".join(token for token in tokens if isinstance(token, str)))
    if exact:
        matchers.insert(0, _exact(family, exact))
    return matchers


def _exact(family: Family, texts: set[str]) -> Matcher:
    if family is Family.STRING:
        frozen = frozenset(texts)
        return lambda value, _request: value in frozen
    folded = frozenset(text.lower() for text in texts)
    if family is Family.BOOL:
        folded &= {"true", "false"}
    return lambda value, _request: value.lower() in folded


def _folded(tokens: tuple[Token, ...], *, generous: bool, family: Family) -> Matcher:
    def matches(value: str, request: Request) -> bool:
        text = shown(tokens, request, empty_counts=generous)
        if text is None or (family is Family.BOOL and typed_values.boolean(text) is None):
            return False
        return text.lower() == value.lower()

    return matches
