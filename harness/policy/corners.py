"""Which unsettled choices an applied statement rests on for a request; see the module `unsettled`."""

from collections.abc import Iterator

from harness.policy.requests import Request
from harness.policy.statements import Statement


def corners_of(statement: Statement, request: Request) -> Iterator[str]:
    """Return the names of the constants on which the statement's answer for the request rests."""
    for condition in statement.conditions:
        values = request.known.get(condition.key)
        if condition.set_operator == "ForAnyValue" and not values:
            if condition.if_exists:
                yield "FOR_ANY_VALUE_IF_EXISTS_ABSENT"
            elif condition.operator.negated:
                yield "FOR_ANY_VALUE_NEGATED_ABSENT"
