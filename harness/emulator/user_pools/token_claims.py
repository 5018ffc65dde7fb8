"""What stands in the tokens of a user pool, and what a pre token generation trigger may change of it.

The claims are those of aws-semantics 4.1 and 4.2. What a function may change is the table "Claims and scopes reference"
of the developer guide's page on the pre token generation trigger: a change of anything else is passed over.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.emulator.operations import accepting
from harness.emulator.tokens import TokenUse
from harness.emulator.user_pools.triggers import unrecognizable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.emulator.user_pools.app_client import AppClient
    from harness.emulator.user_pools.directory import User, UserPool

USER_SCOPE = "aws.cognito.signin.user.admin"
_FIXED = accepting(
    "acr amr at_hash aud auth_time azp client_id device_key event_id exp iat identities iss jti nbf nonce origin_jti",
    "sub token_use username version",
)
_GROUP_CLAIMS = ("cognito:groups", "cognito:roles", "cognito:preferred_role")
_FIRST_VERSION = 1


@dataclass(frozen=True, slots=True)
class SignIn:
    """One sign-in of a user through one client: what stays the same over its refreshes."""

    auth_time: int
    origin_jti: str


@dataclass(frozen=True, slots=True)
class Issue:
    """One issue of tokens: when it is, and the id of the event that both tokens carry."""

    now: int
    event_id: str


@dataclass(frozen=True, slots=True)
class GroupConfiguration:
    """The groups, roles and preferred role that the tokens are to show."""

    groups: tuple[str, ...]
    roles: tuple[str, ...]
    preferred: str | None

    def shown(self) -> dict[str, Any]:
        """Return the configuration as the trigger's event shows it."""
        shown: dict[str, Any] = {"groupsToOverride": list(self.groups), "iamRolesToOverride": list(self.roles)}
        return shown if self.preferred is None else {**shown, "preferredRole": self.preferred}


def group_configuration(pool: UserPool, user: User) -> GroupConfiguration:
    """Return what the directory says of the user's groups."""
    roles = pool.roles_of(user)
    return GroupConfiguration(tuple(group.name for group in pool.groups_of(user)), roles.arns, roles.preferred)


@dataclass(frozen=True, slots=True)
class _Changes:
    """What the trigger asks for one token."""

    added: Mapping[str, Any]
    suppressed: tuple[str, ...]
    scopes_added: tuple[str, ...] = ()
    scopes_suppressed: tuple[str, ...] = ()


_UNCHANGED = _Changes({}, ())


@dataclass(frozen=True, slots=True)
class Customization:
    """What a pre token generation trigger asks for; `groups` is None where it leaves the groups alone."""

    id_token: _Changes = _UNCHANGED
    access_token: _Changes = _UNCHANGED
    groups: GroupConfiguration | None = None


def customization(response: Mapping[str, Any], version: int) -> Customization:
    """Return what the trigger's response asks for, read by the version of the event that it was sent.

    Raises ServiceError InvalidLambdaResponseException when a member is not of the documented type.
    """
    first = version == _FIRST_VERSION
    details = _object(response, "claimsOverrideDetails" if first else "claimsAndScopeOverrideDetails")
    groups = None
    if "groupOverrideDetails" in details:
        given = _object(details, "groupOverrideDetails")
        preferred = given.get("preferredRole")
        if preferred is not None and not isinstance(preferred, str):
            raise unrecognizable()
        groups = GroupConfiguration(
            _strings(given, "groupsToOverride"), _strings(given, "iamRolesToOverride"), preferred or None
        )
    if first:
        changes = _changes(details)
        if not all(isinstance(value, str) for value in changes.added.values()):
            raise unrecognizable()
        return Customization(changes, groups=groups)
    return Customization(
        _changes(_object(details, "idTokenGeneration")), _changes(_object(details, "accessTokenGeneration")), groups
    )


def id_claims(
    pool: UserPool, client: AppClient, user: User, sign_in: SignIn, issue: Issue, asked: Customization
) -> dict[str, Any]:
    """Return the claims of the user's ID token."""
    groups = group_configuration(pool, user) if asked.groups is None else asked.groups
    claims: dict[str, Any] = {
        **_attribute_claims(client, user),
        **({"cognito:groups": list(groups.groups)} if groups.groups else {}),
        **({"cognito:roles": list(groups.roles)} if groups.roles else {}),
        **({"cognito:preferred_role": groups.preferred} if groups.preferred else {}),
    }
    fixed = {
        "sub": user.sub,
        "iss": pool.issuer,
        "cognito:username": user.username,
        "aud": client.id,
        "token_use": TokenUse.ID.value,
        **_timing(client, sign_in, issue, client.id_token_seconds),
    }
    return {**_changed(claims, asked.id_token), **fixed}


def access_claims(
    pool: UserPool, client: AppClient, user: User, sign_in: SignIn, issue: Issue, asked: Customization
) -> dict[str, Any]:
    """Return the claims of the user's access token."""
    groups = group_configuration(pool, user) if asked.groups is None else asked.groups
    claims: dict[str, Any] = {"cognito:groups": list(groups.groups)} if groups.groups else {}
    changes = asked.access_token
    fixed = {
        "sub": user.sub,
        "iss": pool.issuer,
        "client_id": client.id,
        "username": user.username,
        "token_use": TokenUse.ACCESS.value,
        **_timing(client, sign_in, issue, client.access_token_seconds),
    }
    if changes.added.get("aud") == client.id and "aud" not in changes.suppressed:
        # The one value of `aud` that a function may add to an access token.
        fixed["aud"] = client.id
    scopes = dict.fromkeys((USER_SCOPE, *changes.scopes_added))
    kept = [scope for scope in scopes if scope not in changes.scopes_suppressed]
    changed = {name: value for name, value in _changed(claims, changes).items() if name != "scope"}
    return {**changed, **({"scope": " ".join(kept)} if kept else {}), **fixed}


def _timing(client: AppClient, sign_in: SignIn, issue: Issue, lifetime: int) -> dict[str, Any]:
    timing = {
        "event_id": issue.event_id,
        "auth_time": sign_in.auth_time,
        "iat": issue.now,
        "exp": issue.now + lifetime,
    }
    if not client.revokes_tokens:
        return timing
    return {**timing, "origin_jti": sign_in.origin_jti, "jti": str(uuid.uuid4())}


def _attribute_claims(client: AppClient, user: User) -> dict[str, Any]:
    claims: dict[str, Any] = {}
    for name, value in user.attributes.items():
        if client.may_read(name):
            # The two verified flags are the only attributes that are not strings in the token.
            claims[name] = value == "true" if name.endswith("_verified") and ":" not in name else value
    return claims


def _changed(claims: Mapping[str, Any], changes: _Changes) -> dict[str, Any]:
    added = {name: value for name, value in changes.added.items() if _may_be_added(name)}
    suppressed = set(changes.suppressed)
    # Suppressing the groups takes the claims about their roles along; those cannot be suppressed by name.
    suppressed = (suppressed - set(_GROUP_CLAIMS)) | (set(_GROUP_CLAIMS) if _GROUP_CLAIMS[0] in suppressed else set())
    return {name: value for name, value in {**claims, **added}.items() if name not in suppressed}


def _may_be_added(name: str) -> bool:
    return name not in _FIXED and not name.startswith(("cognito:", "dev:"))


def _changes(given: Mapping[str, Any]) -> _Changes:
    return _Changes(
        _object(given, "claimsToAddOrOverride"),
        _strings(given, "claimsToSuppress"),
        _strings(given, "scopesToAdd"),
        _strings(given, "scopesToSuppress"),
    )


def _object(given: Mapping[str, Any], member: str) -> Mapping[str, Any]:
    value = given.get(member)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise unrecognizable()
    return value


def _strings(given: Mapping[str, Any], member: str) -> tuple[str, ...]:
    value = given.get(member)
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise unrecognizable()
    return tuple(value)
