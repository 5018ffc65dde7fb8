"""The steps every call of the emulator's own services goes through, in AWS's order, written once.

Known operation, constraints of the model, authorization, and only then the question whether we implement every
parameter: a caller without permission is told so whatever else the request asks.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from harness.emulator.parameters import check_constraints, is_known, refuse_unsupported
from harness.emulator.service import NotDerivableError, ServiceError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from harness.emulator.service import Authorizer, Call


@dataclass(frozen=True, slots=True)
class Guarded:
    """What a signed operation is authorized on: the resource ARN, and the condition keys the request adds.

    `also` names further operations that the caller must have leave for, on the same resource.
    """

    resource: str
    context: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Operation:
    """One implemented operation.

    `accepts` names the parameters it implements, as dotted paths. `guard` says what it is authorized on; None marks
    a public operation, or one that decides about its caller itself.
    """

    perform: Callable[[Call], Mapping[str, Any]]
    accepts: frozenset[str]
    guard: Callable[[Mapping[str, Any]], Guarded] | None = None


def accepting(*paths: str) -> frozenset[str]:
    """Return the parameter paths; each argument may hold several names separated by blanks."""
    return frozenset(name for path in paths for name in path.split())


class OperationTable:
    """Performs the calls of one service. Calls come one at a time: whoever holds the gateway's turn (turn.py)."""

    def __init__(
        self,
        service: str,
        operations: Mapping[str, Operation],
        authorize: Authorizer | None = None,
        guard_of_others: Callable[[Mapping[str, Any]], Guarded | None] | None = None,
    ) -> None:
        """`guard_of_others` guards operations that are not implemented, so that a denial can still be told."""
        self._service = service
        self._guard_of_others = guard_of_others
        self._operations = operations
        self._authorize = authorize

    def handle(self, call: Call) -> Mapping[str, Any]:
        """Return the result of the call.

        Raises NotDerivableError for an operation or parameter that is not implemented, otherwise the ServiceError
        that AWS would answer.
        """
        operation = self._operations.get(call.operation)
        if operation is None:
            raise self._refusal_of_other(call)
        if operation.guard is not None and call.principal is None:
            message = "Request is missing Authentication Token"
            raise ServiceError("MissingAuthenticationTokenException", message)
        check_constraints(self._service, call.operation, call.params)
        if operation.guard is not None:
            self._check(call, operation.guard(call.params))
        refuse_unsupported(call.operation, call.params, operation.accepts)
        return operation.perform(call)

    def _refusal_of_other(self, call: Call) -> ServiceError:
        """Return the refusal of an operation that is not implemented; a caller without permission learns that first."""
        guarded = self._guard_of_others(call.params) if self._guard_of_others is not None else None
        if guarded is not None and call.principal is not None and is_known(self._service, call.operation):
            try:
                self._check(call, guarded)
            except ServiceError as denial:
                return denial
        return NotDerivableError(f"operation {self._service}:{call.operation}")

    def _check(self, call: Call, guarded: Guarded) -> None:
        if self._authorize is not None:
            for operation in (call.operation, *guarded.also):
                self._authorize(call.principal, f"{self._service}:{operation}", guarded.resource, guarded.context)


def request_tags(tags: Mapping[str, str] | None) -> dict[str, tuple[str, ...]]:
    """Return the condition keys of a request that sets tags: aws:RequestTag/KEY for each, and aws:TagKeys."""
    if not tags:
        return {}
    keys = {f"aws:requesttag/{key.lower()}": (value,) for key, value in tags.items()}
    return {**keys, "aws:tagkeys": tuple(tags)}


def resource_tags(tags: Mapping[str, str] | None) -> dict[str, tuple[str, ...]]:
    """Return the condition keys aws:ResourceTag/KEY of a tagged resource."""
    return {f"aws:resourcetag/{key.lower()}": (value,) for key, value in (tags or {}).items()}
