"""Which role an identity pool chooses for a login: default roles, the token's own, or rules (aws-semantics 3.2)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.emulator.faults import Fault
from harness.emulator.service import NotDerivableError, ServiceError
from harness.emulator.unconfirmed import identity_pools as unconfirmed

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from harness.emulator.identity_pools.login_tokens import Login
    from harness.emulator.identity_pools.settings import IdentityPool

_RULES_PER_PROVIDER = 25


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


def role_mapping(mapping: Mapping[str, Any]) -> RoleMapping:
    """Return the mapping that SetIdentityPoolRoles asks for; raises ServiceError InvalidParameterException."""
    resolution = mapping.get("AmbiguousRoleResolution")
    if resolution is None:
        raise ServiceError("InvalidParameterException", unconfirmed.RESOLUTION_MISSING)
    rules = tuple(
        MappingRule(rule["Claim"], rule["MatchType"], rule["Value"], rule["RoleARN"])
        for rule in (mapping.get("RulesConfiguration") or {}).get("Rules") or ()
    )
    if len(rules) > _RULES_PER_PROVIDER:
        raise ServiceError("InvalidParameterException", unconfirmed.TOO_MANY_RULES)
    if (mapping["Type"] == "Rules") != bool(rules):
        raise ServiceError("InvalidParameterException", unconfirmed.RULES_AND_TYPE_DISAGREE)
    return RoleMapping(mapping["Type"] == "Token", resolution == "AuthenticatedRole", rules)


def role_for_guest(pool: IdentityPool, custom_role_arn: str | None, faults: Collection[Fault]) -> str:
    """Return the role of an exchange without logins; raises ServiceError (aws-semantics 3.2, step 1)."""
    return _unmapped_role(pool, "unauthenticated", custom_role_arn, faults)


def role_without_login(pool: IdentityPool, custom_role_arn: str | None, faults: Collection[Fault]) -> str:
    """Return the role of an authenticated identity used without a login, which only a fault lets through."""
    return _unmapped_role(pool, "authenticated", custom_role_arn, faults)


def role_for_logins(
    pool: IdentityPool, logins: Collection[Login], custom_role_arn: str | None, faults: Collection[Fault]
) -> str:
    """Return the role of an exchange with one or several logins.

    Raises ServiceError as `role_for_login`, NotDerivableError when the logins lead to different roles.
    """
    roles = {role_for_login(pool, login, custom_role_arn, faults) for login in logins}
    if len(roles) > 1:
        raise NotDerivableError("which of several Logins with different roles decides")
    return roles.pop()


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
