"""Resource-based policies of tables: stored with a revision, and compiled for whoever authorizes."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.emulator import unconfirmed
from harness.emulator.service import ServiceError
from harness.policy import MalformedPolicyDocument, PolicyKind, parse_policy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.emulator.dynamodb_tables import TableAddress
    from harness.policy import Policy

# The service model: 20 KB, white space included.
_LIMIT = 20 * 1024
_NO_POLICY = "NO_POLICY"


@dataclass(frozen=True, slots=True)
class _Attached:
    document: str
    revision: str
    compiled: Policy


class ResourcePolicies:
    """The resource-based policies of one account's tables in one Region, by table name."""

    def __init__(self) -> None:
        self._by_table: dict[str, _Attached] = {}
        self._revisions = itertools.count(1_700_000_000_000)

    def of(self, table: str) -> tuple[Policy, ...]:
        """Return the table's policy, if it has one."""
        attached = self._by_table.get(table)
        return () if attached is None else (attached.compiled,)

    def put(self, address: TableAddress, params: Mapping[str, Any]) -> Mapping[str, Any]:
        """Attach a policy and return its revision, which stays when the document is the one already there.

        Raises ServiceError as DynamoDB does for a malformed or too large document and an unexpected revision.
        """
        document = str(params["Policy"])
        compiled = compile_policy(address, document)
        current = self._by_table.get(address.name)
        self._expect(address, current, params.get("ExpectedRevisionId"))
        if current is None or current.document != document:
            current = _Attached(document, str(next(self._revisions)), compiled)
            self._by_table[address.name] = current
        return {"RevisionId": current.revision}

    def get(self, address: TableAddress) -> Mapping[str, Any]:
        """Return the document and its revision. Raises PolicyNotFoundException where there is none."""
        attached = self._by_table.get(address.name)
        if attached is None:
            raise _not_found(address.arn)
        return {"Policy": attached.document, "RevisionId": attached.revision}

    def delete(self, address: TableAddress, params: Mapping[str, Any]) -> Mapping[str, Any]:
        """Detach the policy; without one, succeed all the same. Raises PolicyNotFoundException on another revision."""
        current = self._by_table.get(address.name)
        self._expect(address, current, params.get("ExpectedRevisionId"))
        self._by_table.pop(address.name, None)
        return {} if current is None else {"RevisionId": current.revision}

    def forget(self, table: str) -> None:
        """Drop what was attached to a table that is deleted."""
        self._by_table.pop(table, None)

    @staticmethod
    def _expect(address: TableAddress, current: _Attached | None, expected: str | None) -> None:
        if expected is None:
            return
        if expected != (_NO_POLICY if current is None else current.revision):
            raise _not_found(unconfirmed.POLICY_REVISION_DIFFERS.format(table=address.name, expected=expected))


def compile_policy(address: TableAddress, document: str) -> Policy:
    """Return the document as a policy of the table.

    Raises ValidationException for one that is too large or breaks the grammar. Principals and resources are not looked
    up: one that does not exist never matches.
    """
    if len(document.encode()) > _LIMIT:
        raise ServiceError("ValidationException", unconfirmed.POLICY_TOO_LARGE)
    try:
        return parse_policy(document, kind=PolicyKind.RESOURCE, name=address.arn)
    except MalformedPolicyDocument as error:
        message = f"One or more parameter values were invalid: Invalid policy document: {error}"
        raise ServiceError("ValidationException", message) from None


def _not_found(what: str) -> ServiceError:
    message = f"Resource-based policy not found for the provided ResourceArn: {what}"
    return ServiceError("PolicyNotFoundException", message)
