"""What a technique is: one way to use an API, declared once, aimed by others."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from harness.blueprints.contract import Effect

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any, TypeAlias

    from harness.attacks.aim import Aim
    from harness.attacks.obtained import ByOperator, BySomebody, Later, ObtainedCall
    from harness.outcome import Outcome
    from harness.targets.api import ApiRequest, ApiResponse
    from harness.targets.http import RouteCall
    from harness.targets.target import Capability

    # A request, or what makes one of the answer to the step before.
    Sent: TypeAlias = ApiRequest | RouteCall | ObtainedCall | ByOperator | BySomebody | Later
    Step: TypeAlias = Sent | Callable[[Mapping[str, Any]], Sent]
    Steps: TypeAlias = Callable[[Aim], tuple[Step, ...]]
    Shows: TypeAlias = Callable[[Aim, Sequence[ApiResponse]], bool]


class Severity(StrEnum):
    """How bad a leak through a technique is, in Allure's words."""

    BLOCKER = "blocker"
    CRITICAL = "critical"
    NORMAL = "normal"
    MINOR = "minor"


class LeakKind(StrEnum):
    """What a leak lets across (design.md, "Vocabulary")."""

    DATA = "data"
    EFFECT = "effect"
    ORACLE = "oracle"
    SESSION = "session"
    PERMISSION = "permission"


class ControlKind(StrEnum):
    """How it is shown that a refusal of this technique means something."""

    OWN = "own"  # the same request, aimed at the caller's own data, is allowed
    WITNESS = "witness"  # the caller's credentials work elsewhere, and the same request works for someone who may
    OPERATOR = "operator"  # likewise, where no contract gives to anybody what the request takes


class Callers(StrEnum):
    """Which personas of a design can use a technique at all."""

    ANYBODY = "anybody"
    TENANTS = "tenants"  # users of a tenant, staff excluded
    OWNERS = "owners"  # users of a tenant who have assets of their own on the technique's plane
    OWNING_MEMBERS = "owning-members"  # owners who hold tokens
    MEMBERS = "members"  # users of a tenant who hold tokens
    GUESTS = "guests"
    UNASSIGNED = "unassigned"  # users who hold tokens, and to whom the contract gives no AWS credentials


class Feature(StrEnum):
    """Something a design must have for a technique to be aimed at it."""

    TABLE = "table"
    BUCKET = "bucket"
    PARTITIONED_TABLE = "partitioned-table"  # several owners in one table
    OWNER_INDEX = "owner-index"  # an index of the items whose key tells owners apart
    COMMON_INDEX = "common-index"  # an index of the items whose key does not
    BACKEND_ATTRIBUTES = "backend-attributes"  # attributes of items that their owners may not write
    SECOND_TABLE = "second-table"  # one in which no tenant has items
    IDENTITY_KEYED_TABLE = "identity-keyed-table"  # partition keys are made of identity ids
    PARTITIONED_BUCKET = "partitioned-bucket"  # several owners in one bucket
    ENHANCED_FLOW = "enhanced-flow"  # an identity pool that gives signed-in users a role
    DEFAULT_ROLE = "default-role"  # an identity pool that gives a role to any token it accepts
    GUESTS = "guests"
    TOKEN_ROLES = "token-roles"  # noqa: S105  roles by the groups that the token names; not a secret
    MAPPED_ROLES = "mapped-roles"  # roles by the token's groups or by rules about its claims, of which users may choose
    PRINCIPAL_TAGS = "principal-tags"  # claims become tags of the session
    DEVELOPER_IDENTITIES = "developer-identities"  # a backend of the design's own says who the users are
    PRIVILEGED_ROLE = "privileged-role"  # a role for staff alone
    PERSONA_ROLE = "persona-role"  # tenants' users have a role that their persona names
    NO_GUESTS = "no-guests"  # an identity pool that lets in nobody without a token
    TENANT_CLAIM = "tenant-claim"  # claims of the token tell tenants apart
    SIGN_UP = "sign-up"  # anybody may sign up
    NO_SIGN_UP = "no-sign-up"  # administrators alone make users
    TOKEN_SESSIONS = "token-sessions"  # noqa: S105  an ID token gets AWS credentials, at an identity pool or a broker
    DECIDING_CLAIMS = "deciding-claims"  # claims of the token decide what its identity gets
    TIMED_BROKER = "timed-broker"  # a broker that is documented to look at the time when a token was issued
    ROUTES = "routes"  # routes of an API that belong to tenants
    SIGNED_ROUTES = "signed-routes"  # such routes that are called with a signature
    TOKEN_ROUTES = "token-routes"  # noqa: S105  such routes that are called with an access token; not a secret
    IDENTITY_POOL = "identity-pool"
    WEB_IDENTITY = "web-identity"  # users assume their role themselves, with an OpenID token of the identity pool
    LINKS = "links"  # a route of an API that hands out presigned links to objects
    BROKER = "broker"  # a route of an API that hands out AWS credentials
    MEMBERSHIPS = "memberships"  # a table says who belongs to which tenant
    SECOND_APP_CLIENT = "second-app-client"  # one that the identity pool does not know


class Victim(StrEnum):
    """Whose assets a technique is aimed at."""

    SOMEBODY = "somebody"
    NOBODY = "nobody"  # a key that belongs to no one, a role, a token that should not exist


@dataclass(frozen=True, slots=True)
class Technique:
    """One way to use an API.

    `steps` maps an aim to the requests to send: what others do beforehand (ByOperator, BySomebody), then the attempt
    itself, then, sent only when it was allowed, what fetches what it may have carried off. `control_steps` is what the
    control sends where turning the aim inward is not enough; `operator_steps` what the operator sends as a witness
    where no user of the design may. `actions` are the IAM actions a refusal may name; `refusals` are patterns of the
    messages by which Cognito refuses; `passes` are patterns of `Code: message`, errors that a request meets only when
    authorization has let it through. `shows` tells from the answers of a control whether the technique did what it
    does, where that is neither a session, a canary nor a changed asset; `reads` says of the answer to an attempt
    whether it is the sound one (REFUSED) or gives something away (ALLOWED), where success and failure do not tell, and
    None where they do. `allowed_means` is the kind of leak when the attempt is allowed and nothing
    foreign was seen. `returns_own` tells that getting one's own session back is a sound answer. `requires` names what
    the design must have, `callers` and `victims` which of its personas can use the technique and suffer from it;
    `clean_up` is what the operator sends after an attempt that was not refused, so that everybody is as before;
    `first_step_decides` marks those that have succeeded with their first step, whatever becomes of what follows;
    `last_step_decides` those that reach something only with the last one;
    `aims_at_role` marks those that ask for the victim's role, whoever else has it; `destructive` those that would do
    lasting damage to what everybody shares, and so ask for nothing that lasts, or are put back by `clean_up`.
    """

    id: str
    title: str
    plane: str
    effect: Effect
    operation: str
    severity: Severity
    documentation: str
    catalogue: tuple[str, ...]
    steps: Steps
    actions: tuple[str, ...] = ()
    refusals: tuple[str, ...] = ()
    passes: tuple[str, ...] = ()
    shows: Shows | None = None
    control: ControlKind = ControlKind.OWN
    control_steps: Steps | None = None
    operator_steps: Steps | None = None
    victim: Victim = Victim.SOMEBODY
    requires: frozenset[Feature] = field(default_factory=frozenset)
    callers: Callers = Callers.ANYBODY
    victims: Callers = Callers.OWNERS
    allowed_means: LeakKind = LeakKind.PERMISSION
    needs: frozenset[Capability] = field(default_factory=frozenset)
    cwe: tuple[str, ...] = ("CWE-639",)
    returns_own: bool = False
    aims_at_role: bool = False
    destructive: bool = False
    first_step_decides: bool = False
    last_step_decides: bool = False
    reads: Callable[[ApiResponse], Outcome | None] | None = None
    clean_up: Callable[[Aim], tuple[ApiRequest, ...]] | None = None

    @property
    def shows_tokens_alone(self) -> bool:
        """Tell whether the control shows that the caller's tokens work, and no more, because no more is given."""
        return self.callers is Callers.UNASSIGNED

    @property
    def sweeps(self) -> bool:
        """Tell whether the technique takes a whole store at once, whoever owns what is in it."""
        return self.effect is not Effect.SESSION and self.control is ControlKind.WITNESS
