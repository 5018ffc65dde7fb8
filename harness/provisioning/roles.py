"""Making a blueprint's IAM roles and IAM users."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.blueprints.contract import SignIn
from harness.blueprints.identity_trust import trusting
from harness.deployment import operate
from harness.marks import IAM_PATH
from harness.placeholders import TENANT, filled_in, of_each_tenant
from harness.provisioning.making import make

if TYPE_CHECKING:
    from harness.blueprints.spec import Blueprint, Document, RoleSpec
    from harness.deployment import Deployment
    from harness.population import Population
    from harness.targets.target import Target


def make_roles(blueprint: Blueprint, target: Target, deployment: Deployment, population: Population) -> None:
    """Make the roles with their trust policies, and the role by which it is shown that roles can be assumed."""
    for role in blueprint.roles:
        for name, _ in of_each_tenant(role.name, role.trust, population.tenants):
            deployment.roles[name] = _arn(deployment, "role", deployment.name_of(name))
    for role in blueprint.roles:
        boundary = _make_boundary(target, deployment, role, population)
        for name, document in of_each_tenant(role.name, role.trust, population.tenants):
            trust = filled_in(document, deployment, population.tenants)
            _make_role(target, deployment, deployment.name_of(name), trust, **boundary)
    trusted: list[Document] = [
        {"Effect": "Allow", "Principal": {"AWS": target.operator_arn}, "Action": ["sts:AssumeRole", "sts:TagSession"]}
    ]
    if deployment.outsiders_identity_pool:
        trusted += trusting(deployment.outsiders_identity_pool)["Statement"]
    witness = deployment.name_of("witness")
    by_all: Document = {"Version": "2012-10-17", "Statement": trusted}
    _make_role(target, deployment, witness, filled_in(by_all, deployment, population.tenants))
    deployment.witness_role = _arn(deployment, "role", witness)


def put_role_policies(blueprint: Blueprint, target: Target, deployment: Deployment, population: Population) -> None:
    """Give the roles their inline policies; whatever these name must exist."""
    for role in blueprint.roles:
        for policy_name, policy in role.policies.items():
            for name, document in of_each_tenant(role.name, policy, population.tenants):
                operate(
                    target,
                    "iam",
                    "PutRolePolicy",
                    RoleName=deployment.name_of(name),
                    PolicyName=policy_name,
                    PolicyDocument=filled_in(document, deployment, population.tenants),
                )


def make_iam_users(blueprint: Blueprint, target: Target, deployment: Deployment, population: Population) -> None:
    """Make an IAM user, without any permission, for everybody who signs in as one."""
    for user in population.users:
        if blueprint.contract.persona(user.caller.persona).sign_in is not SignIn.IAM_USER:
            continue
        actual = deployment.name_of(user.label)
        deployment.iam_users[user.label] = actual
        make(target, deployment, "iam-user", actual)


def _make_boundary(target: Target, deployment: Deployment, role: RoleSpec, population: Population) -> dict[str, str]:
    """Make the managed policy that bounds a role, if it has one, and return the parameter that says so."""
    if role.boundary is None:
        return {}
    name = deployment.name_of(f"{role.name.replace(TENANT, 'tenant')}-boundary")
    make(target, deployment, "policy", name, PolicyDocument=filled_in(role.boundary, deployment, population.tenants))
    return {"PermissionsBoundary": _arn(deployment, "policy", name)}


def _make_role(target: Target, deployment: Deployment, name: str, trust: str, **boundary: str) -> None:
    make(target, deployment, "role", name, AssumeRolePolicyDocument=trust, **boundary)


def _arn(deployment: Deployment, kind: str, name: str) -> str:
    return f"arn:aws:iam::{deployment.account}:{kind}{IAM_PATH}{name}"
