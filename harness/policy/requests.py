from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType
from typing import Final

_ARN_PARTS: Final = 6
_ACCOUNT_DIGITS: Final = 12
_TOKEN_EXCHANGES: Final = frozenset({"sts:assumerolewithwebidentity", "sts:assumerolewithsaml"})
# The providers IAM knows by name alone; every other provider is named by the ARN of its IAM provider.
_WELL_KNOWN_PROVIDERS: Final = frozenset(
    {"cognito-identity.amazonaws.com", "www.amazon.com", "graph.facebook.com", "accounts.google.com"}
)
_SERVICE_SUFFIXES: Final = (".amazonaws.com", ".amazonaws.com.cn", ".amazon.com")
_PRINCIPAL_TYPES: Final = {
    "root": "Account",
    "user": "User",
    "federated-user": "FederatedUser",
    "assumed-role": "AssumedRole",
}


class CallerKind(Enum):
    """Who sends a request, as far as the evaluation logic tells callers apart."""

    ROOT = "root"
    USER = "user"
    ROLE_SESSION = "assumed-role"
    FEDERATED_USER = "federated-user"
    PROVIDER = "provider"
    SERVICE = "service"
    ANONYMOUS = "anonymous"


_OUTSIDE_IAM: Final = frozenset({CallerKind.PROVIDER, CallerKind.SERVICE, CallerKind.ANONYMOUS})


@dataclass(frozen=True, slots=True)
class Caller:
    """The principal of a request: its ARN or name, the ARN of its role or issuing user, and its account."""

    kind: CallerKind
    name: str
    issuer: str
    account: str


class _Underivable(frozenset[str]):
    """Keys without a derived value; an entry that ends in a slash stands for its whole family of keys."""

    def __contains__(self, key: object) -> bool:
        if super().__contains__(key):
            return True
        family, slash, _ = str(key).partition("/")
        return bool(slash) and super().__contains__(family + slash)


@dataclass(frozen=True, slots=True)
class Request:
    """One API call to decide about; a key in neither `context` nor `underivable` is absent, as on AWS.

    `principal` is a user, root, session or federated-user ARN, the name or ARN of an identity provider, a service name,
    or `*` for an anonymous caller. `context` keys are lower-case. `aws:PrincipalArn`, `aws:PrincipalAccount` and
    `aws:PrincipalType` follow from an ARN where they are not given; a session ARN has lost its role's path, so give
    `aws:principalarn` for roles with a path. An empty `resource_account` is read from the resource's ARN, else it is
    the caller's. An entry of `underivable` such as `aws:resourcetag/` stands for a whole family of keys. `issuer` is
    the ARN of the IAM user behind a federated user, whose own ARN `aws:PrincipalArn` has.
    """

    principal: str
    action: str
    resource: str
    context: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    resource_account: str = ""
    underivable: frozenset[str] = frozenset()
    issuer: str = ""
    known: dict[str, tuple[str, ...]] = field(init=False, repr=False, compare=False)
    action_key: str = field(init=False, repr=False, compare=False)
    caller: Caller = field(init=False, repr=False, compare=False)
    outside_iam: bool = field(init=False, repr=False, compare=False)
    crosses_accounts: bool = field(init=False, repr=False, compare=False)
    needs_grant: bool = field(init=False, repr=False, compare=False)
    limited_by_identity: bool = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        known = {key.lower(): values for key, values in self.context.items()}
        underivable = _Underivable(key.lower() for key in self.underivable) if self.underivable else frozenset[str]()
        action = self.action.lower()
        caller = _caller(self.principal, known)
        if self.issuer and caller.kind is CallerKind.FEDERATED_USER:
            caller = Caller(caller.kind, caller.name, self.issuer, caller.account)
        for key, value in _follows_from(caller).items():
            if key not in known and key not in underivable:
                known[key] = (value,)
        if action in _TOKEN_EXCHANGES and caller.account:
            # A token exchange is unsigned: the role's trust policy alone decides (aws-semantics 5.2).
            caller = Caller(CallerKind.PROVIDER, caller.name, "", "")
        crosses = bool(caller.account) and _resource_account(self) not in {"", caller.account}
        needs_grant = _needs_grant(action, self.resource)
        # Private names of a frozen instance: set once here, so that deciding never derives them again.
        put = object.__setattr__
        put(self, "underivable", underivable)
        put(self, "known", known)
        put(self, "action_key", action)
        put(self, "caller", caller)
        put(self, "outside_iam", caller.kind in _OUTSIDE_IAM)
        put(self, "crosses_accounts", crosses)
        put(self, "needs_grant", needs_grant)
        put(
            self,
            "limited_by_identity",
            caller.kind in {CallerKind.USER, CallerKind.ROLE_SESSION} and not crosses and not needs_grant,
        )


def _caller(principal: str, known: Mapping[str, tuple[str, ...]]) -> Caller:
    parts = principal.split(":", _ARN_PARTS - 1)
    if len(parts) < _ARN_PARTS or parts[0] != "arn":
        return Caller(_named_kind(principal), principal, "", "")
    partition, service, account, name = parts[1], parts[2], parts[4], parts[5]
    kind, _, rest = name.partition("/")
    if kind in {"oidc-provider", "saml-provider"}:
        return Caller(CallerKind.PROVIDER, principal, "", "")
    given = known.get("aws:principalarn", ())
    issuer = given[0] if len(given) == 1 else ""
    if service == "sts" and kind == "assumed-role":
        role = rest.partition("/")[0]
        return Caller(
            CallerKind.ROLE_SESSION, principal, issuer or f"arn:{partition}:iam::{account}:role/{role}", account
        )
    if service == "sts" and kind == "federated-user":
        return Caller(CallerKind.FEDERATED_USER, principal, issuer, account)
    if name == "root":
        return Caller(CallerKind.ROOT, principal, "", account)
    return Caller(CallerKind.USER, principal, "", account)


def _named_kind(name: str) -> CallerKind:
    if name in {"", "*", "anonymous"}:
        return CallerKind.ANONYMOUS
    if name not in _WELL_KNOWN_PROVIDERS and name.endswith(_SERVICE_SUFFIXES):
        return CallerKind.SERVICE
    return CallerKind.PROVIDER


def _follows_from(caller: Caller) -> dict[str, str]:
    if not caller.account:
        return {}
    return {
        "aws:principalarn": caller.issuer or caller.name,
        "aws:principalaccount": caller.account,
        "aws:principaltype": _PRINCIPAL_TYPES[caller.kind.value],
    }


def _resource_account(request: Request) -> str:
    if request.resource_account:
        return request.resource_account
    parts = request.resource.split(":", _ARN_PARTS - 1)
    account = parts[4] if len(parts) == _ARN_PARTS else ""
    return account if len(account) == _ACCOUNT_DIGITS and account.isdigit() else ""


def _needs_grant(action: str, resource: str) -> bool:
    """Whether the resource's own policy must allow even in its account, as those of roles and KMS keys must."""
    service = action.partition(":")[0]
    return (service == "sts" and ":role/" in resource) or (service == "kms" and ":key/" in resource)
