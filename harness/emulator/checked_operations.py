"""The steps of a call to a REST service of the emulator: what must be allowed is a list of questions about the request.

Known operation, constraints of the model, authorization, and only then the question whether we implement every
parameter, as in `operations`; there one action on one resource is asked for, here any number, with resource policies.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.emulator.parameters import check_constraints, refuse_unsupported
from harness.emulator.service import NotDerivableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from harness.emulator.authorization import ScopedAuthorizer
    from harness.emulator.authorization_check import AuthorizationCheck
    from harness.emulator.service import Call


@dataclass(frozen=True, slots=True)
class CheckedOperation:
    """One implemented operation: what performs it, the parameters it implements, and what must be allowed first."""

    perform: Callable[[Call], Mapping[str, Any]]
    accepts: frozenset[str]
    checks: Callable[[Mapping[str, Any]], Iterable[AuthorizationCheck]]


class CheckedOperations:
    """Performs the calls of one REST service. Calls come one at a time: whoever holds the gateway's turn (turn.py)."""

    def __init__(self, service: str, operations: Mapping[str, CheckedOperation], authorizer: ScopedAuthorizer) -> None:
        self._service = service
        self._operations = operations
        self._authorizer = authorizer

    def handle(self, call: Call) -> Mapping[str, Any]:
        """Return the result of the call.

        Raises NotDerivableError for an operation or parameter that is not implemented, otherwise the ServiceError
        that AWS would answer.
        """
        operation = self._operations.get(call.operation)
        if operation is None:
            raise NotDerivableError(f"operation {self._service}:{call.operation}")
        check_constraints(self._service, call.operation, call.params)
        self._authorizer.require_all(call.principal, operation.checks(call.params))
        refuse_unsupported(call.operation, call.params, operation.accepts)
        return operation.perform(call)
