"""Which names would collide, by the policies of a design alone: nothing is deployed, the policy engine decides.

What a function writes into a session policy shows only when it runs, so designs with such a broker are not predicted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.assets import Asset
from harness.blueprint_files.rehearsal import rehearsed
from harness.blueprints.contract import SignIn
from harness.marks import IAM_PATH
from harness.placeholders import TENANT, USER, filled_in, of_tenant
from harness.policy import (
    MalformedPolicyDocument,
    Outcome,
    Policy,
    PolicyKind,
    PolicySet,
    Request,
    decide,
    parse_policy,
)
from harness.population import Caller, user_label
from harness.registration import attributes_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from harness.attacks.colliding_names import Name
    from harness.blueprints.contract import Persona
    from harness.blueprints.spec import Blueprint, Document, Place
    from harness.deployment import Deployment
    from harness.population import Tenant

_ITEM_ACTIONS = ("GetItem", "Query", "PutItem", "UpdateItem", "DeleteItem")
_OBJECT_ACTIONS = ("GetObject", "PutObject", "DeleteObject")


@dataclass(frozen=True, slots=True)
class Collision:
    """The tenant of one name reaches what is another's: the ids of both names, and the actions that are allowed."""

    attacker: str
    victim: str
    actions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Asked:
    """One thing that somebody would do to an asset; `bucket` is the one whose policy has a say."""

    action: str
    resource: str
    context: Mapping[str, tuple[str, ...]]
    bucket: str = ""


def is_predictable(blueprint: Blueprint, persona: Persona) -> bool:
    """Tell whether the policies of the persona's sessions stand in the blueprint, and in no function's code."""
    return persona.sign_in is not SignIn.API or blueprint.identity_pool is not None


def predicted_collisions(blueprint: Blueprint, persona: Persona, names: Iterable[Name]) -> list[Collision]:
    """Return which names reach what belongs to the name beside them, or are reached by it, in the order of the names.

    Only keys that people choose are looked at: what a design assigns is known when it has assigned it. A name that no
    policy can hold collides with nothing.
    """
    if not is_predictable(blueprint, persona):
        return []
    tried = [name for name in names if not name.tenant.key.startswith("not-yet-assigned")]
    by_id = {name.id: name for name in tried}
    found = []
    for name in tried:
        if not name.beside:
            continue
        beside = by_id[name.beside]
        for attacker, victim in ((name, beside), (beside, name)):
            actions = tuple(_reached(blueprint, persona, attacker.tenant, victim.tenant))
            if actions:
                found.append(Collision(attacker.id, victim.id, actions))
    return found


def _reached(blueprint: Blueprint, persona: Persona, attacker: Tenant, victim: Tenant) -> Iterator[str]:
    both = (attacker, victim)
    deployment = rehearsed(blueprint, both)
    try:
        identity = tuple(_identity_policies(blueprint, persona, attacker, deployment, both))
        session = _session_policies(persona, attacker, deployment)
        resource = dict(_bucket_policies(blueprint, deployment, both))
    except MalformedPolicyDocument:
        return
    principal, tags = _principal(persona, attacker, deployment), _tags(blueprint, persona, attacker)
    for place in blueprint.places:
        for asked in _asked(place, _asset(place, persona, victim, deployment), deployment):
            policies = PolicySet(identity=identity, session=session, resource=resource.get(asked.bucket, ()))
            request = Request(principal, asked.action, asked.resource, {**tags, **asked.context})
            if decide(policies, request) is Outcome.ALLOW:
                yield asked.action


def _identity_policies(
    blueprint: Blueprint, persona: Persona, attacker: Tenant, deployment: Deployment, tenants: tuple[Tenant, ...]
) -> Iterator[Policy]:
    for role in blueprint.roles:
        if role.name == persona.role:
            for name, document in role.policies.items():
                own = of_tenant(document, attacker.key) if TENANT in role.name else document
                yield _parsed(name, own, PolicyKind.IDENTITY, deployment, tenants)


def _session_policies(persona: Persona, attacker: Tenant, deployment: Deployment) -> tuple[Policy, ...] | None:
    if persona.session_policy is None:
        return None
    return (_parsed("session", persona.session_policy, PolicyKind.SESSION, deployment, (attacker,)),)


def _bucket_policies(
    blueprint: Blueprint, deployment: Deployment, tenants: tuple[Tenant, ...]
) -> Iterator[tuple[str, tuple[Policy, ...]]]:
    for bucket in blueprint.buckets:
        if bucket.policy is None:
            continue
        for tenant in tenants if TENANT in bucket.name else tenants[:1]:
            document = of_tenant(bucket.policy, tenant.key) if TENANT in bucket.name else bucket.policy
            name = bucket.name.replace(TENANT, tenant.key)
            yield (
                deployment.buckets[name],
                (_parsed(bucket.name, document, PolicyKind.RESOURCE, deployment, tenants),),
            )


def _parsed(
    name: str, document: Document, kind: PolicyKind, deployment: Deployment, tenants: tuple[Tenant, ...]
) -> Policy:
    return parse_policy(filled_in(document, deployment, tenants), kind=kind, name=name)


def _principal(persona: Persona, attacker: Tenant, deployment: Deployment) -> str:
    if persona.sign_in is SignIn.IAM_USER:
        actual = deployment.iam_users[user_label(attacker.handle, persona.name)]
        return f"arn:aws:iam::{deployment.account}:user{IAM_PATH}{actual}"
    role = persona.role.replace(TENANT, attacker.key)
    return f"arn:aws:sts::{deployment.account}:assumed-role/x-{role}/session"


def _tags(blueprint: Blueprint, persona: Persona, attacker: Tenant) -> dict[str, tuple[str, ...]]:
    """Return the tags of the persona's sessions as condition keys, as the identity pool makes them of claims."""
    pool = blueprint.identity_pool
    claims = attributes_of(persona, (attacker,))
    tags = {
        key.replace(TENANT, attacker.key): claims.get(claim.replace(TENANT, attacker.key))
        for key, claim in (pool.principal_tags if pool is not None else {}).items()
    }
    return {f"aws:principaltag/{key}".lower(): (value,) for key, value in tags.items() if value is not None}


def _asset(place: Place, persona: Persona, owner: Tenant, deployment: Deployment) -> Asset:
    stores = deployment.buckets if place.plane == "s3" else deployment.tables
    discriminator = user_label(owner.handle, persona.name) if USER in place.partition else owner.key
    store = stores[place.store.replace(TENANT, owner.key)]
    caller = Caller(owner.id, persona.name)
    return Asset(caller, place.plane, store, place.partition, discriminator, "private", "", place.path)


def _asked(place: Place, asset: Asset, deployment: Deployment) -> Iterator[_Asked]:
    region, account = deployment.region, deployment.account
    if place.plane == "dynamodb":
        table = f"arn:aws:dynamodb:{region}:{account}:table/{asset.store}"
        for action in _ITEM_ACTIONS:
            yield _Asked(f"dynamodb:{action}", table, {"dynamodb:leadingkeys": (asset.partition,)})
    elif place.plane == "s3":
        bucket = f"arn:aws:s3:::{asset.store}"
        for action in _OBJECT_ACTIONS:
            yield _Asked(f"s3:{action}", f"{bucket}/{asset.object_key}", {}, asset.store)
        prefix = {"s3:prefix": (asset.prefix,)} if asset.prefix else {}
        yield _Asked("s3:ListBucket", bucket, prefix, asset.store)
    else:
        api = f"arn:aws:execute-api:{region}:{account}:{deployment.api}"
        yield _Asked("execute-api:Invoke", f"{api}/$default/GET{asset.path}", {})
