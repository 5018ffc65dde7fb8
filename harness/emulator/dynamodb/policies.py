"""Resource-based policies of tables: kept with a revision, and compiled for whoever authorizes."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.emulator.iam.documents import shown_trust, with_principal_ids
from harness.emulator.service import ServiceError
from harness.emulator.unconfirmed import dynamodb as unconfirmed
from harness.policy import MalformedPolicyDocument, PolicyKind, parse_policy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.emulator.dynamodb.tables import TableAddress
    from harness.emulator.iam.directory import Directories
    from harness.policy import Policy

# The service model: 20 KB, white space included.
_LIMIT = 20 * 1024
_NO_POLICY = "NO_POLICY"


@dataclass(frozen=True, slots=True)
class _Attached:
    document: str
    revision: str
    stored: str


class ResourcePolicies:
    """The resource-based policies of one account's tables in one Region, by table name.

    Roles and users are kept by their unique ids, so that whoever takes the name of a deleted one has no grant
    (IAM page on the Principal element).
    """

    def __init__(self, principals: Directories) -> None:
        self._principals = principals
        self._by_table: dict[str, _Attached] = {}
        self._compiled: dict[str, tuple[int, tuple[Policy, ...]]] = {}
        self._revisions = itertools.count(1_700_000_000_000)

    def of(self, address: TableAddress) -> tuple[Policy, ...]:
        """Return the table's policy, if it has one, with its principals as they are called now."""
        attached = self._by_table.get(address.name)
        if attached is None:
            return ()
        generation = self._principals.generation
        known = self._compiled.get(address.name)
        if known is None or known[0] != generation:
            shown = shown_trust(attached.stored, self._principals)
            known = (generation, (parse_policy(shown, kind=PolicyKind.RESOURCE, name=f"{address.name}/policy"),))
            self._compiled[address.name] = known
        return known[1]

    def put(self, address: TableAddress, params: Mapping[str, Any]) -> Mapping[str, Any]:
        """Attach a policy and return its revision, which stays when the document is the one already there.

        Raises ServiceError as DynamoDB does for a malformed or too large document and an unexpected revision.
        """
        document = str(params["Policy"])
        stored = self.check(document)
        current = self._by_table.get(address.name)
        self._expect(address, current, params.get("ExpectedRevisionId"))
        if current is None or current.document != document:
            current = _Attached(document, str(next(self._revisions)), stored)
            self._attach(address.name, current)
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
        self._attach(address.name, None)
        return {} if current is None else {"RevisionId": current.revision}

    def forget(self, table: str) -> None:
        """Drop what was attached to a table that is deleted."""
        self._attach(table, None)

    def check(self, document: str) -> str:
        """Return a document as it is kept.

        Raises ValidationException for one that is too large, breaks the grammar or names nobody.
        """
        if len(document.encode("utf-8", "surrogatepass")) > _LIMIT:
            raise ServiceError("ValidationException", unconfirmed.POLICY_TOO_LARGE)
        try:
            parse_policy(document, kind=PolicyKind.RESOURCE)
            return with_principal_ids(document, self._principals)
        except MalformedPolicyDocument as error:
            reason = error.reason
        except ServiceError as error:
            reason = error.message
        message = f"One or more parameter values were invalid: Invalid policy document: {reason}"
        raise ServiceError("ValidationException", message)

    def _attach(self, table: str, attached: _Attached | None) -> None:
        self._compiled.pop(table, None)
        if attached is None:
            self._by_table.pop(table, None)
        else:
            self._by_table[table] = attached

    @staticmethod
    def _expect(address: TableAddress, current: _Attached | None, expected: str | None) -> None:
        if expected is None:
            return
        if expected != (_NO_POLICY if current is None else current.revision):
            raise _not_found(unconfirmed.POLICY_REVISION_DIFFERS.format(table=address.name, expected=expected))


def _not_found(what: str) -> ServiceError:
    message = f"Resource-based policy not found for the provided ResourceArn: {what}"
    return ServiceError("PolicyNotFoundException", message)
