"""The service cognito-identity: administration of identity pools, and the exchange of tokens for credentials."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from harness.emulator.guest_session import guest_session_policies
from harness.emulator.identities import (
    CognitoProvider,
    Identities,
    IdentityPool,
    MappingRule,
    RoleMapping,
    bad_configuration,
    role_for_guest,
    role_for_login,
    role_without_login,
)
from harness.emulator.listing import page
from harness.emulator.login_tokens import COGNITO_PROVIDER, Login, LoginTokens
from harness.emulator.operations import Guarded, Operation, OperationTable, accepting, request_tags, resource_tags
from harness.emulator.principal_tags import tag_map_of
from harness.emulator.service import NotDerivableError, ServiceError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from harness.emulator.clock import Clock
    from harness.emulator.faults import Fault
    from harness.emulator.principals import Principal
    from harness.emulator.service import Authorizer, Call
    from harness.emulator.sts import SecurityTokenService
    from harness.emulator.user_pools import UserPools

_RULES_PER_PROVIDER = 25
_PROVIDERS_WITH_MAPPINGS = 10
_SETTINGS = "IdentityPoolName AllowUnauthenticatedIdentities AllowClassicFlow CognitoIdentityProviders IdentityPoolTags"


class IdentityPools:
    """The service cognito-identity of one embedded cloud (aws-semantics section 3).

    Administrative operations ask `authorize` on the pool's ARN; GetId and GetCredentialsForIdentity are public.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        region: str,
        account: str,
        user_pools: UserPools,
        sts: SecurityTokenService,
        authorize: Authorizer,
        faults: Collection[Fault],
    ) -> None:
        self._region = region
        self._account = account
        self._sts = sts
        self._authorize = authorize
        self._faults = faults
        self._tokens = LoginTokens(clock, user_pools.directory, faults)
        self._identities = Identities(region, faults)
        self._pools: dict[str, IdentityPool] = {}
        self._table = OperationTable("cognito-identity", self._operations(), authorize, self._on_named_pool)

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
        one = accepting("IdentityPoolId")
        return {
            "CreateIdentityPool": Operation(self._create, accepting(_SETTINGS), _on_any_pool),
            "UpdateIdentityPool": Operation(self._update, one | accepting(_SETTINGS), self._on_pool),
            "DescribeIdentityPool": Operation(self._describe, one, self._on_pool),
            "DeleteIdentityPool": Operation(self._delete, one, self._on_pool),
            "ListIdentityPools": Operation(self._list, accepting("MaxResults NextToken"), _on_any_pool),
            "SetIdentityPoolRoles": Operation(self._set_roles, one | accepting("Roles RoleMappings"), self._on_pool),
            "GetIdentityPoolRoles": Operation(self._get_roles, one, self._on_pool),
            "SetPrincipalTagAttributeMap": Operation(
                self._set_tag_map, one | accepting("IdentityProviderName UseDefaults PrincipalTags"), self._on_pool
            ),
            "GetPrincipalTagAttributeMap": Operation(
                self._get_tag_map, one | accepting("IdentityProviderName"), self._on_pool
            ),
            "GetId": Operation(self._get_id, one | accepting("AccountId Logins")),
            "GetCredentialsForIdentity": Operation(self._get_credentials, accepting("IdentityId Logins CustomRoleArn")),
        }

    def _on_pool(self, params: Mapping[str, Any]) -> Guarded:
        pool_id = params["IdentityPoolId"]
        pool = self._pools.get(pool_id)
        arn = f"arn:aws:cognito-identity:{self._region}:{self._account}:identitypool/{pool_id}"
        tags = {**resource_tags(pool.tags if pool else None), **request_tags(params.get("IdentityPoolTags"))}
        return Guarded(arn, tags)

    def _on_named_pool(self, params: Mapping[str, Any]) -> Guarded | None:
        # Of the operations that name a pool, only GetId is public, and that one is implemented.
        return self._on_pool(params) if isinstance(params.get("IdentityPoolId"), str) else None

    def _pool(self, pool_id: str) -> IdentityPool:
        if pool_id not in self._pools:
            raise ServiceError("ResourceNotFoundException", f"IdentityPool '{pool_id}' not found.")
        return self._pools[pool_id]

    def _create(self, call: Call) -> Mapping[str, Any]:
        pool_id = f"{self._region}:{uuid.uuid4()}"
        self._pools[pool_id] = _configured(pool_id, call.params)
        return self._pools[pool_id].described

    def _update(self, call: Call) -> Mapping[str, Any]:
        before = self._pool(call.params["IdentityPoolId"])
        pool = _configured(before.id, call.params)
        pool.roles, pool.mappings = before.roles, before.mappings
        pool.described_mappings, pool.tag_maps = before.described_mappings, before.tag_maps
        self._pools[pool.id] = pool
        return pool.described

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
        if len(described) > _PROVIDERS_WITH_MAPPINGS:
            raise NotDerivableError("more than 10 providers with RoleMappings")
        mappings = {provider: _role_mapping(mapping) for provider, mapping in described.items()}
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
        if all(entry.name != provider for entry in pool.providers):
            raise NotDerivableError("a principal tag map for a provider the identity pool does not have")
        pool.tag_maps[provider] = tag_map_of(call.params)
        return _described_tag_map(pool, provider)

    def _get_tag_map(self, call: Call) -> Mapping[str, Any]:
        pool, provider = self._pool(call.params["IdentityPoolId"]), call.params["IdentityProviderName"]
        if provider not in pool.tag_maps:
            raise NotDerivableError("a principal tag map that was never set")
        return _described_tag_map(pool, provider)

    def _get_id(self, call: Call) -> Mapping[str, Any]:
        pool = self._pool(call.params["IdentityPoolId"])
        if call.params.get("AccountId") not in (None, self._account):
            raise NotDerivableError("AccountId of another account in GetId")
        login = self._login(pool, call.params, "Can't pass in a Cognito token.")
        if login is None and not pool.allows_guests:
            raise _no_guests()
        identity = self._identities.of_login(pool, login) if login is not None else None
        return {"IdentityId": (identity or self._identities.new(pool, login)).id}

    def _get_credentials(self, call: Call) -> Mapping[str, Any]:
        identity = self._identities.named(call.params["IdentityId"])
        pool = self._pool(identity.pool_id)
        login = self._login(pool, call.params, "Not a Cognito token.")
        custom_role = call.params.get("CustomRoleArn")
        session_policies, tag_map = None, None
        if login is not None:
            self._identities.check_owner(pool, identity, login)
            role_arn = role_for_login(pool, login, custom_role, self._faults)
            tag_map = pool.tag_maps.get(login.provider)
            signed_in = f"{login.provider}:CognitoSignIn:{login.subject}"
            amr: tuple[str, ...] = ("authenticated", login.provider, signed_in)
        elif identity.logins:
            self._identities.check_guest(identity)
            role_arn = role_without_login(pool, custom_role, self._faults)
            amr = ("authenticated", *identity.logins)
        else:
            if not pool.allows_guests:
                raise _no_guests()
            role_arn = role_for_guest(pool, custom_role, self._faults)
            amr, session_policies = ("unauthenticated",), guest_session_policies()
        try:
            tags = tag_map.tags_for(login.claims) if login is not None and tag_map is not None else {}
            issued = self._sts.assume_with_cognito(role_arn, identity.id, pool.id, amr, session_policies, tags)
        except NotDerivableError:
            raise
        except ServiceError as error:
            raise bad_configuration() from error
        token = issued.session_token
        return {
            "IdentityId": identity.id,
            "Credentials": {
                "AccessKeyId": issued.access_key_id,
                "SecretKey": issued.secret_access_key.reveal(),
                "SessionToken": token.reveal() if token is not None else None,
                "Expiration": issued.expiration,
            },
        }

    def _login(self, pool: IdentityPool, params: Mapping[str, Any], cognito_refusal: str) -> Login | None:
        """Return the login of the request once every token in it is verified, None without one."""
        given = params.get("Logins") or {}
        if COGNITO_PROVIDER in given:
            # Neither GetOpenIdToken nor developer identities exist here, so no token can be right under this name.
            raise ServiceError("NotAuthorizedException", f"Invalid login token. {cognito_refusal}")
        logins = [self._tokens.verify(pool, provider, token) for provider, token in given.items()]
        if len(logins) > 1:
            raise NotDerivableError("several Logins in one request")
        return logins[0] if logins else None


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


def _no_guests() -> ServiceError:
    return ServiceError("NotAuthorizedException", "Unauthenticated access is not supported for this identity pool.")


def _configured(pool_id: str, params: Mapping[str, Any]) -> IdentityPool:
    described = {name: params[name] for name in _SETTINGS.split() if params.get(name) is not None}
    providers = []
    for entry in params.get("CognitoIdentityProviders") or ():
        if not entry.get("ProviderName") or not entry.get("ClientId"):
            raise NotDerivableError("CognitoIdentityProviders without ProviderName and ClientId")
        check = bool(entry.get("ServerSideTokenCheck"))
        providers.append(CognitoProvider(entry["ProviderName"], entry["ClientId"], check))
    return IdentityPool(
        id=pool_id,
        name=params["IdentityPoolName"],
        allows_guests=params["AllowUnauthenticatedIdentities"],
        providers=tuple(providers),
        described={"IdentityPoolId": pool_id, **described},
        tags=dict(params.get("IdentityPoolTags") or {}),
    )


def _role_mapping(mapping: Mapping[str, Any]) -> RoleMapping:
    resolution = mapping.get("AmbiguousRoleResolution")
    if resolution is None:
        raise NotDerivableError("RoleMappings without AmbiguousRoleResolution")
    rules = tuple(
        MappingRule(rule["Claim"], rule["MatchType"], rule["Value"], rule["RoleARN"])
        for rule in (mapping.get("RulesConfiguration") or {}).get("Rules") or ()
    )
    if len(rules) > _RULES_PER_PROVIDER:
        raise NotDerivableError("more than 25 rules for one provider")
    if (mapping["Type"] == "Rules") != bool(rules):
        raise NotDerivableError("RoleMappings whose Type and RulesConfiguration do not agree")
    return RoleMapping(mapping["Type"] == "Token", resolution == "AuthenticatedRole", rules)
