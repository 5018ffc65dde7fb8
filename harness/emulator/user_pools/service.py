"""The service cognito-idp: the pools themselves, and everything in them put together."""

from __future__ import annotations

import secrets
import string
from typing import TYPE_CHECKING, Any

from harness.emulator.listing import page
from harness.emulator.operations import Guarded, Operation, OperationTable, accepting, request_tags, resource_tags
from harness.emulator.service import ServiceError
from harness.emulator.tokens import TokenError, read_unverified
from harness.emulator.unconfirmed import user_pools as unconfirmed
from harness.emulator.user_pools.attributes import AttributeOperations
from harness.emulator.user_pools.clients import AppClientOperations
from harness.emulator.user_pools.directory import UserPool, UserPoolDirectory
from harness.emulator.user_pools.groups import GroupOperations
from harness.emulator.user_pools.messages import Messages
from harness.emulator.user_pools.passwords import PasswordOperations
from harness.emulator.user_pools.schema import schema_of, with_custom_attributes
from harness.emulator.user_pools.self_service import SelfServiceOperations
from harness.emulator.user_pools.sessions import Sessions
from harness.emulator.user_pools.settings import SETTINGS, settings_of
from harness.emulator.user_pools.sign_in import SignInOperations
from harness.emulator.user_pools.sign_up import SignUpOperations
from harness.emulator.user_pools.triggers import Triggers
from harness.emulator.user_pools.users import UserOperations

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.emulator.clock import Clock
    from harness.emulator.service import Authorizer, Call
    from harness.emulator.user_pools.functions_port import Functions

_POOL_ID_ALPHABET = string.ascii_letters + string.digits
_POOL_ID_LENGTH = 9


class UserPools:
    """The service cognito-idp of one account in one Region (aws-semantics section 4).

    Administrative operations ask `authorize` on the pool's ARN; the public ones take no signature. `functions` runs
    the Lambda triggers; without it a pool with triggers cannot be made. `messages` has what users would be sent.
    """

    def __init__(
        self, clock: Clock, region: str, account: str, authorize: Authorizer, functions: Functions | None = None
    ) -> None:
        self._clock = clock
        self._region = region
        self._account = account
        self.directory = UserPoolDirectory()
        self.messages = Messages(clock)
        self._triggers = Triggers(functions, region)
        directory, messages, triggers = self.directory, self.messages, self._triggers
        sessions = Sessions(clock, directory, triggers)
        operations = {
            **self._pool_operations(),
            **AppClientOperations(clock, directory).operations(self._on_pool),
            **GroupOperations(clock, directory).operations(self._on_pool),
            **UserOperations(clock, directory, messages, triggers).operations(self._on_pool),
            **SignUpOperations(clock, directory, messages, triggers).operations(self._on_pool),
            **PasswordOperations(clock, directory, messages, sessions, triggers).operations(self._on_pool),
            **AttributeOperations(clock, directory, messages, sessions).operations(self._on_pool),
            **SignInOperations(clock, directory, sessions, triggers).operations(self._on_pool),
            **SelfServiceOperations(clock, directory, messages, sessions).operations(),
        }
        self._table = OperationTable("cognito-idp", operations, authorize, self._on_named_pool)

    def handle(self, call: Call) -> Mapping[str, Any]:
        """Return the result of one API call.

        Raises the ServiceError that Cognito would answer, or NotDerivableError for an operation or parameter that
        is not implemented.
        """
        return self._table.handle(call)

    def owns(self, params: Mapping[str, Any]) -> bool:
        """Tell whether the pool, the app client or the access token that a call names is one of these.

        The token is only read, not believed: this decides where the call goes, not what it may do.
        """
        pool_id, client_id, token = (params.get(name) for name in ("UserPoolId", "ClientId", "AccessToken"))
        if isinstance(token, str) and self._issued(token):
            return True
        return any(
            pool.id == pool_id or (client_id is not None and client_id in pool.clients)
            for pool in self.directory.pools.values()
        )

    def jwks(self, pool_id: str) -> Mapping[str, Any]:
        """Return the public keys of the pool as `/POOLID/.well-known/jwks.json` shows them.

        Raises ServiceError ResourceNotFoundException when there is no such pool.
        """
        return self.directory.pool(pool_id).keys.jwks()

    def openid_configuration(self, pool_id: str) -> Mapping[str, Any]:
        """Return what `/POOLID/.well-known/openid-configuration` says of a pool without a domain.

        Raises ServiceError ResourceNotFoundException when there is no such pool.
        """
        issuer = self.directory.pool(pool_id).issuer
        return {
            "issuer": issuer,
            "jwks_uri": f"{issuer}/.well-known/jwks.json",
            "id_token_signing_alg_values_supported": ["RS256"],
            "response_types_supported": ["code", "token"],
            "scopes_supported": ["openid", "email", "phone", "profile"],
            "subject_types_supported": ["public"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        }

    def _issued(self, token: str) -> bool:
        try:
            return self.directory.by_issuer(read_unverified(token).claims.get("iss")) is not None
        except TokenError:
            return False

    def _pool_operations(self) -> dict[str, Operation]:
        fixed = accepting("Schema UsernameConfiguration UsernameAttributes AliasAttributes PoolName UserPoolTags")
        one, tagged = accepting("UserPoolId"), accepting("ResourceArn")
        on_pool, on_resource = self._on_pool, self._on_resource
        return {
            "CreateUserPool": Operation(self._create, SETTINGS | fixed, _on_any_pool),
            "UpdateUserPool": Operation(
                self._update, SETTINGS | one | accepting("PoolName UserPoolTags"), self._on_tagged_pool
            ),
            "AddCustomAttributes": Operation(self._add_custom_attributes, one | accepting("CustomAttributes"), on_pool),
            "DescribeUserPool": Operation(self._describe, one, on_pool),
            "DeleteUserPool": Operation(self._delete, one, on_pool),
            "ListUserPools": Operation(self._list, accepting("MaxResults NextToken"), _on_any_pool),
            "TagResource": Operation(self._tag, tagged | accepting("Tags"), on_resource),
            "UntagResource": Operation(self._untag, tagged | accepting("TagKeys"), on_resource),
            "ListTagsForResource": Operation(self._list_tags, tagged, on_resource),
        }

    def _on_pool(self, params: Mapping[str, Any]) -> Guarded:
        pool = self.directory.find(params["UserPoolId"])
        return Guarded(self._arn(params["UserPoolId"]), resource_tags(pool.tags if pool else None))

    def _on_tagged_pool(self, params: Mapping[str, Any]) -> Guarded:
        guarded = self._on_pool(params)
        return Guarded(guarded.resource, {**guarded.context, **request_tags(params.get("UserPoolTags"))})

    def _on_resource(self, params: Mapping[str, Any]) -> Guarded:
        arn = params["ResourceArn"]
        pool = next((pool for pool in self.directory.pools.values() if pool.arn == arn), None)
        removed = params.get("TagKeys")
        keys = {"aws:tagkeys": tuple(removed)} if removed else request_tags(params.get("Tags"))
        return Guarded(arn, {**resource_tags(pool.tags if pool else None), **keys})

    def _on_named_pool(self, params: Mapping[str, Any]) -> Guarded | None:
        # Whatever names a pool is an administrator's operation, authorized on that pool.
        return self._on_pool(params) if isinstance(params.get("UserPoolId"), str) else None

    def _arn(self, pool_id: str) -> str:
        return f"arn:aws:cognito-idp:{self._region}:{self._account}:userpool/{pool_id}"

    def _create(self, call: Call) -> Mapping[str, Any]:
        params = call.params
        settings = settings_of(params, runs_functions=self._triggers.can_run)
        names, aliases = (tuple(params.get(each) or ()) for each in ("UsernameAttributes", "AliasAttributes"))
        if names and aliases:
            raise ServiceError("InvalidParameterException", unconfirmed.ALIASES_EXCLUDE_USERNAME_ATTRIBUTES)
        pool_id = f"{self._region}_" + "".join(secrets.choice(_POOL_ID_ALPHABET) for _ in range(_POOL_ID_LENGTH))
        now = self._clock.now()
        pool = UserPool(
            id=pool_id,
            name=params["PoolName"],
            arn=self._arn(pool_id),
            provider_name=f"cognito-idp.{self._region}.amazonaws.com/{pool_id}",
            created=now,
            modified=now,
            case_sensitive=(params.get("UsernameConfiguration") or {}).get("CaseSensitive", True),
            username_attributes=names,
            alias_attributes=aliases,
            schema=schema_of(params.get("Schema") or ()),
            settings=settings,
            tags=dict(params.get("UserPoolTags") or {}),
        )
        self.directory.pools[pool_id] = pool
        return {"UserPool": _described(pool)}

    def _update(self, call: Call) -> Mapping[str, Any]:
        pool, params = self.directory.pool(call.params["UserPoolId"]), call.params
        pool.settings = settings_of(params, runs_functions=self._triggers.can_run)
        pool.name, pool.modified = params.get("PoolName") or pool.name, self._clock.now()
        if params.get("UserPoolTags") is not None:
            pool.tags = dict(params["UserPoolTags"])
        return {}

    def _add_custom_attributes(self, call: Call) -> Mapping[str, Any]:
        pool = self.directory.pool(call.params["UserPoolId"])
        pool.schema = with_custom_attributes(pool.schema, call.params["CustomAttributes"])
        pool.modified = self._clock.now()
        return {}

    def _describe(self, call: Call) -> Mapping[str, Any]:
        return {"UserPool": _described(self.directory.pool(call.params["UserPoolId"]))}

    def _delete(self, call: Call) -> Mapping[str, Any]:
        pool = self.directory.pool(call.params["UserPoolId"])
        if pool.settings.is_protected:
            raise ServiceError("InvalidParameterException", unconfirmed.POOL_PROTECTED)
        for user in pool.users.values():
            user.deleted = True
        del self.directory.pools[pool.id]
        return {}

    def _list(self, call: Call) -> Mapping[str, Any]:
        pools = [
            {"Id": pool.id, "Name": pool.name, "CreationDate": pool.created, "LastModifiedDate": pool.modified}
            for pool in self.directory.pools.values()
        ]
        shown, more = page(pools, call.params.get("MaxResults"), call.params.get("NextToken"))
        return {"UserPools": shown, **more}

    def _tagged(self, call: Call) -> UserPool:
        return self.directory.pool(call.params["ResourceArn"].rpartition("userpool/")[2])

    def _tag(self, call: Call) -> Mapping[str, Any]:
        self._tagged(call).tags.update(call.params["Tags"])
        return {}

    def _untag(self, call: Call) -> Mapping[str, Any]:
        pool = self._tagged(call)
        for key in call.params["TagKeys"]:
            pool.tags.pop(key, None)
        return {}

    def _list_tags(self, call: Call) -> Mapping[str, Any]:
        return {"Tags": dict(self._tagged(call).tags)}


def _on_any_pool(params: Mapping[str, Any]) -> Guarded:
    return Guarded("*", request_tags(params.get("UserPoolTags")))


def _described(pool: UserPool) -> dict[str, Any]:
    fixed = {"UsernameAttributes": pool.username_attributes, "AliasAttributes": pool.alias_attributes}
    return {
        "DeletionProtection": "INACTIVE",
        "MfaConfiguration": "OFF",
        **pool.settings.described,
        **{name: list(value) for name, value in fixed.items() if value},
        "UsernameConfiguration": {"CaseSensitive": pool.case_sensitive},
        "Id": pool.id,
        "Name": pool.name,
        "Arn": pool.arn,
        "CreationDate": pool.created,
        "LastModifiedDate": pool.modified,
        "EstimatedNumberOfUsers": len(pool.users),
        "Policies": {"PasswordPolicy": pool.settings.password_policy.described()},
        "SchemaAttributes": [attribute.described() for attribute in pool.schema.values()],
        "UserPoolTags": dict(pool.tags),
    }
