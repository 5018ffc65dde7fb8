"""Making a blueprint's identity pool, and telling it which roles to give to whom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.deployment import operate
from harness.placeholders import TENANT, per_tenant
from harness.provisioning.making import make

if TYPE_CHECKING:
    from harness.blueprints.spec import Blueprint, IdentityPoolSpec, RoleRule, UserPoolSpec
    from harness.deployment import Deployment
    from harness.population import Population
    from harness.targets.target import Target


def make_identity_pool(blueprint: Blueprint, target: Target, deployment: Deployment) -> None:
    """Make the pool with its providers."""
    spec, user_pool = _specs(blueprint)
    providers = [
        {
            "ProviderName": deployment.provider,
            "ClientId": deployment.app_clients[client.name],
            "ServerSideTokenCheck": spec.server_side_token_check,
        }
        for client in user_pool.identity_providers
    ]
    if spec.trusts_outsiders:
        providers.append({"ProviderName": deployment.outsiders_provider, "ClientId": deployment.outsiders_client})
    name = deployment.name_of(blueprint.name)
    settings: dict[str, Any] = {
        "IdentityPoolName": name,
        "AllowUnauthenticatedIdentities": spec.unauthenticated_role is not None,
        "CognitoIdentityProviders": providers,
    }
    if spec.classic_flow is not None:
        settings["AllowClassicFlow"] = spec.classic_flow
    if spec.developer_provider:
        settings["DeveloperProviderName"] = spec.developer_provider
    deployment.identity_pool = make(target, deployment, "identity-pool", name, **settings)["IdentityPoolId"]
    # An update that leaves the tags out takes them away.
    told = {"IdentityPoolId": deployment.identity_pool, "IdentityPoolTags": deployment.marks.tags, **settings}
    deployment.pool_settings["UpdateIdentityPool"] = told


def make_outsiders_identity_pool(target: Target, deployment: Deployment) -> None:
    """Make a foreign identity pool that gives the users of the foreign user pool OpenID tokens."""
    outsiders = make(
        target,
        deployment,
        "identity-pool",
        deployment.name_of("outsiders"),
        AllowUnauthenticatedIdentities=False,
        CognitoIdentityProviders=[
            {"ProviderName": deployment.outsiders_provider, "ClientId": deployment.outsiders_client}
        ],
        AllowClassicFlow=True,
    )
    deployment.outsiders_identity_pool = outsiders["IdentityPoolId"]


def connect_roles(blueprint: Blueprint, target: Target, deployment: Deployment, population: Population) -> None:
    """Tell the pool its roles, the mapping of tokens to roles, and the mapping of claims to principal tags."""
    spec, user_pool = _specs(blueprint)
    roles = {
        kind: deployment.roles[role]
        for kind, role in (("authenticated", spec.authenticated_role), ("unauthenticated", spec.unauthenticated_role))
        if role is not None
    }
    mappings = {
        f"{deployment.provider}:{deployment.app_clients[client.name]}": _mapping(spec, deployment, population)
        for client in user_pool.identity_providers
        if spec.role_mapping
    }
    _tell(
        target,
        deployment,
        "SetIdentityPoolRoles",
        Roles=roles,
        **({"RoleMappings": mappings} if mappings else {}),
    )
    provider = deployment.provider
    if spec.default_tags:
        _tell(target, deployment, "SetPrincipalTagAttributeMap", IdentityProviderName=provider, UseDefaults=True)
    elif spec.principal_tags:
        tags = {
            key: claim
            for pattern, claim_pattern in spec.principal_tags.items()
            for key, claim in zip(
                per_tenant(pattern, population.tenants), per_tenant(claim_pattern, population.tenants), strict=True
            )
        }
        _tell(
            target,
            deployment,
            "SetPrincipalTagAttributeMap",
            IdentityProviderName=provider,
            UseDefaults=False,
            PrincipalTags=tags,
        )


def _tell(target: Target, deployment: Deployment, operation: str, **settings: Any) -> None:
    params = {"IdentityPoolId": deployment.identity_pool, **settings}
    operate(target, "cognito-identity", operation, **params)
    deployment.pool_settings[operation] = params


def _mapping(spec: IdentityPoolSpec, deployment: Deployment, population: Population) -> dict[str, Any]:
    mapping: dict[str, Any] = {
        "Type": spec.role_mapping,
        "AmbiguousRoleResolution": spec.ambiguous_role_resolution,
    }
    if spec.rules:
        mapping["RulesConfiguration"] = {
            "Rules": [
                {"Claim": rule.claim, "MatchType": rule.match, "Value": value, "RoleARN": deployment.roles[role]}
                for rule in spec.rules
                for value, role in _of_each_tenant(rule, population)
            ]
        }
    return mapping


def _of_each_tenant(rule: RoleRule, population: Population) -> list[tuple[str, str]]:
    """Return the value and the role of a rule, or of one rule of each tenant where the role is the tenant's."""
    if TENANT not in rule.role:
        return [(rule.value, rule.role)]
    return [(rule.value.replace(TENANT, each.key), rule.role.replace(TENANT, each.key)) for each in population.tenants]


def _specs(blueprint: Blueprint) -> tuple[IdentityPoolSpec, UserPoolSpec]:
    if blueprint.identity_pool is None or blueprint.user_pool is None:
        raise TypeError(f"{blueprint.name} has no identity pool with a user pool")
    return blueprint.identity_pool, blueprint.user_pool
