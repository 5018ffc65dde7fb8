"""The service DynamoDB: the checks a call needs are authorized as a whole, and only then performed by the store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.emulator.dynamodb_requests import DynamoDbRequests

if TYPE_CHECKING:
    from harness.emulator.authorization import ScopedAuthorizer
    from harness.emulator.moto_adapter import MotoAdapter
    from harness.emulator.service import Call
    from harness.emulator.wire import Reply


class DynamoDbService:
    """The tables of one account in one Region."""

    def __init__(self, account: str, region: str, moto: MotoAdapter, authorizer: ScopedAuthorizer) -> None:
        self._moto = moto
        self._authorizer = authorizer
        self._requests = DynamoDbRequests(region, account, moto)

    def answer(self, call: Call) -> Reply:
        """Return the answer to a call.

        Raises the ServiceError that DynamoDB would answer, or NotDerivableError for what is not known.
        """
        self._authorizer.require_all(call.principal, self._requests.checks(call.operation, call.params))
        return self._moto.dynamodb(call.operation, call.params)
