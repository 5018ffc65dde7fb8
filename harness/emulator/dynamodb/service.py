"""The service DynamoDB: the checks a call needs are authorized as a whole, and only then performed by the store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.emulator.dynamodb import administration, requests
from harness.emulator.dynamodb.batches import perform_batch
from harness.emulator.dynamodb.idempotency import IdempotentCalls
from harness.emulator.dynamodb.policies import ResourcePolicies
from harness.emulator.dynamodb.store import MotoDynamoDb
from harness.emulator.dynamodb.table_states import refuse_in_this_state
from harness.emulator.dynamodb.tables import RegionalTables
from harness.emulator.parameters import check_constraints, is_known, refuse_unsupported
from harness.emulator.partiql import service as partiql_service
from harness.emulator.service import NotDerivableError, ServiceError
from harness.emulator.wire import Protocol, json_reply

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.emulator.authorization import ScopedAuthorizer
    from harness.emulator.clock import Clock
    from harness.emulator.dynamodb.moto_adapter import MotoAdapter
    from harness.emulator.dynamodb.tables import TableAddress, TableDirectory
    from harness.emulator.iam.directory import Directories
    from harness.emulator.service import Call
    from harness.emulator.wire import Reply

_OK = 200


class DynamoDbService:
    """The tables of one account in one Region, and the way from there to the tables of other accounts."""

    def __init__(
        self,
        account: str,
        region: str,
        moto: MotoAdapter,
        authorizer: ScopedAuthorizer,
        tables: TableDirectory,
        principals: Directories,
        clock: Clock,
    ) -> None:
        self._own = RegionalTables(MotoDynamoDb(moto, account, region), ResourcePolicies(principals))
        self._tables = tables
        tables.add(account, region, self._own)
        self._authorizer = authorizer
        self._requests = requests.DynamoDbRequests(region, account, tables)
        self._administration = administration.TableAdministration(region, account, tables)
        self._idempotent = IdempotentCalls(clock)
        self._partiql = partiql_service.PartiqlService(account, region, tables, authorizer, IdempotentCalls(clock))

    def answer(self, call: Call) -> Reply:
        """Return the answer to a call.

        Raises the ServiceError that DynamoDB would answer, or NotDerivableError for what is not known.
        """
        operation, params = call.operation, call.params
        if operation not in requests.ACCEPTED and not is_known("dynamodb", operation):
            raise NotDerivableError(f"the operation dynamodb:{operation}")
        check_constraints("dynamodb", operation, params)
        if operation in partiql_service.ACCEPTED:
            return self._partiql.answer(call)
        if operation in requests.ACCEPTED:
            self._authorizer.require_all(call.principal, self._requests.checks(operation, params))
            return self._perform_on_items(operation, params)
        self._authorizer.require_all(call.principal, self._administration.checks(operation, params))
        if operation not in administration.ACCEPTED:
            raise NotDerivableError(f"how to perform dynamodb:{operation}")
        refuse_unsupported(f"dynamodb:{operation}", params, administration.ACCEPTED[operation])
        return self._perform_on_table(operation, params)

    def _perform_on_items(self, operation: str, params: Mapping[str, Any]) -> Reply:
        if "RequestItems" in params:
            return perform_batch(operation, params, self._requests, self._tables)
        if "TransactItems" in params:
            return self._transact(operation, params)
        address = self._requests.address(params["TableName"])
        store = self._store_of(address)
        if "IndexName" in params and store.schema(address.name, params["IndexName"]) is None:
            message = f"The table does not have the specified index: {params['IndexName']}"
            raise ServiceError("ValidationException", message)
        return store.perform(operation, {**params, "TableName": address.name})

    def _transact(self, operation: str, params: Mapping[str, Any]) -> Reply:
        entries = []
        stores = set()
        for entry in params["TransactItems"]:
            verb, body = requests.only_entry(entry)
            address = self._requests.address(body["TableName"])
            stores.add(self._store_of(address))
            entries.append({verb: {**body, "TableName": address.name}})
        if len(stores) > 1:
            raise NotDerivableError("a transaction over the tables of several accounts")
        asked = {name: value for name, value in params.items() if name != "ClientRequestToken"}
        asked["TransactItems"] = entries
        return self._idempotent.once(
            params.get("ClientRequestToken"), asked, lambda: stores.pop().perform(operation, asked)
        )

    def _store_of(self, address: TableAddress) -> MotoDynamoDb:
        tables = self._tables.find(address)
        if tables is None or not tables.store.has_table(address.name):
            raise ServiceError("ResourceNotFoundException", "Requested resource not found")
        return tables.store

    def _perform_on_table(self, operation: str, params: Mapping[str, Any]) -> Reply:
        address = self._administration.address(operation, params)
        if address is None:
            return self._own.store.perform(operation, params)
        if operation == "CreateTable":
            return self._create(address, params)
        tables = self._tables.find(address)
        if tables is None or not tables.store.has_table(address.name):
            raise _no_table(operation, address, params)
        if operation.endswith("ResourcePolicy"):
            return json_reply(Protocol.JSON_1_0, _on_policy(operation, tables.policies, address, params))
        refuse_in_this_state(operation, address.name, params, tables.store)
        named = {"TableName": address.name} if "TableName" in params else {}
        reply = tables.store.perform(operation, {**params, **named})
        if operation == "DeleteTable" and reply.status == _OK:
            tables.policies.forget(address.name)
        return reply

    def _create(self, address: TableAddress, params: Mapping[str, Any]) -> Reply:
        if "ResourcePolicy" in params:
            self._own.policies.check(params["ResourcePolicy"])
        store = self._own.store
        policy = {name: value for name, value in params.items() if name == "ResourcePolicy"}
        others = {name: value for name, value in params.items() if name != "ResourcePolicy"}
        reply = store.perform("CreateTable", {**others, "TableName": address.name})
        if policy and reply.status == _OK:
            self._own.policies.put(address, {"Policy": params["ResourcePolicy"]})
        return reply


def _on_policy(
    operation: str, policies: ResourcePolicies, address: TableAddress, params: Mapping[str, Any]
) -> Mapping[str, Any]:
    if operation == "PutResourcePolicy":
        return policies.put(address, params)
    return policies.get(address) if operation == "GetResourcePolicy" else policies.delete(address, params)


def _no_table(operation: str, address: TableAddress, params: Mapping[str, Any]) -> ServiceError:
    if operation == "ExportTableToPointInTime":
        return ServiceError("TableNotFoundException", f"Table not found: {address.arn}")
    if operation.endswith("ContinuousBackups"):
        return ServiceError("TableNotFoundException", f"Table not found: {address.name}")
    if operation in ("TagResource", "UntagResource", "ListTagsOfResource"):
        arn = params["ResourceArn"]
        return ServiceError("ResourceNotFoundException", f"Requested resource not found: ResourcArn: {arn} not found")
    message = f"Requested resource not found: Table: {address.name} not found"
    return ServiceError("ResourceNotFoundException", message)
