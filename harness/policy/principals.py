"""By which of its names a Principal element means the caller (IAM page "IAM JSON policy elements: Principal")."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from harness.policy.requests import Caller, CallerKind, Request

_ACCOUNT: Final = re.compile(r"(?:arn:[^:]*:iam::)?([0-9]{12})(?::root)?")


class Named:
    """How a grant names the caller, which decides what still limits it (aws-semantics 6.2).

    Flags to be joined with `|`; bare integers, because the enumeration type is slow to join and to test.
    """

    NOBODY: Final = 0
    ACCOUNT: Final = 1
    """The account: permission is delegated to the account's identity policies."""
    ISSUER: Final = 2
    """The role of a session, or the user behind a federated user: boundary and session policy still limit."""
    DIRECTLY: Final = 4
    """The user, session, federated user, provider or service itself: nothing else limits."""
    EVERYBODY: Final = 8


Naming = Callable[[Request], int]
NamingCorner = Callable[[Request], str]
Principals = Mapping[str, Sequence[str]]


def compile_principal(principals: Principals) -> Naming:
    """Return how a Principal element names the caller; `*` stands for `{"AWS": "*"}`."""
    listed = _Listed(principals)

    def named(request: Request) -> int:
        return listed.name(request.caller)

    return named


def compile_not_principal(principals: Principals) -> Naming:
    """Return how a NotPrincipal element names the caller: as everybody, unless it is among the exceptions.

    An account among the exceptions exempts its root user only; the users of the account need to be listed themselves.
    """
    listed = _Listed(principals)

    def named(request: Request) -> int:
        caller = request.caller
        found = listed.name(caller)
        exempt = found & ~Named.ACCOUNT or (found and caller.kind is CallerKind.ROOT)
        return Named.NOBODY if exempt else Named.EVERYBODY

    return named


def principal_corner(principals: Principals) -> NamingCorner:
    """Return which choice a Principal element rests on for a caller it names."""
    listed = _Listed(principals)

    def corner(request: Request) -> str:
        caller = request.caller
        names = {CallerKind.PROVIDER: listed.providers, CallerKind.SERVICE: listed.services}.get(
            caller.kind, frozenset()
        )
        return "STAR_UNDER_FEDERATED_OR_SERVICE" if "*" in names and caller.name not in names else ""

    return corner


def not_principal_corner(principals: Principals) -> NamingCorner:
    """Return which choice a NotPrincipal element rests on: it may exempt a caller without the caller's account."""
    listed = _Listed(principals)

    def corner(request: Request) -> str:
        found = listed.name(request.caller)
        exempt = request.caller.account and found and not found & (Named.ACCOUNT | Named.EVERYBODY)
        return "NOT_PRINCIPAL_EXEMPTS_BY_ANY_ARN" if exempt else ""

    return corner


class _Listed:
    __slots__ = ("accounts", "arns", "everybody", "providers", "services")

    def __init__(self, principals: Principals) -> None:
        arns = principals.get("AWS", ())
        self.everybody = "*" in arns
        self.accounts = frozenset(found[1] for arn in arns if (found := _ACCOUNT.fullmatch(arn)))
        self.arns = frozenset(arns)
        self.providers = frozenset(principals.get("Federated", ()))
        self.services = frozenset(principals.get("Service", ()))

    def name(self, caller: Caller) -> int:
        found = Named.EVERYBODY if self.everybody else Named.NOBODY
        if caller.kind is CallerKind.PROVIDER:
            return found | (Named.DIRECTLY if _any_of(caller.name, self.providers) else Named.NOBODY)
        if caller.kind is CallerKind.SERVICE:
            return found | (Named.DIRECTLY if _any_of(caller.name, self.services) else Named.NOBODY)
        if caller.account in self.accounts:
            found |= Named.ACCOUNT
        if caller.issuer and caller.issuer in self.arns:
            found |= Named.ISSUER
        if caller.kind not in {CallerKind.ROOT, CallerKind.ANONYMOUS} and caller.name in self.arns:
            found |= Named.DIRECTLY
        return found


def _any_of(name: str, listed: frozenset[str]) -> bool:
    return name in listed or "*" in listed
