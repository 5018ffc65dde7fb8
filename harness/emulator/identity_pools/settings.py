"""The settings of an identity pool: whom it takes for a user, and what it gives whom."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from harness.emulator.service import NotDerivableError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from harness.emulator.iam.state import OidcProvider
    from harness.emulator.identity_pools.principal_tags import PrincipalTagMap
    from harness.emulator.identity_pools.roles import RoleMapping

SETTINGS = (
    "IdentityPoolName AllowUnauthenticatedIdentities AllowClassicFlow CognitoIdentityProviders DeveloperProviderName "
    "OpenIdConnectProviderARNs IdentityPoolTags"
)


@dataclass(frozen=True, slots=True)
class CognitoProvider:
    """A user pool client whose tokens the identity pool takes. For an OIDC provider, `client_id` is one of its own."""

    name: str
    client_id: str
    server_side_token_check: bool
    oidc_provider: str | None = None

    @property
    def mapping_key(self) -> str:
        """The name under which RoleMappings has the provider."""
        return self.oidc_provider or f"{self.name}:{self.client_id}"


@dataclass(slots=True)
class IdentityPool:
    """An identity pool. `described` is what the API shows of its settings; `roles` has the two default roles.

    `tag_maps` has the tag map per provider name, without the client. `classic_flow` is None where nobody set it.
    """

    id: str
    name: str
    allows_guests: bool
    cognito_providers: tuple[CognitoProvider, ...]
    described: dict[str, Any]
    tags: dict[str, str]
    classic_flow: bool | None = None
    developer_provider: str | None = None
    oidc_provider_arns: tuple[str, ...] = ()
    roles: dict[str, str] = field(default_factory=dict)
    mappings: dict[str, RoleMapping] = field(default_factory=dict)
    described_mappings: dict[str, Any] = field(default_factory=dict)
    tag_maps: dict[str, PrincipalTagMap] = field(default_factory=dict)

    def providers(self, oidc_provider: Callable[[str], OidcProvider | None]) -> tuple[CognitoProvider, ...]:
        """Return every provider whose tokens the pool takes: user pool clients, and clients of OIDC providers."""
        found = (oidc_provider(arn) for arn in self.oidc_provider_arns)
        federated = (
            CognitoProvider(provider.url, client_id, server_side_token_check=False, oidc_provider=provider.arn)
            for provider in found
            if provider is not None
            for client_id in provider.client_ids
        )
        return (*self.cognito_providers, *federated)


def configured(pool_id: str, params: Mapping[str, Any]) -> IdentityPool:
    """Return a pool with the settings of a request; raises NotDerivableError for those nobody here can act on."""
    described = {name: params[name] for name in SETTINGS.split() if params.get(name) is not None}
    providers = []
    for entry in params.get("CognitoIdentityProviders") or ():
        if not entry.get("ProviderName") or not entry.get("ClientId"):
            raise NotDerivableError("CognitoIdentityProviders without ProviderName and ClientId")
        check = bool(entry.get("ServerSideTokenCheck"))
        providers.append(CognitoProvider(entry["ProviderName"], entry["ClientId"], check))
    arns = tuple(params.get("OpenIdConnectProviderARNs") or ())
    named = {provider.name for provider in providers}
    if any(arn.partition(":oidc-provider/")[2] in named for arn in arns):
        raise NotDerivableError("a user pool that is both a Cognito and an OpenID Connect provider")
    return IdentityPool(
        id=pool_id,
        name=params["IdentityPoolName"],
        allows_guests=params["AllowUnauthenticatedIdentities"],
        cognito_providers=tuple(providers),
        described={"IdentityPoolId": pool_id, **described},
        tags=dict(params.get("IdentityPoolTags") or {}),
        classic_flow=params.get("AllowClassicFlow"),
        developer_provider=params.get("DeveloperProviderName"),
        oidc_provider_arns=arns,
    )
