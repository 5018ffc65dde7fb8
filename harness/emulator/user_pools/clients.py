"""App clients: which of their settings are implemented, and how they are shown."""

from __future__ import annotations

import secrets
import string
from typing import TYPE_CHECKING, Any

from harness.emulator.listing import page
from harness.emulator.operations import Guarded, Operation, accepting
from harness.emulator.service import NotDerivableError, ServiceError
from harness.emulator.unconfirmed import user_pools as unconfirmed
from harness.emulator.user_pools.app_client import AppClient
from harness.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from harness.emulator.clock import Clock
    from harness.emulator.service import Call
    from harness.emulator.user_pools.directory import UserPool, UserPoolDirectory

_CLIENT_ID_ALPHABET = string.ascii_lowercase + string.digits
_CLIENT_ID_LENGTH = 26
_SECRET_LENGTH = 51
_UNIT_SECONDS = {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86_400}
# Per token: the API's default unit and value, and the shortest and longest lifetime in seconds (aws-semantics 4.1).
_LIFETIMES = {
    "IdToken": ("hours", 1, 300, 86_400),
    "AccessToken": ("hours", 1, 300, 86_400),
    "RefreshToken": ("days", 30, 3600, 3650 * 86_400),
}
_REFRESH_FLOW = "ALLOW_REFRESH_TOKEN_AUTH"
_DEFAULT_FLOWS = (_REFRESH_FLOW, "ALLOW_USER_SRP_AUTH", "ALLOW_CUSTOM_AUTH")
_DEFAULT_SESSION_MINUTES = 3
# Members whose value is stored and shown; the other accepted ones are given special treatment below.
_SHOWN = accepting(
    "ClientName RefreshTokenValidity AccessTokenValidity IdTokenValidity TokenValidityUnits ReadAttributes",
    "WriteAttributes SupportedIdentityProviders PreventUserExistenceErrors",
)


# What belongs to sign-in pages and federation; a request may only say that there is none of it.
_ONLY_WHEN_OFF = accepting(
    "AllowedOAuthFlowsUserPoolClient AllowedOAuthFlows AllowedOAuthScopes CallbackURLs LogoutURLs",
    "EnablePropagateAdditionalUserContextData",
)


class AppClientOperations:
    """The app client operations over one directory."""

    def __init__(self, clock: Clock, directory: UserPoolDirectory) -> None:
        self._clock = clock
        self._directory = directory

    def operations(self, on_pool: Callable[[Mapping[str, Any]], Guarded]) -> dict[str, Operation]:
        """Return the operations by name, guarded by `on_pool`."""
        settings = _SHOWN | accepting(
            "UserPoolId ExplicitAuthFlows EnableTokenRevocation AuthSessionValidity RefreshTokenRotation",
            *_ONLY_WHEN_OFF,
        )
        one = accepting("UserPoolId ClientId")
        return {
            "CreateUserPoolClient": Operation(self._create, settings | accepting("GenerateSecret"), on_pool),
            "UpdateUserPoolClient": Operation(self._update, settings | accepting("ClientId"), on_pool),
            "DescribeUserPoolClient": Operation(self._describe, one, on_pool),
            "DeleteUserPoolClient": Operation(self._delete, one, on_pool),
            "ListUserPoolClients": Operation(self._list, accepting("UserPoolId MaxResults NextToken"), on_pool),
        }

    def _create(self, call: Call) -> Mapping[str, Any]:
        pool = self._directory.pool(call.params["UserPoolId"])
        client_id = "".join(secrets.choice(_CLIENT_ID_ALPHABET) for _ in range(_CLIENT_ID_LENGTH))
        secret = _new_secret() if call.params.get("GenerateSecret") else None
        client = self._configured(pool, call.params, client_id, secret, created=self._clock.now())
        pool.clients[client_id] = client
        return {"UserPoolClient": _shown(client)}

    def _update(self, call: Call) -> Mapping[str, Any]:
        """Replace the whole configuration: what the request leaves out goes back to its default (aws-semantics 4.3)."""
        pool = self._directory.pool(call.params["UserPoolId"])
        old = pool.client(call.params["ClientId"])
        params = {"ClientName": old.name, **call.params}
        client = self._configured(pool, params, old.id, old.secret, created=old.described["CreationDate"])
        pool.clients[client.id] = client
        return {"UserPoolClient": _shown(client)}

    def _configured(
        self, pool: UserPool, params: Mapping[str, Any], client_id: str, secret: Secret | None, *, created: float
    ) -> AppClient:
        _refuse_unimplemented(params)
        grace = _rotation_grace(params)
        flows = tuple(params.get("ExplicitAuthFlows") or _flows_by_default(grace))
        session_minutes = params.get("AuthSessionValidity") or _DEFAULT_SESSION_MINUTES
        lifetimes = {kind: _lifetime(kind, params) for kind in _LIFETIMES}
        revokes = params.get("EnableTokenRevocation", True)
        shown = {name: params[name] for name in _SHOWN if params.get(name) is not None}
        if grace is not None:
            shown["RefreshTokenRotation"] = {"Feature": "ENABLED", "RetryGracePeriodSeconds": grace}
        return AppClient(
            id=client_id,
            name=params["ClientName"],
            secret=secret,
            explicit_auth_flows=flows,
            read_attributes=_attributes(params, pool, "ReadAttributes", unconfirmed.READ_ATTRIBUTES_INVALID),
            write_attributes=_attributes(params, pool, "WriteAttributes", unconfirmed.WRITE_ATTRIBUTES_INVALID),
            id_token_seconds=lifetimes["IdToken"],
            access_token_seconds=lifetimes["AccessToken"],
            refresh_token_seconds=lifetimes["RefreshToken"],
            auth_session_minutes=session_minutes,
            hides_missing_users=params.get("PreventUserExistenceErrors") == "ENABLED",
            revokes_tokens=revokes,
            rotation_grace=grace,
            described={
                "RefreshTokenValidity": _LIFETIMES["RefreshToken"][1],
                **shown,
                "UserPoolId": pool.id,
                "ClientId": client_id,
                "ExplicitAuthFlows": list(flows),
                "AuthSessionValidity": session_minutes,
                "EnableTokenRevocation": revokes,
                "AllowedOAuthFlowsUserPoolClient": False,
                "CreationDate": created,
                "LastModifiedDate": self._clock.now(),
            },
        )

    def _describe(self, call: Call) -> Mapping[str, Any]:
        pool = self._directory.pool(call.params["UserPoolId"])
        return {"UserPoolClient": _shown(pool.client(call.params["ClientId"]))}

    def _delete(self, call: Call) -> Mapping[str, Any]:
        pool = self._directory.pool(call.params["UserPoolId"])
        del pool.clients[pool.client(call.params["ClientId"]).id]
        return {}

    def _list(self, call: Call) -> Mapping[str, Any]:
        pool = self._directory.pool(call.params["UserPoolId"])
        clients = [
            {"ClientId": client.id, "UserPoolId": pool.id, "ClientName": client.name}
            for client in pool.clients.values()
        ]
        shown, more = page(clients, call.params.get("MaxResults"), call.params.get("NextToken"))
        return {"UserPoolClients": shown, **more}


def _refuse_unimplemented(params: Mapping[str, Any]) -> None:
    for name in sorted(_ONLY_WHEN_OFF):
        if params.get(name):
            raise NotDerivableError(f"{name} other than none")
    if any(provider != "COGNITO" for provider in params.get("SupportedIdentityProviders") or ()):
        raise NotDerivableError("SupportedIdentityProviders other than COGNITO")
    legacy = [flow for flow in params.get("ExplicitAuthFlows") or () if not flow.startswith("ALLOW_")]
    if legacy:
        raise NotDerivableError(f"ExplicitAuthFlows {', '.join(legacy)}")


def _shown(client: AppClient) -> dict[str, Any]:
    """Return the client as the API shows it, with its secret: whoever may describe a client may read it."""
    return dict(client.described) | ({} if client.secret is None else {"ClientSecret": client.secret.reveal()})


def _new_secret() -> Secret:
    return Secret("".join(secrets.choice(_CLIENT_ID_ALPHABET) for _ in range(_SECRET_LENGTH)))


def _rotation_grace(params: Mapping[str, Any]) -> int | None:
    rotation = params.get("RefreshTokenRotation") or {}
    if rotation.get("Feature") != "ENABLED":
        return None
    if _REFRESH_FLOW in (params.get("ExplicitAuthFlows") or ()):
        raise ServiceError("InvalidParameterException", unconfirmed.ROTATION_EXCLUDES_REFRESH_FLOW)
    return int(rotation.get("RetryGracePeriodSeconds") or 0)


def _flows_by_default(grace: int | None) -> tuple[str, ...]:
    return _DEFAULT_FLOWS if grace is None else tuple(flow for flow in _DEFAULT_FLOWS if flow != _REFRESH_FLOW)


def _lifetime(kind: str, params: Mapping[str, Any]) -> int:
    default_unit, default_value, shortest, longest = _LIFETIMES[kind]
    unit = (params.get("TokenValidityUnits") or {}).get(kind) or default_unit
    value = params.get(f"{kind}Validity")
    # Zero stands for the default, in the API's unit whatever TokenValidityUnits says.
    seconds = value * _UNIT_SECONDS[unit] if value else default_value * _UNIT_SECONDS[default_unit]
    if not shortest <= seconds <= longest:
        raise ServiceError("InvalidParameterException", unconfirmed.TOKEN_VALIDITY_RANGE)
    return int(seconds)


def _attributes(params: Mapping[str, Any], pool: UserPool, member: str, invalid: str) -> tuple[str, ...] | None:
    names = params.get(member)
    if not names:
        return None
    if any(name not in pool.schema for name in names):
        raise ServiceError("InvalidParameterException", invalid)
    return tuple(names)
