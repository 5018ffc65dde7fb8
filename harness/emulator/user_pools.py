"""The service cognito-idp: the pools themselves, and everything in them put together."""

from __future__ import annotations

import secrets
import string
from typing import TYPE_CHECKING, Any

from harness.emulator import unconfirmed
from harness.emulator.listing import page
from harness.emulator.operations import Guarded, Operation, OperationTable, accepting, request_tags, resource_tags
from harness.emulator.service import NotDerivableError, ServiceError
from harness.emulator.user_directory import UserPool, UserPoolDirectory
from harness.emulator.user_pool_clients import AppClientOperations
from harness.emulator.user_pool_schema import PasswordPolicy, password_policy_of, schema_of
from harness.emulator.user_pool_sign_in import SignInOperations
from harness.emulator.user_pool_users import UserOperations

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.emulator.clock import Clock
    from harness.emulator.service import Authorizer, Call

_POOL_ID_ALPHABET = string.ascii_letters + string.digits
_POOL_ID_LENGTH = 9
# Settings of a pool that decide nothing among the operations implemented: they are stored and shown.
_ECHOED = accepting(
    "DeletionProtection AutoVerifiedAttributes MfaConfiguration AdminCreateUserConfig AccountRecoverySetting",
    "UsernameConfiguration UserPoolTier",
)
_PASSWORD_POLICY = frozenset(f"Policies.PasswordPolicy.{member}" for member in PasswordPolicy().described())


class UserPools:
    """The service cognito-idp of one embedded cloud (aws-semantics section 4).

    Administrative operations ask `authorize` on the pool's ARN; the public ones take no signature.
    """

    def __init__(self, clock: Clock, region: str, account: str, authorize: Authorizer) -> None:
        self._clock = clock
        self._region = region
        self._account = account
        self.directory = UserPoolDirectory()
        clients = AppClientOperations(clock, self.directory)
        users = UserOperations(clock, self.directory)
        sign_in = SignInOperations(clock, self.directory)
        operations = {
            **self._pool_operations(),
            **clients.operations(self._on_pool),
            **users.operations(self._on_pool),
            **sign_in.operations(self._on_pool),
        }
        self._table = OperationTable("cognito-idp", operations, authorize, self._on_named_pool)

    def handle(self, call: Call) -> Mapping[str, Any]:
        """Return the result of one API call.

        Raises the ServiceError that Cognito would answer, or NotDerivableError for an operation or parameter that
        is not implemented.
        """
        return self._table.handle(call)

    def owns(self, params: Mapping[str, Any]) -> bool:
        """Tell whether the pool or the app client that a call names is one of these."""
        named = params.get("UserPoolId"), params.get("ClientId")
        return any(
            pool.id == named[0] or (named[1] is not None and named[1] in pool.clients)
            for pool in self.directory.pools.values()
        )

    def jwks(self, pool_id: str) -> Mapping[str, Any]:
        """Return the public keys of the pool as `/POOLID/.well-known/jwks.json` shows them.

        Raises ServiceError ResourceNotFoundException when there is no such pool.
        """
        return self.directory.pool(pool_id).keys.jwks()

    def _pool_operations(self) -> dict[str, Operation]:
        create = (
            (_ECHOED - {"AdminCreateUserConfig"})
            | _PASSWORD_POLICY
            | accepting("PoolName Schema UserPoolTags AdminCreateUserConfig.AllowAdminCreateUserOnly")
        )
        one = accepting("UserPoolId")
        return {
            "CreateUserPool": Operation(self._create, create, _on_any_pool),
            "DescribeUserPool": Operation(self._describe, one, self._on_pool),
            "DeleteUserPool": Operation(self._delete, one, self._on_pool),
            "ListUserPools": Operation(self._list, accepting("MaxResults NextToken"), _on_any_pool),
        }

    def _on_pool(self, params: Mapping[str, Any]) -> Guarded:
        pool = self.directory.find(params["UserPoolId"])
        return Guarded(self._arn(params["UserPoolId"]), resource_tags(pool.tags if pool else None))

    def _on_named_pool(self, params: Mapping[str, Any]) -> Guarded | None:
        # Whatever names a pool is an administrator's operation, authorized on that pool.
        return self._on_pool(params) if isinstance(params.get("UserPoolId"), str) else None

    def _arn(self, pool_id: str) -> str:
        return f"arn:aws:cognito-idp:{self._region}:{self._account}:userpool/{pool_id}"

    def _create(self, call: Call) -> Mapping[str, Any]:
        params = call.params
        if params.get("MfaConfiguration", "OFF") != "OFF":
            raise NotDerivableError("MfaConfiguration other than OFF")
        pool_id = f"{self._region}_" + "".join(secrets.choice(_POOL_ID_ALPHABET) for _ in range(_POOL_ID_LENGTH))
        pool = UserPool(
            id=pool_id,
            name=params["PoolName"],
            arn=self._arn(pool_id),
            provider_name=f"cognito-idp.{self._region}.amazonaws.com/{pool_id}",
            created=self._clock.now(),
            case_sensitive=(params.get("UsernameConfiguration") or {}).get("CaseSensitive", True),
            schema=schema_of(params.get("Schema") or ()),
            password_policy=password_policy_of(params.get("Policies")),
            settings={name: params[name] for name in _ECHOED if params.get(name) is not None},
            tags=dict(params.get("UserPoolTags") or {}),
        )
        self.directory.pools[pool_id] = pool
        return {"UserPool": _described(pool)}

    def _describe(self, call: Call) -> Mapping[str, Any]:
        return {"UserPool": _described(self.directory.pool(call.params["UserPoolId"]))}

    def _delete(self, call: Call) -> Mapping[str, Any]:
        pool = self.directory.pool(call.params["UserPoolId"])
        if pool.settings.get("DeletionProtection") == "ACTIVE":
            raise ServiceError("InvalidParameterException", unconfirmed.POOL_PROTECTED)
        for user in pool.users.values():
            user.deleted = True
        del self.directory.pools[pool.id]
        return {}

    def _list(self, call: Call) -> Mapping[str, Any]:
        pools = [
            {"Id": pool.id, "Name": pool.name, "CreationDate": pool.created, "LastModifiedDate": pool.created}
            for pool in self.directory.pools.values()
        ]
        shown, more = page(pools, call.params.get("MaxResults"), call.params.get("NextToken"))
        return {"UserPools": shown, **more}


def _on_any_pool(params: Mapping[str, Any]) -> Guarded:
    return Guarded("*", request_tags(params.get("UserPoolTags")))


def _described(pool: UserPool) -> dict[str, Any]:
    return {
        "DeletionProtection": "INACTIVE",
        "MfaConfiguration": "OFF",
        **pool.settings,
        "Id": pool.id,
        "Name": pool.name,
        "Arn": pool.arn,
        "CreationDate": pool.created,
        "LastModifiedDate": pool.created,
        "EstimatedNumberOfUsers": len(pool.users),
        "Policies": {"PasswordPolicy": pool.password_policy.described()},
        "SchemaAttributes": [attribute.described() for attribute in pool.schema.values()],
        "UserPoolTags": dict(pool.tags),
    }
