"""Identity pools as data, and the two decisions that matter about them: whose identity, and which role."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from harness.emulator import unconfirmed
from harness.emulator.faults import Fault
from harness.emulator.service import NotDerivableError, ServiceError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from harness.emulator.login_tokens import Login
    from harness.emulator.principal_tags import PrincipalTagMap


@dataclass(frozen=True, slots=True)
class CognitoProvider:
    """A user pool client whose tokens the identity pool takes."""

    name: str
    client_id: str
    server_side_token_check: bool


@dataclass(frozen=True, slots=True)
class MappingRule:
    """One rule of a role mapping: a claim, how it is compared, and the role it gives."""

    claim: str
    match_type: str
    value: str
    role_arn: str

    def matches(self, claims: Mapping[str, Any]) -> bool:
        """Whether the claim is there and compares as the rule says (aws-semantics 3.2)."""
        if claims.get(self.claim) is None:
            return False
        text = _claim_text(claims[self.claim])
        if self.match_type == "Equals":
            return text == self.value
        if self.match_type == "NotEqual":
            return text != self.value
        if self.match_type == "StartsWith":
            return text.startswith(self.value)
        return self.value in text


@dataclass(frozen=True, slots=True)
class RoleMapping:
    """How the identity pool chooses a role for one provider: from the token's role claims, or by rules."""

    from_token: bool
    falls_back: bool
    rules: tuple[MappingRule, ...] = ()


@dataclass(slots=True)
class Identity:
    """One identity: the `sub` per provider it belongs to, empty for a guest."""

    id: str
    pool_id: str
    logins: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class IdentityPool:
    """An identity pool. `described` is what the API shows of its settings; `roles` has the two default roles.

    `tag_maps` has the tag map per provider name, without the client.
    """

    id: str
    name: str
    allows_guests: bool
    providers: tuple[CognitoProvider, ...]
    described: dict[str, Any]
    tags: dict[str, str]
    roles: dict[str, str] = field(default_factory=dict)
    mappings: dict[str, RoleMapping] = field(default_factory=dict)
    described_mappings: dict[str, Any] = field(default_factory=dict)
    tag_maps: dict[str, PrincipalTagMap] = field(default_factory=dict)


class Identities:
    """The identities of all pools, and who may use them (aws-semantics 3.1)."""

    def __init__(self, region: str, faults: Collection[Fault]) -> None:
        self._region = region
        self._faults = faults
        self._identities: dict[str, Identity] = {}
        self._owners: dict[tuple[str, str, str], Identity] = {}

    def new(self, pool: IdentityPool, login: Login | None) -> Identity:
        """Return a new identity, a guest's without a login."""
        identity = Identity(f"{self._region}:{uuid.uuid4()}", pool.id)
        self._identities[identity.id] = identity
        if login is not None:
            self._link(identity, login)
        return identity

    def of_login(self, pool: IdentityPool, login: Login) -> Identity | None:
        """Return the identity the login belongs to in this pool, or None."""
        return self._owners.get((pool.id, login.provider, login.subject))

    def holds(self, identity_id: object) -> bool:
        """Tell whether there is such an identity."""
        return identity_id in self._identities

    def named(self, identity_id: str) -> Identity:
        """Return the identity; raises ServiceError ResourceNotFoundException."""
        if identity_id not in self._identities:
            raise ServiceError("ResourceNotFoundException", f"Identity '{identity_id}' not found.")
        return self._identities[identity_id]

    def forget_pool(self, pool: IdentityPool) -> None:
        """Remove everything that belongs to a deleted pool."""
        self._identities = {key: each for key, each in self._identities.items() if each.pool_id != pool.id}
        self._owners = {key: each for key, each in self._owners.items() if each.pool_id != pool.id}

    def check_guest(self, identity: Identity) -> None:
        """Return when the identity may be used without a login; raises ServiceError NotAuthorizedException."""
        if identity.logins and Fault.SKIP_IDENTITY_OWNERSHIP not in self._faults:
            raise ServiceError("NotAuthorizedException", f"Access to Identity '{identity.id}' is forbidden.")

    def check_owner(self, pool: IdentityPool, identity: Identity, login: Login) -> None:
        """Return when the identity is the login's own, linking a guest's identity to a login seen for the first time.

        Raises ServiceError NotAuthorizedException when the identity belongs to other logins, NotDerivableError when
        two identities would be merged.
        """
        owner = self.of_login(pool, login)
        if owner is identity or Fault.SKIP_IDENTITY_OWNERSHIP in self._faults:
            return
        if identity.logins:
            raise ServiceError(
                "NotAuthorizedException",
                "Logins don't match. Please include at least one valid login for this identity or identity pool.",
            )
        if owner is not None:
            raise NotDerivableError("which identity stays when a guest's is merged with that of a login")
        self._link(identity, login)

    def _link(self, identity: Identity, login: Login) -> None:
        identity.logins[login.provider] = login.subject
        self._owners[identity.pool_id, login.provider, login.subject] = identity


def role_for_guest(pool: IdentityPool, custom_role_arn: str | None, faults: Collection[Fault]) -> str:
    """Return the role of an exchange without logins; raises ServiceError (aws-semantics 3.2, step 1)."""
    return _unmapped_role(pool, "unauthenticated", custom_role_arn, faults)


def role_without_login(pool: IdentityPool, custom_role_arn: str | None, faults: Collection[Fault]) -> str:
    """Return the role of an authenticated identity used without a login, which only a fault lets through."""
    return _unmapped_role(pool, "authenticated", custom_role_arn, faults)


def role_for_login(pool: IdentityPool, login: Login, custom_role_arn: str | None, faults: Collection[Fault]) -> str:
    """Return the role the identity pool chooses for a login (aws-semantics 3.2, steps 2 to 5).

    Raises ServiceError NotAuthorizedException when the mapping refuses, InvalidParameterException for a
    CustomRoleArn without mapping, InvalidIdentityPoolConfigurationException when there is no role.
    """
    mapping = pool.mappings.get(login.mapping_key)
    if mapping is None:
        return _unmapped_role(pool, "authenticated", custom_role_arn, faults)
    if custom_role_arn is not None and Fault.SKIP_CUSTOM_ROLE_CHECK in faults:
        return custom_role_arn
    offered = _roles_claim(login) if mapping.from_token else _rule_roles(mapping, login)
    if custom_role_arn is not None:
        if custom_role_arn not in offered:
            raise ServiceError("NotAuthorizedException", unconfirmed.CUSTOM_ROLE_REFUSED)
        return custom_role_arn
    chosen = login.claims.get("cognito:preferred_role") if mapping.from_token else next(iter(offered), None)
    if isinstance(chosen, str):
        return chosen
    if not mapping.falls_back:
        message = unconfirmed.AMBIGUOUS_ROLE.format(provider=login.mapping_key)
        raise ServiceError("NotAuthorizedException", message)
    return _unmapped_role(pool, "authenticated", None, faults)


def bad_configuration() -> ServiceError:
    """Return the error for a pool without a usable role, whatever the reason was (aws-semantics 3.7)."""
    return ServiceError(
        "InvalidIdentityPoolConfigurationException",
        "Invalid identity pool configuration. Check assigned IAM roles for this pool.",
    )


def _unmapped_role(pool: IdentityPool, kind: str, custom_role_arn: str | None, faults: Collection[Fault]) -> str:
    if custom_role_arn is not None:
        if Fault.SKIP_CUSTOM_ROLE_CHECK in faults:
            return custom_role_arn
        raise ServiceError(
            "InvalidParameterException",
            "Only SAML providers and providers with RoleMappings support custom role ARN.",
        )
    if kind not in pool.roles:
        raise bad_configuration()
    return pool.roles[kind]


def _roles_claim(login: Login) -> list[str]:
    roles = login.claims.get("cognito:roles")
    return [role for role in roles if isinstance(role, str)] if isinstance(roles, list) else []


def _rule_roles(mapping: RoleMapping, login: Login) -> list[str]:
    return [rule.role_arn for rule in mapping.rules if rule.matches(login.claims)]


def _claim_text(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list) and not unconfirmed.ARRAY_CLAIMS_ARE_COMPARED_AS_JSON_TEXT:
        raise NotDerivableError("a mapping rule on an array claim")
    return json.dumps(value, separators=(",", ":"))
