"""The types of a blueprint: an isolation design as pure data, with its contract and its weaknesses beside it.

Names and key patterns may hold `{tenant}`, the key of a tenant: whatever is named so is made once per tenant.
Documents (policies, bucket policies) and the environment of functions may name what only exists once it is deployed, as
`@{role.NAME.arn}`; `harness/placeholders.py` lists them all. A statement with `"ForEach": "tenant"` (or `"user"`)
stands for one statement of each, in which `{tenant}` (or `{user}`) has a value and the Sid a number behind it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping  # noqa: TC003  blueprint files are checked by these types at run time
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Literal

from harness.blueprints.contract import Contract  # noqa: TC001  as above

if TYPE_CHECKING:
    from harness.blueprints.contract import Persona

Document = dict[str, Any]


class TenantKeys(StrEnum):
    """What the keys of tenants look like, by which policies and partition keys tell tenants apart."""

    UUID = "uuid"  # made by the application: nobody can choose one that collides
    ASSIGNED = "assigned"  # made when an organisation's first user signs up, and known from that user's token
    NAME = "name"  # chosen by people, in lower case: one the beginning of another


@dataclass(frozen=True)
class AttributeSpec:
    """A custom attribute of the user pool, named without `custom:`."""

    name: str
    mutable: bool = True


@dataclass(frozen=True)
class AppClientSpec:
    """An app client of the user pool. `identity_provider` registers it with the identity pool.

    `read_attributes` and `write_attributes` limit what users see and change through this client; None leaves the
    setting out, which opens everything mutable (aws-semantics 4.3). `hides_missing_users` answers unknown names as it
    answers wrong passwords; `revokes_tokens` lets the application end a session by its refresh token.
    """

    name: str
    identity_provider: bool
    id_token_minutes: int = 60
    read_attributes: tuple[str, ...] | None = None
    write_attributes: tuple[str, ...] | None = None
    hides_missing_users: bool = True
    revokes_tokens: bool = True


@dataclass(frozen=True)
class GroupSpec:
    """A user-pool group with the role and the precedence it gives; None leaves either out."""

    name: str
    role: str | None
    precedence: int | None


@dataclass(frozen=True)
class UserPoolSpec:
    """The user pool: attributes, app clients, groups, and the functions it calls by trigger name.

    The first app client is the one through which users come; the others belong to something else.
    """

    app_clients: tuple[AppClientSpec, ...]
    groups: tuple[GroupSpec, ...] = ()
    attributes: tuple[AttributeSpec, ...] = ()
    triggers: Mapping[str, str] = field(default_factory=dict)
    sign_up: bool = False
    case_sensitive: bool = False

    @property
    def identity_providers(self) -> tuple[AppClientSpec, ...]:
        """Return the app clients whose tokens the identity pool takes."""
        return tuple(client for client in self.app_clients if client.identity_provider)


@dataclass(frozen=True)
class RoleRule:
    """A rule of an identity pool: the role for tokens whose claim matches, such as ("custom:plan", "Equals", "pro").

    Where the role is one of each tenant there is a rule of each tenant, in the order of the tenants.
    """

    claim: str
    match: Literal["Equals", "Contains", "StartsWith", "NotEqual"]
    value: str
    role: str


@dataclass(frozen=True)
class IdentityPoolSpec:
    """An identity pool: who gets credentials for which role.

    `role_mapping` is empty, "Token" or "Rules". `principal_tags` maps tag keys to claims, `default_tags` in their place
    takes AWS's own map (`client` and `username`). `developer_provider` names a backend of the design's own that says
    who its users are. `trusts_outsiders` registers a foreign user pool as a provider; no sound blueprint does.
    `classic_flow` None leaves the setting out. `server_side_token_check` has Cognito ask the user pool whether the user
    still counts (aws-semantics 4.4).
    """

    authenticated_role: str | None
    unauthenticated_role: str | None = None
    role_mapping: Literal["", "Token", "Rules"] = ""
    rules: tuple[RoleRule, ...] = ()
    ambiguous_role_resolution: Literal["AuthenticatedRole", "Deny"] = "AuthenticatedRole"
    classic_flow: bool | None = False
    principal_tags: Mapping[str, str] = field(default_factory=dict)
    default_tags: bool = False
    developer_provider: str = ""
    server_side_token_check: bool = True
    trusts_outsiders: bool = False


@dataclass(frozen=True)
class RoleSpec:
    """An IAM role: its trust policy, its inline policies by name, and its permissions boundary, if it has one."""

    name: str
    trust: Document
    policies: Mapping[str, Document] = field(default_factory=dict)
    boundary: Document | None = None


@dataclass(frozen=True)
class IndexSpec:
    """A secondary index of a table, whose keys are attributes that hold strings.

    One whose partition key is PK is a local index, every other a global one. `projected` are the attributes it holds
    beside keys; None is all of them.
    """

    name: str
    partition_key: str
    sort_key: str = "SK"
    projected: tuple[str, ...] | None = None

    @property
    def is_local(self) -> bool:
        """Tell whether the index has the partition key of its table."""
        return self.partition_key == "PK"


@dataclass(frozen=True)
class TableSpec:
    """A table with the key PK (string) and SK (string), its indexes, and its resource policy if the design has one."""

    name: str
    indexes: tuple[IndexSpec, ...] = ()
    policy: Document | None = None


@dataclass(frozen=True)
class BucketSpec:
    """A bucket, with a bucket policy if the design has one. `versioned` keeps what is overwritten and deleted."""

    name: str
    policy: Document | None = None
    versioned: bool = False


@dataclass(frozen=True)
class MembershipSpec:
    """The table that says who belongs to which tenant: PK is what the application knows users by, SK the tenant's key.

    That is the user's `sub`, which nobody else ever gets, or the user name, which can be given again.
    """

    table: str
    user_key: Literal["sub", "username"] = "sub"


@dataclass(frozen=True)
class FunctionSpec:
    """A Lambda function: the source of one Python module, whose `handler` is called, and its execution role."""

    name: str
    source: str
    role: str
    environment: Mapping[str, str] = field(default_factory=dict)


class RouteAuthorizer(StrEnum):
    """Who may call a route of an API."""

    NONE = "none"
    IAM = "iam"
    TOKEN = "token"  # noqa: S105  a JWT authorizer of an HTTP API, a Cognito authorizer of a REST API; not a secret
    FUNCTION = "function"  # a Lambda authorizer of an HTTP API, which is shown the whole request


class ApiKind(StrEnum):
    """The two kinds of APIs of API Gateway that designs use."""

    HTTP = "http"
    REST = "rest"


@dataclass(frozen=True)
class RouteSpec:
    """A route of the API, such as `GET` on `/credentials`, and the function behind it."""

    method: str
    path: str
    authorizer: RouteAuthorizer
    function: str


@dataclass(frozen=True)
class AuthorizerSpec:
    """A Lambda authorizer that answers yes or no; its answer is kept for the token for so many seconds."""

    function: str
    cached_seconds: int = 0


@dataclass(frozen=True)
class ApiSpec:
    """An API. Routes with tokens accept those that the design's user pool issues to the app client `audience`.

    `authorizer` decides on routes with the authorizer `function`; the design's users call them with access tokens.

    `credentials_path` is where a broker hands out AWS credentials by GET, empty where there is none. Its answer holds
    `Credentials` as STS words them, and `IdentityId` where there is one. `links_path` is where a function answers GET
    with the parameter `key` by a presigned link to that object, as `Url`.
    """

    name: str
    routes: tuple[RouteSpec, ...]
    kind: ApiKind = ApiKind.HTTP
    audience: str = ""
    credentials_path: str = ""
    links_path: str = ""
    authorizer: AuthorizerSpec | None = None

    @property
    def authorizer_of_assets(self) -> RouteAuthorizer | None:
        """Return who may call the routes that show assets, None where all routes hand out credentials or links."""
        others = (self.credentials_path, self.links_path)
        return next((route.authorizer for route in self.routes if route.path not in others), None)


@dataclass(frozen=True)
class Place:
    """Where the assets of one owner live: a table and a partition key, or a bucket and a prefix without its slash.

    The pattern holds `{identity_id}`, `{tenant}` or `{user}`: what tells owners apart. An empty one is the whole store,
    which then is a store of the tenant's own. A shared place belongs to no tenant; its pattern holds none of these.
    Assets of the plane `execute-api` are items that a route shows: `path` is where, such as `/{tenant}/notes/{name}`.
    `attributes` are what an item holds beside its key and its canary, such as the keys of indexes; their values are
    patterns too.
    """

    plane: str
    store: str
    partition: str
    path: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Weakness:
    """A named hole: a change of the blueprint's data, and the techniques that must then leak.

    `change` maps a sound blueprint to the weakened one; attacks never see it. `breaks` names techniques that stop
    working for those who may use them, where the change costs something legitimate as well. `leaks_between_names` are
    those that must leak between tenants whose names were made to collide (`named_stage`), whatever today's are called.
    """

    id: str
    title: str
    change: Callable[[Blueprint], Blueprint]
    leaks: tuple[str, ...]
    breaks: tuple[str, ...] = ()
    leaks_between_names: tuple[str, ...] = ()

    @property
    def entry(self) -> str:
        """The entry of the catalogue of which this is a case: the id, up to a slash where a design has several."""
        return self.id.partition("/")[0]


@dataclass(frozen=True)
class Misconfiguration:
    """A named mistake that keeps people out: a change of the blueprint's data, and the code that each sign-in meets.

    `personas` are those who are kept out; where there are none named, everybody with a password is.
    """

    id: str
    title: str
    change: Callable[[Blueprint], Blueprint]
    error_code: str
    personas: tuple[str, ...] = ()

    @property
    def entry(self) -> str:
        """The entry of the catalogue of which this is a case."""
        return self.id


@dataclass(frozen=True)
class Design:
    """An isolation design: what stands in a blueprint file.

    `places` say where assets of tenants live, `shared` where those of nobody do. `tenant_names` is a regular expression
    of the names that the application before the design lets tenants have, empty where nothing refuses any; a name that
    does not match it whole is not tried, and is reported as ruled out.
    """

    name: str
    title: str
    source: str
    contract: Contract
    places: tuple[Place, ...] = ()
    shared: tuple[Place, ...] = ()
    tenant_keys: TenantKeys = TenantKeys.UUID
    tenant_names: str = ""
    user_pool: UserPoolSpec | None = None
    identity_pool: IdentityPoolSpec | None = None
    roles: tuple[RoleSpec, ...] = ()
    tables: tuple[TableSpec, ...] = ()
    buckets: tuple[BucketSpec, ...] = ()
    functions: tuple[FunctionSpec, ...] = ()
    api: ApiSpec | None = None
    memberships: MembershipSpec | None = None


@dataclass(frozen=True)
class Blueprint(Design):
    """A design with the mistakes that are planted in it on purpose; one that comes from a file has none."""

    weaknesses: tuple[Weakness, ...] = field(default=(), compare=False)
    misconfigurations: tuple[Misconfiguration, ...] = field(default=(), compare=False)

    def place(self, plane: str) -> Place | None:
        """Return where the assets of tenants live on a plane, None where they have none."""
        return next((place for place in self.places if place.plane == plane), None)

    def shared_place(self, plane: str) -> Place | None:
        """Return where the assets that belong to nobody live on a plane, None where there are none."""
        return next((place for place in self.shared if place.plane == plane), None)

    @property
    def owner_index(self) -> IndexSpec | None:
        """Return the index of the tenants' items whose partition key tells owners apart, None where there is none."""
        return next((index for index in self._item_indexes if self._tells_owners_apart(index)), None)

    @property
    def common_index(self) -> IndexSpec | None:
        """Return the index of the tenants' items in whose partitions items of all owners stand together, or None."""
        return next((index for index in self._item_indexes if not self._tells_owners_apart(index)), None)

    @property
    def _item_indexes(self) -> tuple[IndexSpec, ...]:
        place = self.place("dynamodb")
        return tuple(
            index for table in self.tables if place is not None and table.name == place.store for index in table.indexes
        )

    def _tells_owners_apart(self, index: IndexSpec) -> bool:
        place = self.place("dynamodb")
        return index.is_local or (place is not None and "{" in place.attributes.get(index.partition_key, ""))

    @property
    def privileged_persona(self) -> Persona | None:
        """Return the persona whose role nobody else may get, None where the design has no such role."""
        return next((persona for persona in self.contract.personas if persona.staff and persona.role), None)

    @property
    def tenant_persona_with_role(self) -> Persona | None:
        """Return the first persona of tenants' users whose role the contract names, None where there is none."""
        return next((persona for persona in self.contract.personas if persona.role and not persona.staff), None)

    def is_shared_by_tenant(self, plane: str) -> bool:
        """Tell whether all users of a tenant share its assets on a plane, so that none of them is foreign there."""
        place = self.place(plane)
        return place is not None and "{tenant}" in place.partition + place.store

    @property
    def minimum_tenants(self) -> int:
        """Return how many tenants it takes for every persona to have somebody to attack."""
        return 1 + max(persona.spans for persona in self.contract.personas)

    def weakness(self, weakness_id: str) -> Weakness:
        """Return the weakness of this id. Raises KeyError when the blueprint has none."""
        return {weakness.id: weakness for weakness in self.weaknesses}[weakness_id]
