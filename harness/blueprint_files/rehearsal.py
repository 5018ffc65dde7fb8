"""The documents of a blueprint filled in as for a deployment, with ids that nothing has, to find what AWS would refuse.

Whatever fills in and reads documents later does so here too, so a file is refused for the same reasons.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from harness.blueprints.contract import SignIn
from harness.deployment import Deployment
from harness.errors import DeploymentError
from harness.placeholders import TENANT, USER, as_environment, filled_in, of_tenant, per_tenant
from harness.policy import MalformedPolicyDocument, PolicyKind, parse_policy
from harness.population import STAFF, Tenant, user_label

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from harness.blueprints.spec import Blueprint, Document

# One tenant and one user of each kind, so that statements keep their numbers.
_TENANT = Tenant("t1", "tenant", "Tenant")
_ACCOUNT, _REGION = "000000000000", "us-east-1"


def document_problems(blueprint: Blueprint) -> Iterator[tuple[str, str]]:
    """Yield the path and the mistake of every policy, environment and function source that cannot be deployed."""
    deployment = rehearsed(blueprint, (_TENANT,))
    for at, kind, document in _documents(blueprint):
        yield from _of_policy(blueprint, deployment, at, kind, document)
    for number, function in enumerate(blueprint.functions):
        for name, value in function.environment.items():
            at = f"functions[{number}].environment.{name}"
            try:
                as_environment({name: value}, deployment)
            except DeploymentError as error:
                yield at, str(error)
            yield from _of_absent_parts(blueprint, at, value)
        yield from _of_source(f"functions[{number}].source", function.source)


def _documents(blueprint: Blueprint) -> Iterator[tuple[str, PolicyKind, Document]]:
    for number, role in enumerate(blueprint.roles):
        for at, kind, document in (
            (f"roles[{number}].trust", PolicyKind.TRUST, role.trust),
            *(
                (f"roles[{number}].policies.{name}", PolicyKind.IDENTITY, policy)
                for name, policy in role.policies.items()
            ),
        ):
            yield at, kind, of_tenant(document, _TENANT.key) if TENANT in role.name else document
    for number, bucket in enumerate(blueprint.buckets):
        if bucket.policy is not None:
            yield f"buckets[{number}].policy", PolicyKind.RESOURCE, bucket.policy
    for number, table in enumerate(blueprint.tables):
        if table.policy is not None:
            yield f"tables[{number}].policy", PolicyKind.RESOURCE, table.policy
    for number, persona in enumerate(blueprint.contract.personas):
        if persona.session_policy is not None:
            yield f"contract.personas[{number}].session_policy", PolicyKind.SESSION, persona.session_policy


def _of_policy(
    blueprint: Blueprint, deployment: Deployment, at: str, kind: PolicyKind, document: Document
) -> Iterator[tuple[str, str]]:
    try:
        text = filled_in(document, deployment, (_TENANT,))
        parse_policy(text, kind=kind)
    except DeploymentError as error:
        yield at, str(error)
        return
    except MalformedPolicyDocument as error:
        yield f"{at}.{error.where}" if error.where else at, error.reason
        return
    for name in (TENANT, USER):
        if name in text:
            yield at, f"{name} has no value here; a statement with ForEach gives it one"
    yield from _of_absent_parts(blueprint, at, str(document))


def _of_absent_parts(blueprint: Blueprint, at: str, text: str) -> Iterator[tuple[str, str]]:
    parts = {"user_pool": blueprint.user_pool, "identity_pool": blueprint.identity_pool, "api": blueprint.api}
    for name, part in parts.items():
        if part is None and f"@{{{name}." in text:
            yield at, f"names the {name}, and the design has none"


def _of_source(at: str, source: str) -> Iterator[tuple[str, str]]:
    try:
        module = ast.parse(source)
    except (SyntaxError, ValueError) as error:
        yield at, f"is no Python: {error}"
        return
    if not any(getattr(node, "name", "") == "handler" for node in module.body):
        yield at, "defines no function called handler"


def rehearsed(blueprint: Blueprint, tenants: tuple[Tenant, ...]) -> Deployment:
    """Return the deployment that the blueprint would become for these tenants, with ids of the right form."""

    def arns(service: str, kind: str, names: Iterable[str]) -> dict[str, str]:
        region = "" if service == "iam" else _REGION
        separator = "/" if service == "iam" else ":"
        return {name: f"arn:aws:{service}:{region}:{_ACCOUNT}:{kind}{separator}x-{name}" for name in names}

    def named(pattern: str) -> list[str]:
        return per_tenant(pattern, tenants)

    pool = blueprint.user_pool
    return Deployment(
        blueprint.name,
        "0",
        _REGION,
        _ACCOUNT,
        user_pool=f"{_REGION}_000000000",
        app_clients={client.name: "client" for client in (pool.app_clients if pool is not None else ())},
        identity_pool=f"{_REGION}:00000000-0000-4000-8000-000000000000",
        roles=arns("iam", "role", (name for role in blueprint.roles for name in named(role.name))),
        iam_users={
            label: f"x-{label}"
            for persona in blueprint.contract.personas
            if persona.sign_in is SignIn.IAM_USER
            for label in (
                user_label(handle, persona.name)
                for handle in ((STAFF,) if persona.staff else (tenant.handle for tenant in tenants))
            )
        },
        tables={name: f"x-{name}" for table in blueprint.tables for name in named(table.name)},
        buckets={name: f"x-{name}" for bucket in blueprint.buckets for name in named(bucket.name)},
        functions=arns("lambda", "function", (function.name for function in blueprint.functions)),
        api="api",
    )
