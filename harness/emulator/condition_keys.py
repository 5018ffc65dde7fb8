"""The table of condition keys: which ones AWS defines for an action, and which of them a request must carry.

It tells a typo in a policy, which is absent as on AWS, from a key that could not be derived, which is never treated as
absent. The table itself is data: condition_keys.toml.
"""

from __future__ import annotations

import tomllib
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

_EVERY_ACTION = "*"
# Keys that every service has, and that do not stand in the table (IAM page "AWS global condition context keys").
_GLOBAL = frozenset(
    {
        "aws:calledvia",
        "aws:calledviafirst",
        "aws:calledvialast",
        "aws:chatbotsourcearn",
        "aws:currenttime",
        "aws:ec2instancesourceprivateipv4",
        "aws:ec2instancesourcevpc",
        "aws:epochtime",
        "aws:federatedprovider",
        "aws:multifactorauthage",
        "aws:multifactorauthpresent",
        "aws:principalaccount",
        "aws:principalarn",
        "aws:principalisawsservice",
        "aws:principalorgid",
        "aws:principalorgpaths",
        "aws:principalservicename",
        "aws:principalservicenameslist",
        "aws:principaltype",
        "aws:referer",
        "aws:requestedregion",
        "aws:resourceaccount",
        "aws:resourceorgid",
        "aws:resourceorgpaths",
        "aws:securetransport",
        "aws:sourceaccount",
        "aws:sourcearn",
        "aws:sourceidentity",
        "aws:sourceip",
        "aws:sourceorgid",
        "aws:sourceorgpaths",
        "aws:sourcevpc",
        "aws:sourcevpcarn",
        "aws:sourcevpce",
        "aws:tokenissuetime",
        "aws:useragent",
        "aws:userid",
        "aws:username",
        "aws:viaawsservice",
        "aws:vpceaccount",
        "aws:vpceorgid",
        "aws:vpceorgpaths",
        "aws:vpcsourceip",
    }
)
# Keys of the session, which the caller brings to every service (aws-semantics 3.4).
_OF_SESSIONS = ("aws:principaltag/", "cognito-identity.amazonaws.com:", "cognito-idp.")


@dataclass(frozen=True, slots=True)
class DefinedKeys:
    """The condition keys of one action, in lower case; one that ends in a slash or colon stands for a family."""

    always: frozenset[str]
    sometimes: frozenset[str]
    not_held: frozenset[str]

    def defines(self, key: str) -> bool:
        """Tell whether a request of the action could carry the key, whatever the case of its letters."""
        wanted = key.lower()
        known = self.always | self.sometimes | self.not_held
        return wanted in _GLOBAL or wanted in known or _is_of_a_family(wanted, (*known, *_OF_SESSIONS))

    def missing_from(self, derived: Iterable[str]) -> frozenset[str]:
        """Return the keys which the action defines and nobody has derived, so that none of them counts as absent."""
        return (self.always - set(derived)) | self.not_held


def _is_of_a_family(key: str, families: Iterable[str]) -> bool:
    return any(family[-1] in "/:." and key.startswith(family) for family in families)


@cache
def keys_of(action: str) -> DefinedKeys:
    """Return the condition keys of an action such as `dynamodb:GetItem`; none for a service that is not known."""
    service, _, name = action.partition(":")
    found: dict[str, set[str]] = defaultdict(set)
    for group in _table().get(service, ()):
        if name in group["actions"] or _EVERY_ACTION in group["actions"]:
            for kind in ("always", "sometimes", "not_held"):
                found[kind].update(_full(service, key) for key in group.get(kind, ()))
    return DefinedKeys(*(frozenset(found[kind]) for kind in ("always", "sometimes", "not_held")))


def _full(service: str, key: str) -> str:
    return (key if ":" in key or "." in key else f"{service}:{key}").lower()


@cache
def _table() -> dict[str, list[dict[str, Any]]]:
    return tomllib.loads(files("harness.emulator").joinpath("condition_keys.toml").read_text(encoding="utf-8"))
