"""Developer authenticated identities: users whom a backend of the developer's own has signed in (aws-semantics 3.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.emulator.identity_pools.identities import logins_do_not_match
from harness.emulator.listing import page
from harness.emulator.operations import Operation, accepting
from harness.emulator.service import NotDerivableError, ServiceError
from harness.emulator.unconfirmed import identity_pools as unconfirmed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from harness.emulator.identity_pools.exchange import IdentityExchange
    from harness.emulator.identity_pools.identities import Identities, Identity
    from harness.emulator.identity_pools.settings import IdentityPool
    from harness.emulator.operations import Guarded
    from harness.emulator.service import Call

_TOKEN_SECONDS = 900


class DeveloperIdentities:
    """The operations about users of a pool's developer provider. All of them need AWS credentials."""

    def __init__(self, pool: Callable[[str], IdentityPool], identities: Identities, exchange: IdentityExchange) -> None:
        self._pool = pool
        self._identities = identities
        self._exchange = exchange

    def operations(self, guard: Callable[[Mapping[str, Any]], Guarded]) -> dict[str, Operation]:
        """Return the operations by name; `guard` says that they are authorized on the pool."""
        one = accepting("IdentityPoolId")
        return {
            "GetOpenIdTokenForDeveloperIdentity": Operation(
                self._get_token, one | accepting("IdentityId Logins PrincipalTags TokenDuration"), guard
            ),
            "LookupDeveloperIdentity": Operation(
                self._lookup, one | accepting("IdentityId DeveloperUserIdentifier MaxResults NextToken"), guard
            ),
            "MergeDeveloperIdentities": Operation(
                self._merge,
                one | accepting("SourceUserIdentifier DestinationUserIdentifier DeveloperProviderName"),
                guard,
            ),
            "UnlinkDeveloperIdentity": Operation(
                self._unlink, one | accepting("IdentityId DeveloperProviderName DeveloperUserIdentifier"), guard
            ),
        }

    def _get_token(self, call: Call) -> Mapping[str, Any]:
        params = call.params
        pool = self._pool(params["IdentityPoolId"])
        given = dict(params["Logins"])
        provider = pool.developer_provider
        if provider is None or provider not in given:
            raise ServiceError("InvalidParameterException", unconfirmed.DEVELOPER_LOGIN_MISSING)
        user = given.pop(provider)
        if given:
            raise NotDerivableError("public Logins beside that of a developer provider")
        identity = self._identity_for(pool, provider, user, params.get("IdentityId"))
        method = unconfirmed.DEVELOPER_METHOD.format(provider=provider, pool=pool.id, user=user)
        tags = dict(params.get("PrincipalTags") or {})
        if len({key.lower() for key in tags}) < len(tags):
            raise NotDerivableError("PrincipalTags whose keys differ only in case")
        token = self._exchange.open_id_token(
            pool,
            identity,
            ("authenticated", provider, method),
            tags,
            params.get("TokenDuration") or _TOKEN_SECONDS,
        )
        return {"IdentityId": identity.id, "Token": token.reveal()}

    def _identity_for(self, pool: IdentityPool, provider: str, user: str, named: str | None) -> Identity:
        """Return the identity of a developer's user, which a request may name to link the user to it."""
        owner = self._identities.of_login(pool.id, provider, user)
        if named is None:
            identity = owner or self._identities.new(pool)
        else:
            identity = self._identities.named(named)
            if identity.pool_id != pool.id or identity.disabled:
                raise logins_do_not_match()
            if owner is not None and owner is not identity:
                message = unconfirmed.DEVELOPER_USER_REGISTERED
                raise ServiceError("DeveloperUserAlreadyRegisteredException", message)
        self._identities.link(identity, provider, user)
        return identity

    def _lookup(self, call: Call) -> Mapping[str, Any]:
        params = call.params
        pool = self._pool(params["IdentityPoolId"])
        identity_id, user = params.get("IdentityId"), params.get("DeveloperUserIdentifier")
        if identity_id is None and user is None:
            raise ServiceError("InvalidParameterException", unconfirmed.DEVELOPER_LOOKUP_EMPTY)
        provider = pool.developer_provider or ""
        owner = self._owner(pool, provider, user) if user is not None else self._of_pool(pool, str(identity_id))
        if identity_id is not None and owner.id != identity_id:
            raise ServiceError("ResourceConflictException", unconfirmed.DEVELOPER_LOOKUP_CONFLICT)
        users = owner.logins.get(provider, []) if user is None else [user]
        shown, more = page(users, params.get("MaxResults"), params.get("NextToken"))
        return {"IdentityId": owner.id, "DeveloperUserIdentifierList": shown, **more}

    def _merge(self, call: Call) -> Mapping[str, Any]:
        params = call.params
        pool = self._pool(params["IdentityPoolId"])
        provider = self._provider(pool, params)
        source = self._owner(pool, provider, params["SourceUserIdentifier"])
        destination = self._owner(pool, provider, params["DestinationUserIdentifier"])
        if source is not destination:
            self._identities.merge(source, destination, {provider})
        return {"IdentityId": destination.id}

    def _unlink(self, call: Call) -> Mapping[str, Any]:
        params = call.params
        pool = self._pool(params["IdentityPoolId"])
        provider, user = self._provider(pool, params), params["DeveloperUserIdentifier"]
        identity = self._of_pool(pool, params["IdentityId"])
        if self._owner(pool, provider, user) is not identity:
            raise ServiceError("ResourceConflictException", unconfirmed.DEVELOPER_LOOKUP_CONFLICT)
        self._identities.unlink(identity, provider, user)
        return {}

    def _provider(self, pool: IdentityPool, params: Mapping[str, Any]) -> str:
        provider: str = params["DeveloperProviderName"]
        if provider != pool.developer_provider:
            raise ServiceError("InvalidParameterException", unconfirmed.DEVELOPER_LOGIN_MISSING)
        return provider

    def _owner(self, pool: IdentityPool, provider: str, user: str) -> Identity:
        owner = self._identities.of_login(pool.id, provider, user)
        if owner is None:
            raise ServiceError("ResourceNotFoundException", unconfirmed.DEVELOPER_USER_UNKNOWN)
        return owner

    def _of_pool(self, pool: IdentityPool, identity_id: str) -> Identity:
        identity = self._identities.named(identity_id)
        if identity.pool_id != pool.id:
            raise ServiceError("ResourceNotFoundException", f"Identity '{identity_id}' not found.")
        return identity
