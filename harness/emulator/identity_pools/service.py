"""The service cognito-identity: administration of identity pools, and everything about them put together."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from harness.emulator.identity_pools.developer_identities import DeveloperIdentities
from harness.emulator.identity_pools.exchange import IdentityExchange
from harness.emulator.identity_pools.identities import Identities
from harness.emulator.identity_pools.login_tokens import LoginTokens
from harness.emulator.identity_pools.principal_tags import tag_map_of
from harness.emulator.identity_pools.records import IdentityRecords
from harness.emulator.identity_pools.roles import role_mapping
from harness.emulator.identity_pools.settings import SETTINGS, IdentityPool, configured
from harness.emulator.listing import page
from harness.emulator.operations import Guarded, Operation, OperationTable, accepting, request_tags, resource_tags
from harness.emulator.service import NotDerivableError, ServiceError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from harness.emulator.clock import Clock
    from harness.emulator.faults import Fault
    from harness.emulator.iam.state import OidcProvider
    from harness.emulator.principals import Principal
    from harness.emulator.service import Authorizer, Call
    from harness.emulator.sts.service import SecurityTokenService
    from harness.emulator.token_issuers import TokenIssuers


class IdentityPools:
    """The service cognito-identity of one account in one Region (aws-semantics section 3).

    Administrative operations ask `authorize` on the pool's ARN; the exchange itself is public. Tokens may come from
    user pools of any account; `oidc_provider` finds the OIDC providers of IAM by their ARN.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        region: str,
        account: str,
        issuers: TokenIssuers,
        oidc_provider: Callable[[str], OidcProvider | None],
        sts: SecurityTokenService,
        authorize: Authorizer,
        faults: Collection[Fault],
    ) -> None:
        self._prefix = f"arn:aws:cognito-identity:{region}:{account}:identitypool/"
        self._region = region
        self._authorize = authorize
        self._oidc_provider = oidc_provider
        self._identities = Identities(region, clock, faults)
        self._pools: dict[str, IdentityPool] = {}
        tokens = LoginTokens(clock, issuers, oidc_provider, faults)
        exchange = IdentityExchange(
            clock, account, self._pool, self._identities, tokens, sts, issuers.identity_tokens, faults
        )
        operations = {
            **self._operations(),
            **exchange.operations(),
            **IdentityRecords(self._pool, self._identities, exchange).operations(self._on_identity),
            **DeveloperIdentities(self._pool, self._identities, exchange).operations(self._on_pool),
        }
        self._table = OperationTable("cognito-identity", operations, authorize, self._on_named_pool)

    def handle(self, call: Call) -> Mapping[str, Any]:
        """Return the result of one API call.

        Raises the ServiceError that Cognito would answer, or NotDerivableError for an operation or parameter that
        is not implemented.
        """
        return self._table.handle(call)

    def owns(self, params: Mapping[str, Any]) -> bool:
        """Tell whether the identity pool or the identity that a call names is one of these."""
        return params.get("IdentityPoolId") in self._pools or self._identities.holds(params.get("IdentityId"))

    def _operations(self) -> dict[str, Operation]:
        one, on_pool = accepting("IdentityPoolId"), self._on_pool
        provider = one | accepting("IdentityProviderName")
        tagged = accepting("ResourceArn")
        return {
            "CreateIdentityPool": Operation(self._create, accepting(SETTINGS), _on_any_pool),
            "UpdateIdentityPool": Operation(self._update, one | accepting(SETTINGS), on_pool),
            "DescribeIdentityPool": Operation(self._describe, one, on_pool),
            "DeleteIdentityPool": Operation(self._delete, one, on_pool),
            "ListIdentityPools": Operation(self._list, accepting("MaxResults NextToken"), _on_any_pool),
            "SetIdentityPoolRoles": Operation(self._set_roles, one | accepting("Roles RoleMappings"), on_pool),
            "GetIdentityPoolRoles": Operation(self._get_roles, one, on_pool),
            "SetPrincipalTagAttributeMap": Operation(
                self._set_tag_map, provider | accepting("UseDefaults PrincipalTags"), on_pool
            ),
            "GetPrincipalTagAttributeMap": Operation(self._get_tag_map, provider, on_pool),
            "TagResource": Operation(self._tag, tagged | accepting("Tags"), self._on_arn),
            "UntagResource": Operation(self._untag, tagged | accepting("TagKeys"), self._on_arn),
            "ListTagsForResource": Operation(self._list_tags, tagged, self._on_arn),
        }

    def _on_pool(self, params: Mapping[str, Any]) -> Guarded:
        pool_id = params["IdentityPoolId"]
        pool = self._pools.get(pool_id)
        tags = {**resource_tags(pool.tags if pool else None), **request_tags(params.get("IdentityPoolTags"))}
        return Guarded(self._prefix + pool_id, tags)

    def _on_arn(self, params: Mapping[str, Any]) -> Guarded:
        pool = self._pools.get(params["ResourceArn"].removeprefix(self._prefix))
        keys = {"aws:tagkeys": tuple(params["TagKeys"])} if params.get("TagKeys") else request_tags(params.get("Tags"))
        return Guarded(params["ResourceArn"], {**resource_tags(pool.tags if pool else None), **keys})

    def _on_identity(self, params: Mapping[str, Any]) -> Guarded:
        if "IdentityPoolId" in params:
            return self._on_pool(params)
        named = params.get("IdentityId") or next(iter(params.get("IdentityIdsToDelete") or ()), None)
        known = isinstance(named, str) and self._identities.holds(named)
        return self._on_pool({"IdentityPoolId": self._identities.named(str(named)).pool_id}) if known else Guarded("*")

    def _on_named_pool(self, params: Mapping[str, Any]) -> Guarded | None:
        # Whatever is not implemented and names a pool would be an administrator's operation.
        return self._on_pool(params) if isinstance(params.get("IdentityPoolId"), str) else None

    def _pool(self, pool_id: str) -> IdentityPool:
        if pool_id not in self._pools:
            raise ServiceError("ResourceNotFoundException", f"IdentityPool '{pool_id}' not found.")
        return self._pools[pool_id]

    def _pool_of_arn(self, call: Call) -> IdentityPool:
        return self._pool(call.params["ResourceArn"].removeprefix(self._prefix))

    def _create(self, call: Call) -> Mapping[str, Any]:
        pool_id = f"{self._region}:{uuid.uuid4()}"
        self._pools[pool_id] = self._checked(configured(pool_id, call.params))
        return self._pools[pool_id].described

    def _update(self, call: Call) -> Mapping[str, Any]:
        before = self._pool(call.params["IdentityPoolId"])
        pool = self._checked(configured(before.id, call.params))
        if before.developer_provider is not None and pool.developer_provider != before.developer_provider:
            raise NotDerivableError("a change of DeveloperProviderName, which cannot be changed once it is set")
        pool.roles, pool.mappings = before.roles, before.mappings
        pool.described_mappings, pool.tag_maps = before.described_mappings, before.tag_maps
        self._pools[pool.id] = pool
        return pool.described

    def _checked(self, pool: IdentityPool) -> IdentityPool:
        if any(self._oidc_provider(arn) is None for arn in pool.oidc_provider_arns):
            raise NotDerivableError("an OpenID Connect provider that IAM does not have")
        return pool

    def _describe(self, call: Call) -> Mapping[str, Any]:
        return self._pool(call.params["IdentityPoolId"]).described

    def _delete(self, call: Call) -> Mapping[str, Any]:
        pool = self._pool(call.params["IdentityPoolId"])
        self._identities.forget_pool(pool)
        del self._pools[pool.id]
        return {}

    def _list(self, call: Call) -> Mapping[str, Any]:
        pools = [{"IdentityPoolId": pool.id, "IdentityPoolName": pool.name} for pool in self._pools.values()]
        shown, more = page(pools, call.params.get("MaxResults"), call.params.get("NextToken"))
        return {"IdentityPools": shown, **more}

    def _set_roles(self, call: Call) -> Mapping[str, Any]:
        pool = self._pool(call.params["IdentityPoolId"])
        roles, described = dict(call.params["Roles"]), dict(call.params.get("RoleMappings") or {})
        mappings = {provider: role_mapping(mapping) for provider, mapping in described.items()}
        passed = [*roles.values(), *(rule.role_arn for each in mappings.values() for rule in each.rules)]
        for role_arn in dict.fromkeys(passed):
            self._check_pass_role(call.principal, role_arn)
        pool.roles, pool.mappings, pool.described_mappings = roles, mappings, described
        return {}

    def _check_pass_role(self, principal: Principal | None, role_arn: str) -> None:
        try:
            self._authorize(
                principal, "iam:PassRole", role_arn, {"iam:passedtoservice": ("cognito-identity.amazonaws.com",)}
            )
        except NotDerivableError:
            raise
        except ServiceError as error:
            name = role_arn.rpartition("/")[2]
            raise ServiceError("NotAuthorizedException", f"Access to Role '{name}' is forbidden.") from error

    def _get_roles(self, call: Call) -> Mapping[str, Any]:
        pool = self._pool(call.params["IdentityPoolId"])
        shown: dict[str, Any] = {"IdentityPoolId": pool.id, "Roles": dict(pool.roles)}
        return {**shown, "RoleMappings": pool.described_mappings} if pool.described_mappings else shown

    def _set_tag_map(self, call: Call) -> Mapping[str, Any]:
        pool, provider = self._pool(call.params["IdentityPoolId"]), call.params["IdentityProviderName"]
        if all(entry.name != provider for entry in pool.providers(self._oidc_provider)):
            raise NotDerivableError("a principal tag map for a provider the identity pool does not have")
        pool.tag_maps[provider] = tag_map_of(call.params)
        return _described_tag_map(pool, provider)

    def _get_tag_map(self, call: Call) -> Mapping[str, Any]:
        pool, provider = self._pool(call.params["IdentityPoolId"]), call.params["IdentityProviderName"]
        if provider not in pool.tag_maps:
            raise NotDerivableError("a principal tag map that was never set")
        return _described_tag_map(pool, provider)

    def _tag(self, call: Call) -> Mapping[str, Any]:
        self._retag(self._pool_of_arn(call), {**self._pool_of_arn(call).tags, **call.params["Tags"]})
        return {}

    def _untag(self, call: Call) -> Mapping[str, Any]:
        pool, gone = self._pool_of_arn(call), set(call.params["TagKeys"])
        self._retag(pool, {key: value for key, value in pool.tags.items() if key not in gone})
        return {}

    def _retag(self, pool: IdentityPool, tags: dict[str, str]) -> None:
        pool.tags = tags
        pool.described = {**pool.described, "IdentityPoolTags": dict(tags)}

    def _list_tags(self, call: Call) -> Mapping[str, Any]:
        return {"Tags": dict(self._pool_of_arn(call).tags)}


def _on_any_pool(params: Mapping[str, Any]) -> Guarded:
    return Guarded("*", request_tags(params.get("IdentityPoolTags")))


def _described_tag_map(pool: IdentityPool, provider: str) -> Mapping[str, Any]:
    tag_map = pool.tag_maps[provider]
    return {
        "IdentityPoolId": pool.id,
        "IdentityProviderName": provider,
        "UseDefaults": tag_map.uses_defaults,
        "PrincipalTags": dict(tag_map.claims),
    }
