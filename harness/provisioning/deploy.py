"""Deploying a blueprint: everything it names is made in an order in which each finds what it refers to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.deployment import Deployment
from harness.errors import DeploymentError
from harness.marks import Marks
from harness.provisioning.apis import make_api
from harness.provisioning.destruction import destroy
from harness.provisioning.functions import allow_triggers, make_functions
from harness.provisioning.identity_pool import connect_roles, make_identity_pool, make_outsiders_identity_pool
from harness.provisioning.roles import make_iam_users, make_roles, put_role_policies
from harness.provisioning.stores import make_stores, put_bucket_policies, put_table_policies
from harness.provisioning.user_pool import connect_triggers, make_groups, make_user_pools

if TYPE_CHECKING:
    from harness.blueprints.spec import Blueprint
    from harness.population import Population
    from harness.provisioning.ledger import Ledger
    from harness.targets.target import Target


def deploy(
    blueprint: Blueprint,
    target: Target,
    run_id: str,
    population: Population,
    *,
    marks: Marks | None = None,
    ledger: Ledger | None = None,
) -> Deployment:
    """Make everything the blueprint names, users of the user pool excepted, and return what came of it.

    Everything bears the marks, by default those of a run of this id, and the ledger is told of it before it is made.
    Raises DeploymentError naming the call that failed, after destroying what had been made until then.
    """
    deployment = Deployment(
        blueprint.name, run_id, target.region, target.account, marks=marks or Marks(run_id), ledger=ledger
    )
    try:
        deploy_into(deployment, blueprint, target, population)
    except DeploymentError:
        destroy(deployment, target)
        raise
    return deployment


def deploy_into(deployment: Deployment, blueprint: Blueprint, target: Target, population: Population) -> None:
    """Make everything the blueprint names, recorded in a deployment that the caller destroys whatever happens.

    Raises DeploymentError naming the call that failed.
    """
    user_pool = blueprint.user_pool
    if user_pool is not None:
        make_user_pools(user_pool, target, deployment, population)
        make_outsiders_identity_pool(target, deployment)
    if blueprint.identity_pool is not None:
        make_identity_pool(blueprint, target, deployment)
    make_stores(blueprint, target, deployment, population)
    if blueprint.memberships is not None:
        deployment.users_known_by = blueprint.memberships.user_key
    make_iam_users(blueprint, target, deployment, population)
    make_roles(blueprint, target, deployment, population)
    make_functions(blueprint, target, deployment)
    make_api(blueprint, target, deployment)
    put_role_policies(blueprint, target, deployment, population)
    put_bucket_policies(blueprint, target, deployment, population)
    put_table_policies(blueprint, target, deployment, population)
    if user_pool is not None:
        allow_triggers(blueprint, target, deployment)
        connect_triggers(user_pool, target, deployment)
        make_groups(user_pool, target, deployment, population)
    if blueprint.identity_pool is not None:
        connect_roles(blueprint, target, deployment, population)
