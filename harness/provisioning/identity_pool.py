"""Making a blueprint's identity pool, and telling it which roles to give to whom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.deployment import operate
from harness.placeholders import per_tenant

if TYPE_CHECKING:
    from harness.blueprints.spec import Blueprint, IdentityPoolSpec, UserPoolSpec
    from harness.deployment import Deployment
    from harness.population import Population
    from harness.targets.target import Target


def make_identity_pool(blueprint: Blueprint, target: Target, deployment: Deployment) -> None:
    """Make the pool with its providers, and a foreign one that gives its users OpenID tokens."""
    spec, user_pool = _specs(blueprint)
    providers = [
        {
            "ProviderName": deployment.provider,
            "ClientId": deployment.app_clients[client.name],
            "ServerSideTokenCheck": spec.server_side_token_check,
        }
        for client in user_pool.app_clients
        if client.identity_provider
    ]
    if spec.trusts_outsiders:
        providers.append({"ProviderName": deployment.outsiders_provider, "ClientId": deployment.outsiders_client})
    classic = {} if spec.classic_flow is None else {"AllowClassicFlow": spec.classic_flow}
    answer = operate(
        target,
        "cognito-identity",
        "CreateIdentityPool",
        IdentityPoolName=deployment.name_of(blueprint.name),
        AllowUnauthenticatedIdentities=spec.unauthenticated_role is not None,
        CognitoIdentityProviders=providers,
        **classic,
    )
    deployment.identity_pool = answer["IdentityPoolId"]
    deployment.record("identity-pool", deployment.identity_pool)
    outsiders = operate(
        target,
        "cognito-identity",
        "CreateIdentityPool",
        IdentityPoolName=deployment.name_of("outsiders"),
        AllowUnauthenticatedIdentities=False,
        CognitoIdentityProviders=[
            {"ProviderName": deployment.outsiders_provider, "ClientId": deployment.outsiders_client}
        ],
        AllowClassicFlow=True,
    )
    deployment.outsiders_identity_pool = outsiders["IdentityPoolId"]
    deployment.record("identity-pool", deployment.outsiders_identity_pool)


def connect_roles(blueprint: Blueprint, target: Target, deployment: Deployment, population: Population) -> None:
    """Tell the pool its roles, the mapping of tokens to roles, and the mapping of claims to principal tags."""
    spec, user_pool = _specs(blueprint)
    roles = {
        kind: deployment.roles[role]
        for kind, role in (("authenticated", spec.authenticated_role), ("unauthenticated", spec.unauthenticated_role))
        if role is not None
    }
    mappings = {
        f"{deployment.provider}:{deployment.app_clients[client.name]}": _mapping(spec, deployment)
        for client in user_pool.app_clients
        if client.identity_provider and spec.role_mapping
    }
    operate(
        target,
        "cognito-identity",
        "SetIdentityPoolRoles",
        IdentityPoolId=deployment.identity_pool,
        Roles=roles,
        **({"RoleMappings": mappings} if mappings else {}),
    )
    if spec.principal_tags:
        tags = {
            key: claim
            for pattern, claim_pattern in spec.principal_tags.items()
            for key, claim in zip(
                per_tenant(pattern, population.tenants), per_tenant(claim_pattern, population.tenants), strict=True
            )
        }
        operate(
            target,
            "cognito-identity",
            "SetPrincipalTagAttributeMap",
            IdentityPoolId=deployment.identity_pool,
            IdentityProviderName=deployment.provider,
            UseDefaults=False,
            PrincipalTags=tags,
        )


def _mapping(spec: IdentityPoolSpec, deployment: Deployment) -> dict[str, Any]:
    mapping: dict[str, Any] = {
        "Type": spec.role_mapping,
        "AmbiguousRoleResolution": spec.ambiguous_role_resolution,
    }
    if spec.rules:
        mapping["RulesConfiguration"] = {
            "Rules": [
                {
                    "Claim": rule.claim,
                    "MatchType": rule.match,
                    "Value": rule.value,
                    "RoleARN": deployment.roles[rule.role],
                }
                for rule in spec.rules
            ]
        }
    return mapping


def _specs(blueprint: Blueprint) -> tuple[IdentityPoolSpec, UserPoolSpec]:
    if blueprint.identity_pool is None or blueprint.user_pool is None:
        raise TypeError(f"{blueprint.name} has no identity pool with a user pool")
    return blueprint.identity_pool, blueprint.user_pool
