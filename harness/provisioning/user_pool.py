"""Making a blueprint's user pool, and the foreign one from which attackers bring tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.deployment import operate
from harness.placeholders import per_tenant
from harness.provisioning.making import make

if TYPE_CHECKING:
    from harness.blueprints.spec import AppClientSpec, UserPoolSpec
    from harness.deployment import Deployment
    from harness.population import Population
    from harness.targets.target import Target

_AUTH_FLOWS = ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]


def make_user_pools(spec: UserPoolSpec, target: Target, deployment: Deployment, population: Population) -> None:
    """Make the design's pool with its app clients, and the outsiders' pool, which has the same attributes, with one."""
    name = deployment.name_of(deployment.blueprint)
    schema = [
        {"Name": attribute, "AttributeDataType": "String", "Mutable": spec_of.mutable}
        for spec_of in spec.attributes
        for attribute in per_tenant(spec_of.name, population.tenants)
    ]
    kept: dict[str, Any] = {"Schema": schema} if schema else {}
    settings: dict[str, Any] = {
        "AdminCreateUserConfig": {"AllowAdminCreateUserOnly": not spec.sign_up},
        "UsernameConfiguration": {"CaseSensitive": spec.case_sensitive},
    }
    deployment.user_pool = _make_pool(target, deployment, name, {**kept, **settings})
    for client in spec.app_clients:
        deployment.app_clients[client.name] = _make_client(target, deployment.user_pool, client, population)
    deployment.outsiders_pool = _make_pool(target, deployment, f"{name}-outsiders", kept)
    outside = operate(
        target,
        "cognito-idp",
        "CreateUserPoolClient",
        UserPoolId=deployment.outsiders_pool,
        ClientName="outsiders",
        ExplicitAuthFlows=_AUTH_FLOWS,
    )
    deployment.outsiders_client = outside["UserPoolClient"]["ClientId"]


def make_groups(spec: UserPoolSpec, target: Target, deployment: Deployment, population: Population) -> None:
    """Make the groups; their roles must exist."""
    for group in spec.groups:
        names = per_tenant(group.name, population.tenants)
        roles = [None] if group.role is None else per_tenant(group.role, population.tenants)
        for number, name in enumerate(names):
            params: dict[str, Any] = {"UserPoolId": deployment.user_pool, "GroupName": name}
            role = roles[number % len(roles)]
            if role is not None:
                params["RoleArn"] = deployment.roles[role]
            if group.precedence is not None:
                params["Precedence"] = group.precedence
            operate(target, "cognito-idp", "CreateGroup", **params)


def connect_triggers(spec: UserPoolSpec, target: Target, deployment: Deployment) -> None:
    """Let the pool call the functions of the design; they must exist and allow it."""
    if spec.triggers:
        triggers = {trigger: deployment.functions[name] for trigger, name in spec.triggers.items()}
        settings = {"AdminCreateUserConfig": {"AllowAdminCreateUserOnly": not spec.sign_up}}
        operate(
            target,
            "cognito-idp",
            "UpdateUserPool",
            UserPoolId=deployment.user_pool,
            LambdaConfig=triggers,
            UserPoolTags=deployment.marks.tags,
            **settings,
        )


def _make_pool(target: Target, deployment: Deployment, name: str, settings: dict[str, Any]) -> str:
    return str(make(target, deployment, "user-pool", name, **settings)["UserPool"]["Id"])


def _make_client(target: Target, pool: str, client: AppClientSpec, population: Population) -> str:
    limits: dict[str, Any] = {}
    for parameter, names in (("ReadAttributes", client.read_attributes), ("WriteAttributes", client.write_attributes)):
        if names is not None:
            limits[parameter] = [attribute for name in names for attribute in per_tenant(name, population.tenants)]
    answer = operate(
        target,
        "cognito-idp",
        "CreateUserPoolClient",
        UserPoolId=pool,
        ClientName=client.name,
        ExplicitAuthFlows=_AUTH_FLOWS,
        IdTokenValidity=client.id_token_minutes,
        TokenValidityUnits={"IdToken": "minutes"},
        PreventUserExistenceErrors="ENABLED" if client.hides_missing_users else "LEGACY",
        EnableTokenRevocation=client.revokes_tokens,
        **limits,
    )
    return str(answer["UserPoolClient"]["ClientId"])
