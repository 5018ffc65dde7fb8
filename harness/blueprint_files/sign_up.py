"""Keys that organisations get by signing up: what a design must look like for these keys to be known in time."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from harness.blueprints.spec import TenantKeys
from harness.placeholders import TENANT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.blueprints.contract import Persona
    from harness.blueprints.spec import Blueprint


def sign_up_problems(blueprint: Blueprint) -> Iterator[tuple[str, str]]:
    """Yield the path and the mistake wherever somebody would take part in a run under a key that nobody has."""
    try:
        re.compile(blueprint.tenant_names)
    except re.error as error:
        yield "tenant_names", f"is no regular expression: {error}"
    founders = [number for number, persona in enumerate(blueprint.contract.personas) if persona.signs_up]
    for number in founders:
        yield from _of_founder(blueprint, blueprint.contract.personas[number], f"contract.personas[{number}]")
    if founders[1:]:
        yield f"contract.personas[{founders[1]}].signs_up", "one persona founds the organisation, the others join it"
    if blueprint.tenant_keys is not TenantKeys.ASSIGNED:
        if founders:
            yield "tenant_keys", "is 'assigned' where somebody signs up"
        return
    if not founders:
        yield "tenant_keys", "'assigned' takes a persona who signs_up"
    for number, persona in enumerate(blueprint.contract.personas):
        at = f"contract.personas[{number}]"
        if persona.has_tokens and not persona.staff and founders and number < founders[0]:
            yield at, "comes after the persona who signs_up, and joins what that one has founded"
        if persona.spans > 1:
            yield f"{at}.spans", "is 1 where organisations get their keys one after the other"
    yield from _too_early(blueprint)


def _of_founder(blueprint: Blueprint, persona: Persona, at: str) -> Iterator[tuple[str, str]]:
    if persona.staff or not persona.has_tokens:
        yield f"{at}.signs_up", "is for users of a tenant who have a password at the user pool"
    if blueprint.user_pool is not None and not blueprint.user_pool.sign_up:
        yield f"{at}.signs_up", "the user pool lets nobody sign up (user_pool.sign_up)"
    if TENANT not in persona.attributes.values():
        yield f"{at}.attributes", f"takes one whose value is {TENANT}: by it the token tells the organisation's key"
    if blueprint.memberships is not None:
        yield f"{at}.signs_up", "nobody writes down the memberships of those who sign up"
    if persona.groups:
        yield f"{at}.groups", "is of no use to those who sign up"


def _too_early(blueprint: Blueprint) -> Iterator[tuple[str, str]]:
    """Complain of what would be deployed under the key of a tenant, before anybody has signed up."""
    pool = blueprint.user_pool
    parts = {kind: getattr(blueprint, kind) for kind in ("roles", "tables", "buckets", "functions")}
    if pool is not None:
        parts |= {"user_pool.groups": pool.groups, "user_pool.attributes": pool.attributes}
    for kind, specs in parts.items():
        for number, spec in enumerate(specs):
            if TENANT in repr(spec) or "'ForEach': 'tenant'" in repr(spec):
                yield f"{kind}[{number}]", "needs the keys of tenants, which are assigned only after it is deployed"
