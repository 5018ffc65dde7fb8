"""The directory of user pools: what a pool, a group and a user hold, and what follows from it."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from harness.emulator.service import NotDerivableError, ServiceError
from harness.emulator.tokens import PoolKeys
from harness.emulator.unconfirmed import user_pools as unconfirmed
from harness.emulator.user_pools.revocation import SignIns
from harness.emulator.user_pools.srp import new_salt

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from harness.emulator.user_pools.app_client import AppClient
    from harness.emulator.user_pools.schema import SchemaAttribute
    from harness.emulator.user_pools.settings import PoolSettings
    from harness.secret import Secret

# Attributes that are good as an alias only once they are verified.
VERIFIABLE = ("email", "phone_number")


@dataclass(frozen=True, slots=True)
class Group:
    """A group, with the role its members may take."""

    name: str
    created: float
    modified: float
    description: str | None = None
    role_arn: str | None = None
    precedence: int | None = None


@dataclass(frozen=True, slots=True)
class Password:
    """A password, when it was set, and the salt of its SRP verifier."""

    value: Secret
    set_at: float
    salt: int = field(default_factory=new_salt, repr=False)

    def matches(self, given: str) -> bool:
        """Tell whether this is the password."""
        # JSON can hold half of a surrogate pair, which plain UTF-8 cannot.
        return hmac.compare_digest(*(text.encode("utf-8", "surrogatepass") for text in (self.value.reveal(), given)))


@dataclass(slots=True)
class User:
    """A user. `password` is None once an administrator has reset it.

    `pending` holds new values of attributes that count only when they are verified.
    """

    username: str
    sub: str
    created: float
    modified: float
    status: str
    password: Password | None
    enabled: bool = True
    deleted: bool = False
    attributes: dict[str, str] = field(default_factory=dict)
    pending: dict[str, str] = field(default_factory=dict)
    groups: list[str] = field(default_factory=list)
    sign_ins: SignIns = field(default_factory=SignIns)


@dataclass(frozen=True, slots=True)
class RolesOfUser:
    """The roles of a user's groups, and the one Cognito prefers, None when it does not decide."""

    arns: tuple[str, ...]
    preferred: str | None


@dataclass(slots=True)
class UserPool:
    """A user pool with everything in it. `pepper` is what the answers about users that do not exist come from."""

    id: str
    name: str
    arn: str
    provider_name: str
    created: float
    modified: float
    case_sensitive: bool
    username_attributes: tuple[str, ...]
    alias_attributes: tuple[str, ...]
    schema: dict[str, SchemaAttribute]
    settings: PoolSettings
    tags: dict[str, str]
    keys: PoolKeys = field(default_factory=PoolKeys)
    clients: dict[str, AppClient] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)
    users: dict[str, User] = field(default_factory=dict)
    pepper: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)

    @property
    def issuer(self) -> str:
        """The claim `iss` of the pool's tokens."""
        return "https://" + self.provider_name

    def user_key(self, username: str) -> str:
        """Return the name under which `users` keeps the user."""
        return username if self.case_sensitive else username.casefold()

    def find_user(self, name: str) -> User | None:
        """Return the user with this username or alias, or None."""
        found = self.users.get(self.user_key(name))
        if found is not None:
            return found
        for attribute in (*self.username_attributes, *self.alias_attributes):
            holder = self.alias_holder(attribute, name)
            if holder is not None:
                return holder
        if self.user_by_sub(name) is not None:
            raise NotDerivableError("a user named by its sub, in a pool whose usernames are not made by Cognito")
        return None

    def user(self, username: str) -> User:
        """Return the user; raises ServiceError UserNotFoundException."""
        found = self.find_user(username)
        if found is None:
            raise ServiceError("UserNotFoundException", unconfirmed.USER_NOT_FOUND)
        return found

    def alias_holder(self, attribute: str, value: str | None, but: User | None = None) -> User | None:
        """Return the user other than `but` who is known under this value of an attribute, or None.

        Where the attribute is an alias only a verified value counts; where it takes the place of the username any.
        """
        if value is None or attribute not in (*self.username_attributes, *self.alias_attributes):
            return None
        needs_verification = attribute in self.alias_attributes and attribute in VERIFIABLE
        key = self.user_key(value)
        for user in self.users.values():
            held = user.attributes.get(attribute)
            if user is but or held is None or self.user_key(held) != key:
                continue
            if not needs_verification or user.attributes.get(f"{attribute}_verified") == "true":
                return user
        return None

    def user_by_sub(self, sub: str) -> User | None:
        """Return the user with this `sub`, or None."""
        return next((user for user in self.users.values() if user.sub == sub), None)

    def group(self, name: str) -> Group:
        """Return the group; raises ServiceError ResourceNotFoundException."""
        if name not in self.groups:
            raise ServiceError("ResourceNotFoundException", unconfirmed.GROUP_NOT_FOUND)
        return self.groups[name]

    def client(self, client_id: str) -> AppClient:
        """Return the app client; raises ServiceError ResourceNotFoundException."""
        if client_id not in self.clients:
            raise no_such_client(client_id)
        return self.clients[client_id]

    def groups_of(self, user: User) -> list[Group]:
        """Return the user's groups, best precedence first; groups without a precedence come last."""
        groups = [self.groups[name] for name in user.groups]
        return sorted(groups, key=lambda group: (group.precedence is None, group.precedence or 0))

    def roles_of(self, user: User) -> RolesOfUser:
        """Return the claims `cognito:roles` and `cognito:preferred_role` for the user (aws-semantics 4.2)."""
        groups = self.groups_of(user)
        arns = tuple(dict.fromkeys(group.role_arn for group in groups if group.role_arn))
        if len(arns) == 1:
            return RolesOfUser(arns, arns[0])
        if unconfirmed.BEST_GROUP_WITHOUT_ROLE_IS_SKIPPED:
            groups = [group for group in groups if group.role_arn]
        best = {group.role_arn for group in groups if group.precedence == groups[0].precedence}
        ranked = bool(groups) and groups[0].precedence is not None
        return RolesOfUser(arns, best.pop() if ranked and len(best) == 1 else None)

    def conforming(self, attributes: Iterable[Mapping[str, Any]]) -> dict[str, str]:
        """Return the attributes of a request as a dictionary, once the pool's schema has nothing against them.

        Raises ServiceError InvalidParameterException for an unknown attribute, for `sub` and for a bad value.
        """
        checked: dict[str, str] = {}
        for attribute in attributes:
            name, value = attribute["Name"], attribute.get("Value") or ""
            if name == "sub":
                raise ServiceError("InvalidParameterException", unconfirmed.SUB_IS_NOT_WRITABLE)
            if name not in self.schema:
                message = unconfirmed.ATTRIBUTE_UNKNOWN.format(name=name)
                raise ServiceError("InvalidParameterException", message)
            self.schema[name].check(value)
            checked[name] = value
        return checked

    def missing_attributes(self, attributes: Mapping[str, str]) -> list[str]:
        """Return the names of required attributes that are not among these."""
        return [
            name
            for name, attribute in self.schema.items()
            if attribute.required and name != "sub" and not attributes.get(name)
        ]


class UserPoolDirectory:
    """All user pools of one embedded cloud."""

    def __init__(self) -> None:
        self.pools: dict[str, UserPool] = {}

    def find(self, pool_id: str) -> UserPool | None:
        """Return the pool, or None."""
        return self.pools.get(pool_id)

    def pool(self, pool_id: str) -> UserPool:
        """Return the pool; raises ServiceError ResourceNotFoundException."""
        if pool_id not in self.pools:
            message = unconfirmed.POOL_NOT_FOUND.format(pool=pool_id)
            raise ServiceError("ResourceNotFoundException", message)
        return self.pools[pool_id]

    def pool_of_client(self, client_id: str) -> UserPool:
        """Return the pool the app client belongs to; raises ServiceError ResourceNotFoundException."""
        for pool in self.pools.values():
            if client_id in pool.clients:
                return pool
        raise no_such_client(client_id)

    def by_issuer(self, issuer: object) -> UserPool | None:
        """Return the pool whose tokens carry this claim `iss`, or None."""
        return next((pool for pool in self.pools.values() if pool.issuer == issuer), None)


def no_such_client(client_id: str) -> ServiceError:
    """Return the error for an app client that does not exist."""
    return ServiceError("ResourceNotFoundException", unconfirmed.CLIENT_NOT_FOUND.format(client=client_id))


def attribute_list(attributes: Mapping[str, str]) -> list[dict[str, str]]:
    """Return attributes as the API lists them."""
    return [{"Name": name, "Value": value} for name, value in attributes.items()]
