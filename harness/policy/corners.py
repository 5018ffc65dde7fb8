"""Which unsettled choices a statement's answer to a request rests on; the names are those of the module `unsettled`."""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from harness.policy import typed_values
from harness.policy.conditions import Condition, Test
from harness.policy.errors import UnderivableKeyError
from harness.policy.operators import Family
from harness.policy.requests import Request
from harness.policy.statements import Statement
from harness.policy.variables import Variable

_Reader = Callable[[str], object]
_READERS: Final[dict[Family, tuple[_Reader, _Reader]]] = {
    Family.NUMERIC: (typed_values.number, typed_values.number),
    Family.DATE: (typed_values.date, typed_values.date),
    Family.IP: (typed_values.address, typed_values.network),
    Family.BINARY: (typed_values.binary, typed_values.binary),
    Family.BOOL: (typed_values.boolean, typed_values.boolean),
}
_COLONS_IN_ARN: Final = 5


def touches(statement: Statement, request: Request) -> bool:
    """Whether the statement may rest on a choice for this request; quick, and false for ordinary tenant policies."""
    facts = statement.resources
    if facts.delicate or (facts.variables and not _plain_variables(facts.variables, request)):
        return True
    for condition in statement.conditions:
        values = request.known.get(condition.key)
        if condition.delicate or values is None or len(values) != 1 or not values[0]:
            return True
        if condition.variables and not _plain_variables(condition.variables, request):
            return True
    return False


def corners_of(statement: Statement, request: Request, *, applied: bool) -> Sequence[str]:
    """Return the choices the statement's answer rests on, none when it does not.

    A statement that applied rests on all its parts. One that did not rests on a choice only if nothing else failed.
    """
    found = list(_resource_corners(statement, request))
    if applied:
        found.extend(_colon_corners(statement, request))
        for condition in statement.conditions:
            found.extend(_condition_corners(condition, request))
        return found
    facts = statement.resources
    rests_on_resource = found and (facts.inverted or facts.reaches(request.resource))
    if not rests_on_resource and not _holds(statement.matches_resource, request):
        return ()
    for condition in statement.conditions:
        if not _holds(condition.holds, request):
            corners = _condition_corners(condition, request)
            if not corners:
                return ()
            found.extend(corners)
    return found


def _condition_corners(condition: Condition, request: Request) -> Sequence[str]:
    values = request.known.get(condition.key)
    found: list[str] = []
    if values is None or len(values) != 1 or not values[0]:
        found.extend(_counting_corners(condition, values))
    if condition.delicate:
        found.extend(_value_corners(condition, values or ()))
    if condition.variables and values:
        patterns = condition.operator.family in {Family.STRING_LIKE, Family.ARN}
        found.extend(_variable_corners(condition.variables, request, patterns=patterns))
    return found


def _holds(test: Test, request: Request) -> bool:
    try:
        return test(request)
    except UnderivableKeyError:
        return False


def _plain_variables(variables: Sequence[Variable], request: Request) -> bool:
    """Whether every variable has one ordinary value."""
    for variable in variables:
        values = request.known.get(variable.key)
        if values is None or len(values) != 1 or not values[0] or "*" in values[0] or "?" in values[0]:
            return False
    return True


def _counting_corners(condition: Condition, values: Sequence[str] | None) -> Iterator[str]:
    any_value, every_value = (condition.set_operator == name for name in ("ForAnyValue", "ForAllValues"))
    if values is not None and not values:
        yield "EMPTY_LIST"
    if not values:
        if any_value and condition.if_exists:
            yield "FOR_ANY_VALUE_IF_EXISTS_ABSENT"
        elif any_value and condition.operator.negated:
            yield "FOR_ANY_VALUE_NEGATED_ABSENT"
    elif len(values) > 1:
        if not condition.set_operator and condition.operator.family is not Family.NULL:
            yield "SEVERAL_VALUES_WITHOUT_SET_OPERATOR"
        if any_value and condition.operator.negated and len(condition.values) > 1:
            yield "FOR_ANY_VALUE_NEGATED_SEVERAL"
    elif every_value and not values[0]:
        yield "EMPTY_STRING_FOR_ALL_VALUES"


def _value_corners(condition: Condition, values: Sequence[str]) -> Iterator[str]:
    family = condition.operator.family
    if condition.unquoted:
        yield "UNQUOTED_VALUES"
    if family is Family.BOOL and any("${" in value for value in condition.values):
        yield "VARIABLE_IN_BOOL"
    if family is Family.ARN and "*" in condition.values:
        yield "ARN_LIKE_SINGLE_STAR"
    if family is Family.IP and any(":" in value and "/" not in value for value in condition.values):
        yield "BARE_IPV6_ADDRESS"
    if family is Family.DATE and any(_is_year(value) for value in (*condition.values, *values)):
        yield "FOUR_DIGITS_ARE_A_YEAR"
    if family in _READERS and values:
        read_found, read_wanted = _READERS[family]
        wanted = () if condition.variables else condition.values
        unreadable = [value for value in values if read_found(value) is None]
        unreadable += [value for value in wanted if read_wanted(value) is None]
        if unreadable:
            yield "MALFORMED_TYPED_VALUE"


def _variable_corners(variables: Sequence[Variable], request: Request, *, patterns: bool) -> Iterator[str]:
    for variable in variables:
        values = request.known.get(variable.key)
        if values is None or len(values) != 1:
            continue
        if not values[0]:
            yield "EMPTY_STRING_VARIABLE"
        elif patterns and ("*" in values[0] or "?" in values[0]):
            yield "WILDCARDS_IN_VARIABLE_VALUES"


def _resource_corners(statement: Statement, request: Request) -> Iterator[str]:
    facts = statement.resources
    if facts.variables:
        yield from _variable_corners(facts.variables, request, patterns=True)
        if facts.has_early_variable:
            yield "VARIABLE_BEFORE_FIFTH_COLON"
        if facts.inverted and any(
            variable.default is None and not request.known.get(variable.key) for variable in facts.variables
        ):
            yield "VARIABLE_WITHOUT_VALUE_IN_NOT_RESOURCE"


def _colon_corners(statement: Statement, request: Request) -> Iterator[str]:
    facts = statement.resources
    crosses_early = facts.has_early_wildcard and not facts.reaches_by_parts(request.resource)
    if crosses_early or (facts.has_late_wildcard and request.resource.count(":") > _COLONS_IN_ARN):
        yield "RESOURCE_WILDCARD_CROSSES_COLONS"


def _is_year(value: str) -> bool:
    return len(value) == 4 and value.isascii() and value.isdecimal()  # noqa: PLR2004 - the digits of a year
