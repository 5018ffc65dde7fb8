"""The directory of user pools: what a pool, an app client, a group and a user hold, and what follows from it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from harness.emulator import unconfirmed
from harness.emulator.service import ServiceError
from harness.emulator.tokens import PoolKeys

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from harness.emulator.user_pool_schema import PasswordPolicy, SchemaAttribute
    from harness.secret import Secret


@dataclass(frozen=True, slots=True)
class AppClient:
    """One app client: which sign-in flows it may use, which attributes its tokens show, and for how long they hold.

    `read_attributes` and `write_attributes` are None where the request left them out or empty.
    """

    id: str
    name: str
    created: float
    explicit_auth_flows: tuple[str, ...]
    read_attributes: tuple[str, ...] | None
    write_attributes: tuple[str, ...] | None
    id_token_seconds: int
    access_token_seconds: int
    refresh_token_seconds: int
    auth_session_minutes: int
    hides_missing_users: bool
    described: Mapping[str, Any]

    def may_read(self, attribute: str) -> bool:
        """Whether tokens and GetUser show the attribute."""
        if attribute == "sub":
            return False  # the claim `sub` is always there and does not come from the attributes
        if self.read_attributes is None:
            return unconfirmed.OMITTED_READ_ATTRIBUTES_READ_ALL or not attribute.startswith("custom:")
        return attribute in self.read_attributes

    def may_write(self, attribute: SchemaAttribute) -> bool:
        """Whether the signed-in user may write the attribute through this client (aws-semantics 4.3)."""
        return attribute.required or self.write_attributes is None or attribute.name in self.write_attributes


@dataclass(frozen=True, slots=True)
class Group:
    """A group, with the role its members may take."""

    name: str
    created: float
    description: str | None = None
    role_arn: str | None = None
    precedence: int | None = None


@dataclass(slots=True)
class User:
    """A user. `live_sign_ins` and `revoked_sign_ins` hold the origin_jti of sign-ins still good, and signed out."""

    username: str
    sub: str
    created: float
    modified: float
    status: str
    password: Secret
    password_set: float
    enabled: bool = True
    deleted: bool = False
    attributes: dict[str, str] = field(default_factory=dict)
    groups: list[str] = field(default_factory=list)
    live_sign_ins: set[str] = field(default_factory=set)
    revoked_sign_ins: set[str] = field(default_factory=set)

    def sign_out_everywhere(self) -> None:
        """Revoke every sign-in so far (aws-semantics 4.4)."""
        self.revoked_sign_ins |= self.live_sign_ins
        self.live_sign_ins.clear()


@dataclass(frozen=True, slots=True)
class RolesOfUser:
    """The roles of a user's groups, and the one Cognito prefers, None when it does not decide."""

    arns: tuple[str, ...]
    preferred: str | None


@dataclass(slots=True)
class UserPool:
    """A user pool with everything in it. `settings` is what the request set and the API only echoes."""

    id: str
    name: str
    arn: str
    provider_name: str
    created: float
    case_sensitive: bool
    schema: dict[str, SchemaAttribute]
    password_policy: PasswordPolicy
    settings: dict[str, Any]
    tags: dict[str, str]
    keys: PoolKeys = field(default_factory=PoolKeys)
    clients: dict[str, AppClient] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)
    users: dict[str, User] = field(default_factory=dict)

    @property
    def issuer(self) -> str:
        """The claim `iss` of the pool's tokens."""
        return "https://" + self.provider_name

    def user_key(self, username: str) -> str:
        """Return the name under which `users` keeps the user."""
        return username if self.case_sensitive else username.casefold()

    def user(self, username: str) -> User:
        """Return the user; raises ServiceError UserNotFoundException."""
        found = self.users.get(self.user_key(username))
        if found is None:
            raise ServiceError("UserNotFoundException", unconfirmed.USER_NOT_FOUND)
        return found

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
