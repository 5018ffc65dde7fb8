"""One condition key under one operator, compiled (IAM page "IAM JSON policy elements: Condition")."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from harness.policy import typed_values
from harness.policy.errors import UnderivableKeyError
from harness.policy.matching import Matcher, arn_glob, glob, matcher
from harness.policy.operators import Family, Operator, split_operator
from harness.policy.requests import Request
from harness.policy.variables import Token, Variable, Wildcard, as_text, plain_text, shown, tokenize

Test = Callable[[Request], bool]

_READERS: Final[dict[Family, tuple[Callable[[str], Any], Callable[[str], Any]]]] = {
    Family.NUMERIC: (typed_values.number, typed_values.number),
    Family.DATE: (typed_values.date, typed_values.date),
    Family.IP: (typed_values.address, typed_values.network),
    Family.BINARY: (typed_values.binary, typed_values.binary),
}
_STRINGS: Final = frozenset({Family.STRING, Family.STRING_IGNORE_CASE, Family.STRING_LIKE, Family.ARN})
_PATTERNS: Final = frozenset({Family.STRING_LIKE, Family.ARN})
_PLAIN: Final = _STRINGS | {Family.NULL}


@dataclass(frozen=True, slots=True, eq=False)
class Condition:
    """One key under one operator. `holds` answers for a request and raises UnderivableKeyError when it must.

    `fixed` has the policy's values where no variable is in them; `delicate` says that the values or the operator touch
    a choice of the module `unsettled` even for an ordinary request value.
    """

    name: str
    operator: Operator
    set_operator: str
    if_exists: bool
    key: str
    values: tuple[str, ...]
    entries: tuple[tuple[Token, ...], ...]
    fixed: tuple[str, ...] | None
    variables: tuple[Variable, ...]
    unquoted: bool
    delicate: bool
    generous: bool
    allows: bool
    holds: Test

    def compared(self, request: Request) -> tuple[str | None, ...]:
        """Return the policy's values as they were compared: variables replaced, None where one has no value."""
        if self.fixed is not None:
            return self.fixed
        return tuple([shown(tokens, request, empty_counts=self.generous) for tokens in self.entries])


def compile_condition(
    name: str, key: str, values: Sequence[str], *, allows: bool, variables: bool, unquoted: bool = False
) -> Condition:
    """Return the condition for an operator that `split_operator` knows.

    `allows` is the effect of the statement, which decides the reading where the documentation leaves two; `unquoted`
    says that a value stood in the document as a number or a Boolean.
    """
    split = split_operator(name)
    if split is None:
        raise ValueError(name)
    set_operator, operator, if_exists = split
    # In doubt an Allow should hold and a Deny should not; a negated operator holds when its values do not match.
    generous = allows != operator.negated
    resolves = variables and (operator.family in _STRINGS or (operator.family is Family.BOOL and allows))
    entries = tuple(tokenize(value, variables=resolves, wildcards=operator.family in _PATTERNS) for value in values)
    used = tuple(token for tokens in entries for token in tokens if isinstance(token, Variable))
    lower_key = key.lower()
    if operator.family is Family.NULL:
        holds = _null(lower_key, values)
    else:
        satisfies = _satisfies(operator, values, entries, generous=generous)
        absent = if_exists or operator.negated
        holds = _quantified(set_operator, lower_key, satisfies, absent=absent, allows=allows)
    return Condition(
        name=name,
        operator=operator,
        set_operator=set_operator,
        if_exists=if_exists,
        key=lower_key,
        values=tuple(values),
        entries=tuple(as_text(tokens) for tokens in entries),
        fixed=None if used else tuple(plain_text(tokens) for tokens in entries),
        variables=used,
        unquoted=unquoted,
        delicate=unquoted or operator.family not in _PLAIN or (operator.family is Family.ARN and "*" in values),
        generous=generous,
        allows=allows,
        holds=holds,
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
