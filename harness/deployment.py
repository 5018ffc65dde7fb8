"""A blueprint on a target: what was made of it, as plain JSON, recorded so that it can be destroyed again."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from harness.errors import DeploymentError
from harness.targets.api import ApiRequest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.blueprints.spec import Blueprint
    from harness.targets.target import Target

_IAM_PATH = "/isolation-harness/"
_AUTH_FLOWS = ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]


@dataclass(frozen=True)
class Resource:
    """One thing made in the account, recorded before it was made."""

    kind: str
    identifier: str


@dataclass
class Deployment:
    """What a blueprint became. `app_clients` and `roles` map the blueprint's names to ids and ARNs.

    `outsiders_pool` and `outsiders_client` are a foreign user pool that belongs to no tenant of the design, from
    which attackers bring validly signed tokens. `witness_role` trusts the operator alone: assuming it shows that
    the target can assume roles at all.
    """

    blueprint: str
    run_id: str
    region: str
    account: str
    user_pool: str = ""
    app_clients: dict[str, str] = field(default_factory=dict)
    identity_pool: str = ""
    roles: dict[str, str] = field(default_factory=dict)
    table: str = ""
    bucket: str = ""
    outsiders_pool: str = ""
    outsiders_client: str = ""
    witness_role: str = ""
    resources: list[Resource] = field(default_factory=list)

    @property
    def provider(self) -> str:
        """Return the Logins key of the design's user pool."""
        return provider_name(self.region, self.user_pool)

    @property
    def outsiders_provider(self) -> str:
        """Return the Logins key of the foreign user pool."""
        return provider_name(self.region, self.outsiders_pool)

    def as_json(self) -> dict[str, Any]:
        """Return the deployment as plain JSON; it holds no secret."""
        return asdict(self)


def provider_name(region: str, user_pool: str) -> str:
    """Return the name under which identity pools know a user pool (aws-semantics 3.1)."""
    return f"cognito-idp.{region}.amazonaws.com/{user_pool}"


def operate(target: Target, service: str, operation: str, **params: Any) -> Mapping[str, Any]:
    """Perform one call as the operator and return its answer. Raises DeploymentError saying what was refused."""
    response = target.send_as_operator(ApiRequest(service, operation, params))
    if not response.succeeded:
        raise DeploymentError(
            f"{service}:{operation} on the {target.name} target failed with {response.error_code}: {response.message}"
        )
    return response.data


def deploy(blueprint: Blueprint, target: Target, run_id: str) -> Deployment:
    """Make everything the blueprint names, users excepted, and return what came of it.

    Raises DeploymentError naming the call that failed, after destroying what had been made until then.
    """
    deployment = Deployment(blueprint.name, run_id, target.region, target.account)
    try:
        _make_user_pools(blueprint, target, deployment)
        _make_identity_pool(blueprint, target, deployment)
        _make_stores(blueprint, target, deployment)
        _make_roles(blueprint, target, deployment)
        _connect_roles(blueprint, target, deployment)
    except DeploymentError:
        destroy(deployment, target)
        raise
    return deployment


def destroy(deployment: Deployment, target: Target) -> list[Resource]:
    """Delete everything recorded, newest first, and return what could not be deleted (empty when all is gone)."""
    left = []
    for resource in reversed(deployment.resources):
        try:
            _DESTROYERS[resource.kind](target, resource.identifier)
        except DeploymentError:
            left.append(resource)
    deployment.resources = list(reversed(left))
    return left


def _record(deployment: Deployment, kind: str, identifier: str) -> None:
    deployment.resources.append(Resource(kind, identifier))


def _make_user_pools(blueprint: Blueprint, target: Target, deployment: Deployment) -> None:
    name = f"isolation-{deployment.run_id}-{blueprint.name}"
    deployment.user_pool = _make_user_pool(target, deployment, name)
    for client in blueprint.app_clients:
        answer = operate(
            target,
            "cognito-idp",
            "CreateUserPoolClient",
            UserPoolId=deployment.user_pool,
            ClientName=client.name,
            ExplicitAuthFlows=_AUTH_FLOWS,
            IdTokenValidity=client.id_token_minutes,
            TokenValidityUnits={"IdToken": "minutes"},
        )
        deployment.app_clients[client.name] = answer["UserPoolClient"]["ClientId"]
    deployment.outsiders_pool = _make_user_pool(target, deployment, f"{name}-outsiders")
    outside = operate(
        target,
        "cognito-idp",
        "CreateUserPoolClient",
        UserPoolId=deployment.outsiders_pool,
        ClientName="outsiders",
        ExplicitAuthFlows=_AUTH_FLOWS,
    )
    deployment.outsiders_client = outside["UserPoolClient"]["ClientId"]


def _make_user_pool(target: Target, deployment: Deployment, name: str) -> str:
    pool_id = str(operate(target, "cognito-idp", "CreateUserPool", PoolName=name)["UserPool"]["Id"])
    _record(deployment, "user-pool", pool_id)
    return pool_id


def _make_identity_pool(blueprint: Blueprint, target: Target, deployment: Deployment) -> None:
    providers = [
        {"ProviderName": deployment.provider, "ClientId": deployment.app_clients[client.name]}
        for client in blueprint.app_clients
        if client.identity_provider
    ]
    if blueprint.identity_pool.trusts_outsiders:
        providers.append({"ProviderName": deployment.outsiders_provider, "ClientId": deployment.outsiders_client})
    answer = operate(
        target,
        "cognito-identity",
        "CreateIdentityPool",
        IdentityPoolName=f"isolation-{deployment.run_id}-{blueprint.name}",
        AllowUnauthenticatedIdentities=blueprint.identity_pool.unauthenticated_role is not None,
        AllowClassicFlow=blueprint.identity_pool.allow_classic_flow,
        CognitoIdentityProviders=providers,
    )
    deployment.identity_pool = answer["IdentityPoolId"]
    _record(deployment, "identity-pool", deployment.identity_pool)


def _make_stores(blueprint: Blueprint, target: Target, deployment: Deployment) -> None:
    deployment.table = f"isolation-{deployment.run_id}-{blueprint.table}"
    _record(deployment, "table", deployment.table)
    operate(
        target,
        "dynamodb",
        "CreateTable",
        TableName=deployment.table,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "PK", "KeyType": "HASH"}, {"AttributeName": "SK", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("PK", "SK")],
    )
    deployment.bucket = f"isolation-{deployment.account}-{deployment.run_id}-{blueprint.bucket}"
    _record(deployment, "bucket", deployment.bucket)
    operate(target, "s3", "CreateBucket", Bucket=deployment.bucket)


def _make_roles(blueprint: Blueprint, target: Target, deployment: Deployment) -> None:
    names = {role.name: f"isolation-{deployment.run_id}-{role.name}" for role in blueprint.roles}
    deployment.roles = {
        role: f"arn:aws:iam::{deployment.account}:role{_IAM_PATH}{name}" for role, name in names.items()
    }
    for role in blueprint.roles:
        _make_role(target, deployment, names[role.name], role.trust)
        for policy_name, document in role.policies.items():
            operate(
                target,
                "iam",
                "PutRolePolicy",
                RoleName=names[role.name],
                PolicyName=policy_name,
                PolicyDocument=_filled_in(document, deployment),
            )
    trust_operator = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"AWS": target.operator_arn}, "Action": "sts:AssumeRole"},
        ],
    }
    witness = f"isolation-{deployment.run_id}-witness"
    _make_role(target, deployment, witness, trust_operator)
    deployment.witness_role = f"arn:aws:iam::{deployment.account}:role{_IAM_PATH}{witness}"


def _make_role(target: Target, deployment: Deployment, name: str, trust: Mapping[str, Any]) -> None:
    _record(deployment, "role", name)
    operate(
        target,
        "iam",
        "CreateRole",
        RoleName=name,
        Path=_IAM_PATH,
        AssumeRolePolicyDocument=_filled_in(trust, deployment),
    )


def _connect_roles(blueprint: Blueprint, target: Target, deployment: Deployment) -> None:
    pool = blueprint.identity_pool
    roles = {"authenticated": deployment.roles[pool.authenticated_role]}
    if pool.unauthenticated_role is not None:
        roles["unauthenticated"] = deployment.roles[pool.unauthenticated_role]
    mappings = {
        f"{deployment.provider}:{deployment.app_clients[client.name]}": {
            "Type": "Token",
            "AmbiguousRoleResolution": pool.ambiguous_role_resolution,
        }
        for client in blueprint.app_clients
        if client.identity_provider and pool.roles_from_token
    }
    operate(
        target,
        "cognito-identity",
        "SetIdentityPoolRoles",
        IdentityPoolId=deployment.identity_pool,
        Roles=roles,
        RoleMappings=mappings,
    )
    for group in blueprint.groups:
        operate(
            target,
            "cognito-idp",
            "CreateGroup",
            UserPoolId=deployment.user_pool,
            GroupName=group.name,
            RoleArn=deployment.roles[group.role],
            Precedence=group.precedence,
        )


def _filled_in(document: Mapping[str, Any], deployment: Deployment) -> str:
    text = json.dumps(document)
    table_arn = f"arn:aws:dynamodb:{deployment.region}:{deployment.account}:table/{deployment.table}"
    values = {
        "@{table.items.arn}": table_arn,
        "@{bucket.files.arn}": f"arn:aws:s3:::{deployment.bucket}",
        "@{bucket.files.name}": deployment.bucket,
        "@{identity_pool.id}": deployment.identity_pool,
        "@{account}": deployment.account,
        **{f"@{{role.{name}.arn}}": arn for name, arn in deployment.roles.items()},
    }
    for name, value in values.items():
        text = text.replace(name, value)
    if "@{" in text:
        raise DeploymentError(f"a document of {deployment.blueprint} names something unknown: {text}")
    return text


def _destroy_bucket(target: Target, bucket: str) -> None:
    while True:
        listed = operate(target, "s3", "ListObjectsV2", Bucket=bucket)
        keys = [{"Key": entry["Key"]} for entry in listed.get("Contents", [])]
        if not keys:
            break
        operate(target, "s3", "DeleteObjects", Bucket=bucket, Delete={"Objects": keys, "Quiet": True})
    operate(target, "s3", "DeleteBucket", Bucket=bucket)


def _destroy_role(target: Target, role: str) -> None:
    for policy in operate(target, "iam", "ListRolePolicies", RoleName=role).get("PolicyNames", []):
        operate(target, "iam", "DeleteRolePolicy", RoleName=role, PolicyName=policy)
    operate(target, "iam", "DeleteRole", RoleName=role)


_DESTROYERS = {
    "user-pool": lambda target, pool: operate(target, "cognito-idp", "DeleteUserPool", UserPoolId=pool),
    "identity-pool": lambda target, pool: operate(
        target, "cognito-identity", "DeleteIdentityPool", IdentityPoolId=pool
    ),
    "table": lambda target, table: operate(target, "dynamodb", "DeleteTable", TableName=table),
    "bucket": _destroy_bucket,
    "role": _destroy_role,
}
