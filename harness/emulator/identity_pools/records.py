"""The identities of a pool as its administrator sees them, and unlinking, which is public."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.emulator.identity_pools.identities import logins_do_not_match
from harness.emulator.listing import page
from harness.emulator.operations import Operation, accepting
from harness.emulator.service import ServiceError
from harness.emulator.unconfirmed import identity_pools as unconfirmed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from harness.emulator.identity_pools.exchange import IdentityExchange
    from harness.emulator.identity_pools.identities import Identities, Identity
    from harness.emulator.identity_pools.settings import IdentityPool
    from harness.emulator.operations import Guarded
    from harness.emulator.service import Call


class IdentityRecords:
    """ListIdentities, DescribeIdentity, DeleteIdentities and UnlinkIdentity."""

    def __init__(self, pool: Callable[[str], IdentityPool], identities: Identities, exchange: IdentityExchange) -> None:
        self._pool = pool
        self._identities = identities
        self._exchange = exchange

    def operations(self, guard: Callable[[Mapping[str, Any]], Guarded]) -> dict[str, Operation]:
        """Return the operations by name; `guard` finds the pool they are authorized on."""
        return {
            "ListIdentities": Operation(
                self._list, accepting("IdentityPoolId MaxResults NextToken HideDisabled"), guard
            ),
            "DescribeIdentity": Operation(self._describe, accepting("IdentityId"), guard),
            "DeleteIdentities": Operation(self._delete, accepting("IdentityIdsToDelete"), guard),
            "UnlinkIdentity": Operation(self._unlink, accepting("IdentityId Logins LoginsToRemove")),
        }

    def _list(self, call: Call) -> Mapping[str, Any]:
        pool = self._pool(call.params["IdentityPoolId"])
        hidden = call.params.get("HideDisabled", False)
        listed = [_shown(each) for each in self._identities.in_pool(pool) if not (hidden and each.disabled)]
        shown, more = page(listed, call.params["MaxResults"], call.params.get("NextToken"))
        return {"IdentityPoolId": pool.id, "Identities": shown, **more}

    def _describe(self, call: Call) -> Mapping[str, Any]:
        return _shown(self._identities.named(call.params["IdentityId"]))

    def _delete(self, call: Call) -> Mapping[str, Any]:
        for identity_id in call.params["IdentityIdsToDelete"]:
            if self._identities.holds(identity_id):
                self._identities.delete(self._identities.named(identity_id))
        return {"UnprocessedIdentityIds": []}

    def _unlink(self, call: Call) -> Mapping[str, Any]:
        identity = self._identities.named(call.params["IdentityId"])
        pool = self._pool(identity.pool_id)
        logins = self._exchange.logins(pool, call.params["Logins"])
        own = (self._identities.of_login(pool.id, login.provider, login.subject) for login in logins)
        if not any(owner is identity for owner in own):
            raise logins_do_not_match()
        removed = call.params["LoginsToRemove"]
        if not set(removed) <= set(identity.logins):
            raise ServiceError("InvalidParameterException", unconfirmed.LOGIN_NOT_LINKED)
        for provider in dict.fromkeys(removed):
            for subject in list(identity.logins[provider]):
                self._identities.unlink(identity, provider, subject)
        return {}


def _shown(identity: Identity) -> dict[str, Any]:
    return {
        "IdentityId": identity.id,
        "Logins": list(identity.logins),
        "CreationDate": identity.created,
        "LastModifiedDate": identity.modified,
    }
