"""Who belongs to which tenant, where a design keeps that in a table: PK stands for the user, SK for the tenant."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.targets.api import ApiRequest

if TYPE_CHECKING:
    from collections.abc import Iterable

_BATCH = 25


@dataclass(frozen=True, slots=True)
class Memberships:
    """The memberships of one user: the table, what it knows the user by, and the keys of the tenants it belongs to."""

    table: str
    user_key: str
    tenants: tuple[str, ...]

    def item(self, tenant: str) -> dict[str, Any]:
        """Return the item that makes the user a member of a tenant."""
        return {"PK": {"S": self.user_key}, "SK": {"S": tenant}}

    def adding(self, tenants: Iterable[str]) -> tuple[ApiRequest, ...]:
        """Return the requests that make the user a member."""
        return self._writing([{"PutRequest": {"Item": self.item(tenant)}} for tenant in tenants])

    def removing(self, tenants: Iterable[str]) -> tuple[ApiRequest, ...]:
        """Return the requests after which the user is no member any more."""
        return self._writing([{"DeleteRequest": {"Key": self.item(tenant)}} for tenant in tenants])

    def _writing(self, writes: list[dict[str, Any]]) -> tuple[ApiRequest, ...]:
        return tuple(
            ApiRequest("dynamodb", "BatchWriteItem", {"RequestItems": {self.table: writes[start : start + _BATCH]}})
            for start in range(0, len(writes), _BATCH)
        )
