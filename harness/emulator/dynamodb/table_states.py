"""What DynamoDB refuses about a table because of the state that the table is in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.emulator.service import NotDerivableError, ServiceError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.emulator.dynamodb.store import MotoDynamoDb

# Messages of the live service, as infrastructure tools quote them.
_PROTECTED = (
    "Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first."
)
_NO_RECOVERY = "Point in time recovery is not enabled for table '{table}'"
_TTL_UNCHANGED = "TimeToLive is already {state}"


def refuse_in_this_state(operation: str, table: str, params: Mapping[str, Any], store: MotoDynamoDb) -> None:
    """Raise the ServiceError that DynamoDB answers to a call that the table's state does not admit, return otherwise.

    Raises NotDerivableError for an export that DynamoDB would begin, because nothing here writes it to a bucket.
    """
    if operation == "DeleteTable" and store.is_protected(table):
        raise ServiceError("ValidationException", _PROTECTED)
    if operation == "UpdateTimeToLive":
        enabled = bool(params["TimeToLiveSpecification"]["Enabled"])
        if enabled is store.expires_items(table):
            state = "enabled" if enabled else "disabled"
            raise ServiceError("ValidationException", _TTL_UNCHANGED.format(state=state))
    if operation == "ExportTableToPointInTime":
        if not store.is_recoverable(table):
            raise ServiceError("PointInTimeRecoveryUnavailableException", _NO_RECOVERY.format(table=table))
        raise NotDerivableError("how to export a table")
