"""A user pool with an identity pool behind it, as every site of Cognito has, and what its users ask for."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from harness.blueprints.contract import Contract, Persona, SignIn
from harness.blueprints.spec import AppClientSpec, Blueprint, IdentityPoolSpec, UserPoolSpec
from harness.calibration.probe import Call
from harness.calibration.sites.requests import nobody
from harness.targets.api import ApiRequest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.blueprints.spec import AttributeSpec, BucketSpec, GroupSpec, RoleSpec
    from harness.calibration.probe import Asked, Caller
    from harness.calibration.rules import Rule
    from harness.calibration.site import Site
    from harness.secret import Secret

# The app client of the users, and one that the identity pool does not know.
CLIENTS = (AppClientSpec("web", identity_provider=True), AppClientSpec("other", identity_provider=False))


def persona(name: str, *, groups: tuple[str, ...] = (), attributes: Mapping[str, str] | None = None) -> Persona:
    """Return a kind of user, of which there is one and who belongs to nobody."""
    return Persona(name, SignIn.IDENTITY_POOL, groups=groups, attributes=attributes or {}, staff=True)


def design(
    name: str,
    rule: Rule,
    *,
    personas: tuple[Persona, ...],
    identity_pool: IdentityPoolSpec,
    roles: tuple[RoleSpec, ...],
    buckets: tuple[BucketSpec, ...] = (),
    groups: tuple[GroupSpec, ...] = (),
    attributes: tuple[AttributeSpec, ...] = (),
    clients: tuple[AppClientSpec, ...] = CLIENTS,
) -> Blueprint:
    """Return a tiny design around a user pool and an identity pool, which is there for a rule."""
    return Blueprint(
        name=f"calibration-{name}",
        title=f"Users who come by an identity pool: {rule.meaning}",
        source=rule.documentation,
        contract=Contract(personas, ()),
        user_pool=UserPoolSpec(app_clients=clients, groups=groups, attributes=attributes),
        identity_pool=replace(identity_pool, classic_flow=bool(identity_pool.classic_flow)),
        roles=roles,
        buckets=buckets,
    )


def user(name: str) -> Caller:
    """Return a caller with the credentials that the identity pool gives a user; a guest has no name."""
    return lambda site: site.exchanged(name)


def exchange(name: str, **more: Any) -> Asked:
    """Return what asks the identity pool for a user's credentials."""

    def asks(site: Site) -> ApiRequest:
        logins = {"Logins": site.logins(name)} if name else {}
        params = {"IdentityId": site.identity(name), **logins, **more}
        return ApiRequest("cognito-identity", "GetCredentialsForIdentity", params)

    return asks


def exchange_of_token(name: str, token: Secret, site: Site, provider: str = "") -> ApiRequest:
    """Return the request for a user's credentials with another token than the user's own."""
    logins = {provider or site.deployment.provider: token.reveal()}
    params = {"IdentityId": site.identity(name), "Logins": logins}
    return ApiRequest("cognito-identity", "GetCredentialsForIdentity", params)


def unsigned(asks: Asked, *refusals: str, codes: tuple[str, ...] = (), operation: str = "the request") -> Call:
    """Return a call without a signature, which Cognito refuses in these words."""
    return Call(by=nobody, asks=asks, refusals=refusals, codes=codes, operation=operation)
