"""ExecuteStatement, BatchExecuteStatement and ExecuteTransaction: every statement is authorized before one is done."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from harness.emulator.operations import accepting
from harness.emulator.parameters import refuse_unsupported
from harness.emulator.partiql.reads import read_item, read_page
from harness.emulator.partiql.requests import Bound, answered, bind, statement_check
from harness.emulator.partiql.statements import Exists, Select
from harness.emulator.partiql.tokens import PartiqlError
from harness.emulator.partiql.writes import CONDITION_FAILED, Write, perform, prepare
from harness.emulator.service import NotDerivableError, ServiceError
from harness.emulator.unconfirmed import dynamodb as unconfirmed
from harness.emulator.wire import Protocol, json_reply

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from harness.emulator.authorization import ScopedAuthorizer
    from harness.emulator.dynamodb.idempotency import IdempotentCalls
    from harness.emulator.dynamodb.tables import TableDirectory
    from harness.emulator.principals import Principal
    from harness.emulator.service import Call
    from harness.emulator.wire import Reply

_STATEMENT = "Statement Parameters ReturnValuesOnConditionCheckFailure"
ACCEPTED = {
    "ExecuteStatement": accepting(_STATEMENT, "ConsistentRead NextToken ReturnConsumedCapacity Limit"),
    "BatchExecuteStatement": accepting("Statements ReturnConsumedCapacity"),
    "ExecuteTransaction": accepting("TransactStatements ClientRequestToken ReturnConsumedCapacity"),
}
_NEEDS_PRIMARY_KEY = "Select statements within {operation} must specify the primary key in the where clause."
_EXISTS_ELSEWHERE = "EXISTS can only be used in ExecuteTransaction write requests."
_READS_AND_WRITES = "ExecuteTransaction API does not support both read and write operations in the same request."
# The codes of one statement's error in a batch, and of a transaction's cancellation reasons.
_BATCH_CODES = {"ValidationException": "ValidationError"}


class PartiqlService:
    """PartiQL on the tables of one account in one Region."""

    def __init__(
        self,
        account: str,
        region: str,
        tables: TableDirectory,
        authorizer: ScopedAuthorizer,
        idempotent: IdempotentCalls,
    ) -> None:
        self._account = account
        self._region = region
        self._tables = tables
        self._authorizer = authorizer
        self._idempotent = idempotent

    def answer(self, call: Call) -> Reply:
        """Return the answer to one of the three calls.

        Raises the ServiceError that DynamoDB would answer, or NotDerivableError for what is not known.
        """
        refuse_unsupported(f"dynamodb:{call.operation}", call.params, ACCEPTED[call.operation])
        if call.params.get("ReturnConsumedCapacity") == "INDEXES":
            raise NotDerivableError("ReturnConsumedCapacity INDEXES of a PartiQL statement")
        try:
            if call.operation == "ExecuteStatement":
                return json_reply(Protocol.JSON_1_0, self._statement(call.params, call.principal))
            if call.operation == "BatchExecuteStatement":
                return json_reply(Protocol.JSON_1_0, self._batch(call.params, call.principal))
            return self._transaction(call.params, call.principal)
        except PartiqlError as error:
            raise answered(error) from None

    def _bind(self, body: Mapping[str, Any]) -> Bound:
        return bind(body, self._account, self._region, self._tables)

    def _statement(self, body: Mapping[str, Any], principal: Principal | None) -> Mapping[str, Any]:
        bound = self._bind(body)
        self._authorizer.require_all(principal, [statement_check(bound, body, None)])
        if isinstance(bound.statement, Exists):
            raise ServiceError("ValidationException", _EXISTS_ELSEWHERE)
        if isinstance(bound.statement, Select):
            result = read_page(bound, bound.statement, body)
        else:
            show_old = body.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD"
            result = {"Items": perform(bound, prepare(bound, show_old=show_old))}
        if body.get("ReturnConsumedCapacity") == "TOTAL":
            result["ConsumedCapacity"] = _capacity([bound])[0]
        return result

    # --- Batches -----------------------------------------------------------------------------------------------------

    def _batch(self, params: Mapping[str, Any], principal: Principal | None) -> Mapping[str, Any]:
        bodies = params["Statements"]
        slots = [self._bound_or_error(body) for body in bodies]
        bounds = [slot for slot in slots if isinstance(slot, Bound)]
        enclosing = "BatchExecuteStatement" if unconfirmed.BATCH_STATEMENTS_HAVE_AN_ENCLOSING_OPERATION else None
        for number, slot in enumerate(slots):
            if isinstance(slot, Bound):
                try:
                    self._authorizer.require_all(principal, [statement_check(slot, bodies[number], enclosing)])
                except NotDerivableError:
                    raise
                except ServiceError as error:
                    if error.code == "AccessDeniedException" and unconfirmed.DENIED_STATEMENT_REFUSES_THE_BATCH:
                        raise
                    slots[number] = error
        if len({isinstance(bound.statement, Select) for bound in bounds}) > 1:
            raise ServiceError("ValidationException", unconfirmed.BATCH_READS_AND_WRITES)
        result: dict[str, Any] = {"Responses": [_answer_in_batch(*pair) for pair in zip(slots, bodies, strict=True)]}
        if params.get("ReturnConsumedCapacity") == "TOTAL":
            result["ConsumedCapacity"] = _capacity(bounds)
        return result

    def _bound_or_error(self, body: Mapping[str, Any]) -> Bound | ServiceError:
        try:
            return self._bind(body)
        except NotDerivableError:
            raise
        except ServiceError as error:
            return error

    # --- Transactions ------------------------------------------------------------------------------------------------

    def _transaction(self, params: Mapping[str, Any], principal: Principal | None) -> Reply:
        bodies = params["TransactStatements"]
        bounds = []
        for number, body in enumerate(bodies):
            with _naming_statement(number):
                bounds.append(self._bind(body))
        checks = []
        for bound, body in zip(bounds, bodies, strict=True):
            checks.append(statement_check(bound, body, "ExecuteTransaction"))
        self._authorizer.require_all(principal, checks)
        reads = [isinstance(bound.statement, Select) for bound in bounds]
        if any(reads) and not all(reads):
            raise ServiceError("ValidationException", _READS_AND_WRITES)
        if all(reads):
            return json_reply(Protocol.JSON_1_0, _with_capacity(_read_all(bounds), bounds, params))
        asked = {name: value for name, value in params.items() if name != "ClientRequestToken"}
        return self._idempotent.once(
            params.get("ClientRequestToken"),
            asked,
            lambda: json_reply(Protocol.JSON_1_0, _with_capacity(_write_all(bounds, bodies), bounds, params)),
        )


def _answer_in_batch(slot: Bound | ServiceError, body: Mapping[str, Any]) -> Mapping[str, Any]:
    if isinstance(slot, ServiceError):
        return {"Error": _error_in_batch(slot)}
    answer: dict[str, Any] = {"TableName": slot.address.name}
    try:
        if isinstance(slot.statement, Exists):
            raise ServiceError("ValidationException", _EXISTS_ELSEWHERE)  # noqa: TRY301  one statement's error among others
        if isinstance(slot.statement, Select):
            item = _read_one(slot, slot.statement, "BatchExecuteStatement")
            return answer if item is None else {**answer, "Item": item}
        show_old = body.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD"
        returned = perform(slot, prepare(slot, show_old=show_old))
        return {**answer, "Item": returned[0]} if returned else answer
    except PartiqlError as error:
        failure = answered(error)
    except ServiceError as error:
        failure = error
    if isinstance(failure, NotDerivableError):
        raise failure
    return {**answer, "Error": _error_in_batch(failure)}


def _error_in_batch(error: ServiceError) -> Mapping[str, Any]:
    code = _BATCH_CODES.get(error.code, error.code.removesuffix("Exception"))
    return {"Code": code, "Message": error.message, **error.members}


def _read_one(bound: Bound, select: Select, operation: str) -> Mapping[str, Any] | None:
    try:
        return read_item(bound, select)
    except PartiqlError:
        raise
    except ValueError:
        raise ServiceError("ValidationException", _NEEDS_PRIMARY_KEY.format(operation=operation)) from None


def _read_all(bounds: Sequence[Bound]) -> dict[str, Any]:
    responses: list[Mapping[str, Any]] = []
    for number, bound in enumerate(bounds):
        with _naming_statement(number):
            statement = bound.statement
            item = _read_one(bound, statement, "ExecuteTransaction") if isinstance(statement, Select) else None
            responses.append({} if item is None else {"Item": item})
    return {"Responses": responses}


def _write_all(bounds: Sequence[Bound], bodies: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    writes: list[Write] = []
    reasons: list[Mapping[str, Any]] = []
    for number, (bound, body) in enumerate(zip(bounds, bodies, strict=True)):
        if getattr(bound.statement, "returning", None) is not None:
            raise NotDerivableError("RETURNING in a transaction")
        show_old = body.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD"
        try:
            with _naming_statement(number):
                writes.append(prepare(bound, show_old=show_old))
            reasons.append({"Code": "None"})
        except ServiceError as error:
            if error.code not in (CONDITION_FAILED[0], "DuplicateItemException"):
                raise
            reasons.append(_error_in_batch(error))
    if any(reason["Code"] != "None" for reason in reasons):
        codes = ", ".join(reason["Code"] for reason in reasons)
        message = f"Transaction cancelled, please refer cancellation reasons for specific reasons [{codes}]"
        raise ServiceError("TransactionCanceledException", message, members={"CancellationReasons": reasons})
    entries = [{write.verb: write.members} for write in writes]
    bounds[0].store.call("TransactWriteItems", {"TransactItems": entries})
    return {"Responses": []}


@contextmanager
def _naming_statement(number: int) -> Iterator[None]:
    """Name the statement of a transaction in what DynamoDB refuses about it in the block."""
    try:
        yield
    except (PartiqlError, ServiceError) as error:
        failure = answered(error) if isinstance(error, PartiqlError) else error
        if failure.code != "ValidationException":
            raise failure from None
        message = f"Validation failed in TransactStatements[{number}]: {failure.message}"
        raise ServiceError(failure.code, message) from None


def _with_capacity(result: dict[str, Any], bounds: Sequence[Bound], params: Mapping[str, Any]) -> Mapping[str, Any]:
    if params.get("ReturnConsumedCapacity") == "TOTAL":
        result["ConsumedCapacity"] = _capacity(bounds, 2.0)
    return result


def _capacity(bounds: Sequence[Bound], factor: float = 1.0) -> list[dict[str, Any]]:
    units: dict[str, float] = {}
    for bound in bounds:
        one = 0.5 if isinstance(bound.statement, Select) else 1.0
        units[bound.address.name] = units.get(bound.address.name, 0.0) + one * factor
    return [{"TableName": table, "CapacityUnits": total} for table, total in units.items()]
