"""What a blueprint names must be there: cross references, each complaint with its path in the blueprint's file."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Protocol

from harness.blueprint_files.rehearsal import document_problems
from harness.blueprint_files.sign_up import sign_up_problems
from harness.blueprints.contract import Reach, SignIn
from harness.blueprints.spec import ApiKind, RouteAuthorizer
from harness.placeholders import TENANT, USER

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from harness.blueprints.contract import Grant, Persona
    from harness.blueprints.spec import ApiSpec, Blueprint, IdentityPoolSpec, Place, UserPoolSpec

    # The path in the file, such as `roles[0].name`, and what is wrong there.
    Problem = tuple[str, str]

PLANES = ("dynamodb", "s3", "execute-api")
_DISCRIMINATORS = ("{identity_id}", TENANT, USER)
_NAME = re.compile(r"[a-z][a-z0-9-]*")
_CUSTOM = "custom:"
# The keys of LambdaConfig whose functions take part in signing up and in.
_TRIGGERS = (
    *("PreSignUp", "PostConfirmation", "PreAuthentication", "PostAuthentication", "PreTokenGeneration"),
    *("CustomMessage", "DefineAuthChallenge", "CreateAuthChallenge", "VerifyAuthChallengeResponse", "UserMigration"),
)


class _Named(Protocol):
    @property
    def name(self) -> str: ...


def problems(blueprint: Blueprint, techniques: Collection[str]) -> Iterator[Problem]:
    """Yield what would only show up once the blueprint is deployed: names that nothing has, parts that are not there.

    `techniques` are the ids that declared leaks may name.
    """
    if not _NAME.fullmatch(blueprint.name):
        yield "name", "takes lower-case letters, digits and hyphens"
    yield from _duplicates(blueprint)
    yield from _of_contract(blueprint, techniques)
    for number, place in enumerate(blueprint.places):
        yield from _of_place(blueprint, place, f"places[{number}]", is_shared=False)
    for number, place in enumerate(blueprint.shared):
        yield from _of_place(blueprint, place, f"shared[{number}]", is_shared=True)
    if blueprint.user_pool is not None:
        yield from _of_user_pool(blueprint, blueprint.user_pool)
    if blueprint.identity_pool is not None:
        yield from _of_identity_pool(blueprint, blueprint.identity_pool)
    for number, function in enumerate(blueprint.functions):
        yield from _known(f"functions[{number}].role", function.role, _names(blueprint.roles), "role")
    if blueprint.api is not None:
        yield from _of_api(blueprint, blueprint.api)
    if blueprint.memberships is not None:
        yield from _known("memberships.table", blueprint.memberships.table, _names(blueprint.tables), "table")
    yield from sign_up_problems(blueprint)
    yield from document_problems(blueprint)


def _of_contract(blueprint: Blueprint, techniques: Collection[str]) -> Iterator[Problem]:
    for number, persona in enumerate(blueprint.contract.personas):
        yield from _of_persona(blueprint, persona, f"contract.personas[{number}]")
    if not blueprint.contract.personas:
        yield "contract.personas", "there is none"
    for number, grant in enumerate(blueprint.contract.grants):
        yield from _of_grant(blueprint, grant, f"contract.grants[{number}]")
    for number, leak in enumerate(blueprint.contract.expected_leaks):
        at = f"contract.expected_leaks[{number}]"
        yield from _known(f"{at}.technique", leak.technique, techniques, "technique")
        if leak.victim_persona:
            yield from _known(f"{at}.victim_persona", leak.victim_persona, _personas(blueprint), "persona")


def _duplicates(blueprint: Blueprint) -> Iterator[Problem]:
    pool = blueprint.user_pool
    named: dict[str, Iterable[str]] = {
        "contract.personas": _personas(blueprint),
        **{kind: _names(getattr(blueprint, kind)) for kind in ("roles", "tables", "buckets", "functions")},
        **(
            {f"user_pool.{kind}": _names(getattr(pool, kind)) for kind in ("app_clients", "groups", "attributes")}
            if pool is not None
            else {}
        ),
    }
    for kind, names in named.items():
        yield from _twice(kind, "name", names)
    for kind, places in (("places", blueprint.places), ("shared", blueprint.shared)):
        yield from _twice(kind, "plane", [place.plane for place in places])


def _twice(kind: str, field: str, values: Iterable[str]) -> Iterator[Problem]:
    seen: set[str] = set()
    for number, value in enumerate(values):
        if value in seen:
            yield f"{kind}[{number}].{field}", f"{value!r} occurs twice"
        seen.add(value)


def _of_persona(blueprint: Blueprint, persona: Persona, at: str) -> Iterator[Problem]:
    pool = blueprint.user_pool
    for field, role in (("role", persona.role), ("custom_role", persona.custom_role)):
        if role:
            yield from _known(f"{at}.{field}", role, _names(blueprint.roles), "role")
    for number, group in enumerate(persona.groups):
        yield from _known(f"{at}.groups[{number}]", group, _names(pool.groups if pool else ()), "group")
    for attribute in persona.attributes:
        yield from _attribute(blueprint, f"{at}.attributes.{attribute}", attribute)
    if persona.spans < 1:
        yield f"{at}.spans", "must be at least 1"
    sign_in = persona.sign_in
    pools = (SignIn.IDENTITY_POOL, SignIn.GUEST, SignIn.WEB_IDENTITY)
    needs = {
        "a user pool": persona.has_tokens and pool is None,
        "an identity pool": sign_in in pools and blueprint.identity_pool is None,
        "an API with a credentials_path": sign_in is SignIn.API
        and (blueprint.api is None or not blueprint.api.credentials_path),
        "a role": sign_in is SignIn.WEB_IDENTITY and not persona.role,
    }
    yield from ((f"{at}.sign_in", f"{sign_in.value} takes {what}") for what, lacks in needs.items() if lacks)
    # What would be left aside without a word.
    unused = {
        "groups": persona.groups and not persona.has_tokens,
        "attributes": persona.attributes and not persona.has_tokens,
        "session_policy": persona.session_policy is not None and sign_in is not SignIn.WEB_IDENTITY,
        "custom_role": persona.custom_role and sign_in is not SignIn.IDENTITY_POOL,
    }
    yield from ((f"{at}.{field}", f"is of no use to {sign_in.value}") for field, is_set in unused.items() if is_set)


def _of_grant(blueprint: Blueprint, grant: Grant, at: str) -> Iterator[Problem]:
    yield from _known(f"{at}.persona", grant.persona, _personas(blueprint), "persona")
    if grant.plane not in PLANES:
        yield from _known(f"{at}.plane", grant.plane, PLANES, "plane")
        return
    own, shared = blueprint.place(grant.plane) is not None, blueprint.shared_place(grant.plane) is not None
    there = {Reach.OWN: own, Reach.SHARED: shared, Reach.ANY: own or shared}
    if not there[grant.reach]:
        kind = "shared places" if grant.reach is Reach.SHARED else "places"
        yield f"{at}.plane", f"nothing of the {kind} is on {grant.plane}"
    staff = {persona.name for persona in blueprint.contract.personas if persona.staff}
    if grant.reach is Reach.OWN and grant.persona in staff:
        yield f"{at}.reach", "staff belong to no tenant and have nothing of their own"


def _of_place(blueprint: Blueprint, place: Place, at: str, *, is_shared: bool) -> Iterator[Problem]:
    if place.plane not in PLANES:
        yield from _known(f"{at}.plane", place.plane, PLANES, "plane")
        return
    kind, stores = ("bucket", blueprint.buckets) if place.plane == "s3" else ("table", blueprint.tables)
    yield from _known(f"{at}.store", place.store, _names(stores), kind)
    tells_apart = any(known in place.partition for known in _DISCRIMINATORS) or TENANT in place.store
    if is_shared and tells_apart:
        yield f"{at}.partition", "what belongs to nobody lies under no owner"
    if not is_shared and not tells_apart:
        yield f"{at}.partition", f"holds none of {', '.join(_DISCRIMINATORS)}, so nothing tells owners apart"
    if "{identity_id}" in place.partition and blueprint.identity_pool is None:
        yield f"{at}.partition", "there are no identity ids without an identity pool"
    if place.plane == "execute-api":
        if blueprint.api is None:
            yield f"{at}.plane", "the design has no API"
    elif place.path:
        yield f"{at}.path", f"is of no use on {place.plane}"


def _of_user_pool(blueprint: Blueprint, pool: UserPoolSpec) -> Iterator[Problem]:
    if not pool.app_clients:
        yield "user_pool.app_clients", "there is none, so nobody can sign in"
    for number, client in enumerate(pool.app_clients):
        for field in ("read_attributes", "write_attributes"):
            for index, attribute in enumerate(getattr(client, field) or ()):
                yield from _attribute(blueprint, f"user_pool.app_clients[{number}].{field}[{index}]", attribute)
    for number, group in enumerate(pool.groups):
        if group.role is not None:
            yield from _known(f"user_pool.groups[{number}].role", group.role, _names(blueprint.roles), "role")
    for trigger, function in pool.triggers.items():
        at = f"user_pool.triggers.{trigger}"
        yield from _known(at, trigger, _TRIGGERS, "trigger")
        yield from _known(at, function, _names(blueprint.functions), "function")


def _of_identity_pool(blueprint: Blueprint, pool: IdentityPoolSpec) -> Iterator[Problem]:
    if blueprint.user_pool is None:
        yield "identity_pool", "takes a user pool"
    for field in ("authenticated_role", "unauthenticated_role"):
        role = getattr(pool, field)
        if role is not None:
            yield from _known(f"identity_pool.{field}", role, _names(blueprint.roles), "role")
    for number, rule in enumerate(pool.rules):
        yield from _known(f"identity_pool.rules[{number}].role", rule.role, _names(blueprint.roles), "role")
        yield from _attribute(blueprint, f"identity_pool.rules[{number}].claim", rule.claim)
    if bool(pool.rules) is not (pool.role_mapping == "Rules"):
        yield "identity_pool.rules", "go with the role_mapping 'Rules', and only with it"
    for tag, claim in pool.principal_tags.items():
        yield from _attribute(blueprint, f"identity_pool.principal_tags.{tag}", claim)


def _of_api(blueprint: Blueprint, api: ApiSpec) -> Iterator[Problem]:
    clients = _names(blueprint.user_pool.app_clients) if blueprint.user_pool is not None else ()
    for number, route in enumerate(api.routes):
        yield from _known(f"api.routes[{number}].function", route.function, _names(blueprint.functions), "function")
        if not route.path.startswith("/"):
            yield f"api.routes[{number}].path", "begins with a slash"
        if route.authorizer is RouteAuthorizer.TOKEN and blueprint.user_pool is None:
            yield f"api.routes[{number}].authorizer", "token takes a user pool"
        if route.authorizer is RouteAuthorizer.FUNCTION and (api.authorizer is None or api.kind is not ApiKind.HTTP):
            yield f"api.routes[{number}].authorizer", "function takes an authorizer, of an HTTP API"
    if api.authorizer is not None:
        yield from _known("api.authorizer.function", api.authorizer.function, _names(blueprint.functions), "function")
    takes_tokens = any(route.authorizer is RouteAuthorizer.TOKEN for route in api.routes)
    if api.audience or (takes_tokens and api.kind is ApiKind.HTTP):
        yield from _known("api.audience", api.audience, clients, "app client")
    routes = {(route.method, route.path) for route in api.routes}
    for name, path in (("credentials_path", api.credentials_path), ("links_path", api.links_path)):
        if path and ("GET", path) not in routes:
            yield f"api.{name}", f"there is no route GET {path}"


def _attribute(blueprint: Blueprint, at: str, name: str) -> Iterator[Problem]:
    """Complain of a custom attribute that the user pool does not have; standard ones and other claims are Cognito's."""
    if name.startswith(_CUSTOM):
        pool = blueprint.user_pool
        known = [_CUSTOM + known for known in _names(pool.attributes if pool is not None else ())]
        yield from _known(at, name, known, "attribute")


def _known(at: str, name: str, names: Collection[str], kind: str) -> Iterator[Problem]:
    if name not in names:
        there = f"; there is: {', '.join(names)}" if 0 < len(names) <= len(_TRIGGERS) else ""
        yield at, f"there is no {kind} {name!r}{there}"


def _names(specs: Iterable[_Named]) -> tuple[str, ...]:
    return tuple(spec.name for spec in specs)


def _personas(blueprint: Blueprint) -> tuple[str, ...]:
    return tuple(persona.name for persona in blueprint.contract.personas)
