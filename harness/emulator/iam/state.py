"""What IAM of one account stores: roles, users, groups, managed policies and OIDC providers, as plain data."""

from __future__ import annotations

import secrets
import string
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, TypeVar

from harness.emulator.iam.aws_managed_policies import aws_managed_policy
from harness.emulator.service import ServiceError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from harness.secret import Secret

_ID_ALPHABET = string.ascii_uppercase + string.digits
_AWS_POLICY = "arn:aws:iam::aws:policy/"


@dataclass(slots=True)
class Owner:
    """Whoever carries identity policies. `attached` and `boundary` hold ARNs of managed policies."""

    kind: ClassVar[str]
    id_prefix: ClassVar[str]
    account: str
    name: str
    path: str
    created: float
    id: str = ""
    inline: dict[str, str] = field(default_factory=dict)
    attached: list[str] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)
    boundary: str | None = None

    def __post_init__(self) -> None:
        self.id = self.id or unique_id(self.id_prefix)

    @property
    def arn(self) -> str:
        """The ARN, path included."""
        return f"arn:aws:iam::{self.account}:{self.kind}{self.path}{self.name}"


@dataclass(slots=True)
class Role(Owner):
    """A role. In `trust` the ARNs of roles and users are replaced by their unique ids (aws-semantics 5.2)."""

    kind = "role"
    id_prefix = "AROA"
    trust: str = ""
    description: str | None = None
    max_session_duration: int = 3600


@dataclass(slots=True)
class AccessKey:
    """A long-term access key of a user."""

    id: str
    secret: Secret
    created: float
    active: bool = True


@dataclass(slots=True)
class User(Owner):
    """A user, with the names of its groups."""

    kind = "user"
    id_prefix = "AIDA"
    keys: dict[str, AccessKey] = field(default_factory=dict)
    groups: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Group(Owner):
    """A group; who is in it stands with the users."""

    kind = "group"
    id_prefix = "AGPA"


@dataclass(frozen=True, slots=True)
class PolicyVersion:
    """One version of a managed policy."""

    document: str
    created: float


@dataclass(slots=True)
class ManagedPolicy:
    """A managed policy with its versions, `v1` and up."""

    arn: str
    name: str
    path: str
    created: float
    updated: float
    versions: dict[str, PolicyVersion]
    default: str = "v1"
    latest: int = 1
    description: str | None = None
    tags: dict[str, str] = field(default_factory=dict)
    id: str = field(default_factory=lambda: unique_id("ANPA"))

    @property
    def document(self) -> str:
        """The document of the default version, which is the one that counts."""
        return self.versions[self.default].document


@dataclass(slots=True)
class OidcProvider:
    """An OpenID Connect provider: `url` is the issuer without its scheme."""

    arn: str
    url: str
    created: float
    client_ids: list[str]
    thumbprints: list[str]
    tags: dict[str, str] = field(default_factory=dict)


class IamState:
    """Everything the IAM of one account stores. Whoever changes it calls `changed`."""

    def __init__(self, account: str) -> None:
        self.account = account
        self.alias = ""
        self.roles: dict[str, Role] = {}
        self.users: dict[str, User] = {}
        self.groups: dict[str, Group] = {}
        self.policies: dict[str, ManagedPolicy] = {}
        self.providers: dict[str, OidcProvider] = {}
        self.generation = 0

    def changed(self) -> None:
        """Tell whoever compiles policies that something is different."""
        self.generation += 1

    def role(self, name: str) -> Role:
        """Return the role; raises ServiceError NoSuchEntity."""
        return _named(self.roles, name, "role")

    def user(self, name: str) -> User:
        """Return the user; raises ServiceError NoSuchEntity."""
        return _named(self.users, name, "user")

    def group(self, name: str) -> Group:
        """Return the group; raises ServiceError NoSuchEntity."""
        return _named(self.groups, name, "group")

    def owners(self) -> Iterator[Owner]:
        """Return all roles, users and groups."""
        yield from self.roles.values()
        yield from self.users.values()
        yield from self.groups.values()

    def members(self, group: Group) -> list[User]:
        """Return the users in a group."""
        return [user for user in self.users.values() if group.name in user.groups]

    def find_policy(self, arn: str) -> ManagedPolicy | None:
        """Return a managed policy of this account or of AWS, or None."""
        if arn.startswith(_AWS_POLICY):
            found = aws_managed_policy(arn)
            if found is None:
                return None
            path, name = _path_and_name(arn)
            version = PolicyVersion(found.document, found.created)
            number = int(found.version.removeprefix("v"))
            return ManagedPolicy(
                arn, name, path, found.created, found.updated, {found.version: version}, found.version, number
            )
        return self.policies.get(arn)

    def policy(self, arn: str) -> ManagedPolicy:
        """Return a managed policy of this account or of AWS; raises ServiceError NoSuchEntity."""
        found = self.find_policy(arn)
        if found is None:
            raise no_such_entity(f"Policy {arn} was not found.")
        return found

    def provider(self, arn: str) -> OidcProvider:
        """Return the OIDC provider; raises ServiceError NoSuchEntity."""
        if arn not in self.providers:
            raise no_such_entity(f"OpenIDConnect Provider not found for arn {arn}")
        return self.providers[arn]


def no_such_entity(message: str) -> ServiceError:
    """Return the error for something that is not there."""
    return ServiceError("NoSuchEntity", message, 404)


def already_exists(message: str) -> ServiceError:
    """Return the error for a name that is taken."""
    return ServiceError("EntityAlreadyExists", message, 409)


def delete_conflict(message: str) -> ServiceError:
    """Return the error for something that is still in use."""
    return ServiceError("DeleteConflict", message, 409)


def check_new_name(name: str, taken: Iterable[str], kind: str) -> None:
    """Return when no other `kind` has the name in any letter case; raises ServiceError EntityAlreadyExists."""
    if name.lower() in {other.lower() for other in taken}:
        raise already_exists(f"{kind} with name {name} already exists.")


def check_quota(count: int, limit: int, quota: str) -> None:
    """Return while one more fits; raises ServiceError LimitExceeded (aws-semantics 6.6)."""
    if count >= limit:
        raise ServiceError("LimitExceeded", f"Cannot exceed quota for {quota}: {limit}", 409)


def unique_id(prefix: str) -> str:
    """Return a new unique id such as AROA and 17 more characters."""
    return prefix + "".join(secrets.choice(_ID_ALPHABET) for _ in range(17))


_Stored = TypeVar("_Stored", Role, User, Group)


def _named(stored: dict[str, _Stored], name: str, kind: str) -> _Stored:
    if name not in stored:
        raise no_such_entity(f"The {kind} with name {name} cannot be found.")
    return stored[name]


def _path_and_name(arn: str) -> tuple[str, str]:
    path, _, name = arn.partition(":policy")[2].rpartition("/")
    return f"{path}/", name
