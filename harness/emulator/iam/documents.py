"""Policy documents on their way into IAM: grammar, size, and principals that become unique ids (aws-semantics 6.5)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Protocol

from harness.emulator.service import ServiceError
from harness.policy import (
    MalformedPolicyDocument,
    PolicyKind,
    PolicyTooLarge,
    check_inline_total,
    check_size,
    parse_policy,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.emulator.iam.state import Owner

_IAM_ENTITIES = (":role/", ":user/")
_ID_PREFIXES = ("AROA", "AIDA")


class PrincipalIds(Protocol):
    """Knows the unique ids of the roles and users of every account."""

    def id_of(self, arn: str) -> str | None:
        """Return the unique id of the role or user that has this ARN now, or None."""

    def arn_of(self, entity_id: str) -> str | None:
        """Return the ARN of the role or user with this unique id, or None when it is gone."""


def check_managed(document: str) -> None:
    """Return when the document can be a managed policy; raises ServiceError as IAM does."""
    _parsed(document, PolicyKind.IDENTITY)
    _sized(lambda: check_size(document, PolicyKind.IDENTITY))


def check_inline(document: str, name: str, owner: Owner) -> None:
    """Return when the document can become the owner's inline policy of this name; raises ServiceError as IAM does."""
    _parsed(document, PolicyKind.IDENTITY)
    together = {**owner.inline, name: document}
    _sized(lambda: check_inline_total(together.values(), owner=owner.kind, name=owner.name))


def stored_trust(document: str, principals: PrincipalIds) -> str:
    """Return a role's trust policy as IAM keeps it: principals given by ARN are replaced by their unique ids.

    Raises ServiceError MalformedPolicyDocument for a bad document or a principal that does not exist, LimitExceeded
    for one that is too long.
    """
    _parsed(document, PolicyKind.TRUST)
    _sized(lambda: check_size(document, PolicyKind.TRUST))
    return with_principal_ids(document, principals)


def with_principal_ids(document: str, principals: PrincipalIds) -> str:
    """Return a valid document with principals given by ARN replaced by their unique ids.

    Raises ServiceError MalformedPolicyDocument for a principal that does not exist.
    """

    def replaced(named: str) -> str:
        if named.startswith(_ID_PREFIXES):
            found = named if principals.arn_of(named) is not None else None
        elif named.startswith("arn:aws:iam:") and any(kind in named for kind in _IAM_ENTITIES):
            found = principals.id_of(named)
        else:
            return named
        if found is None:
            raise ServiceError("MalformedPolicyDocument", f'Invalid principal in policy: "AWS":"{named}"')
        return found

    return with_aws_principals(document, replaced)


def shown_trust(stored: str, principals: PrincipalIds) -> str:
    """Return a stored trust policy as IAM shows it: unique ids as ARNs again, but for those of deleted principals."""
    return with_aws_principals(stored, lambda named: principals.arn_of(named) or named)


def with_aws_principals(document: str, replaced: Callable[[str], str]) -> str:
    """Return a valid document with every value under `AWS` in its Principal and NotPrincipal elements replaced.

    A document in which nothing changes is returned as it was written.
    """
    parsed = json.loads(document)
    statements = parsed["Statement"] if isinstance(parsed["Statement"], list) else [parsed["Statement"]]
    changed = False
    for statement in statements:
        for element in ("Principal", "NotPrincipal"):
            named = statement.get(element)
            if isinstance(named, dict) and "AWS" in named:
                before = named["AWS"]
                named["AWS"] = _each(before, replaced)
                changed = changed or named["AWS"] != before
    return json.dumps(parsed) if changed else document


def _each(given: Any, replaced: Callable[[str], str]) -> Any:
    return [replaced(each) for each in given] if isinstance(given, list) else replaced(given)


def _parsed(document: str, kind: PolicyKind) -> None:
    try:
        parse_policy(document, kind=kind)
    except MalformedPolicyDocument as error:
        raise ServiceError("MalformedPolicyDocument", error.reason) from None


def _sized(check: Callable[[], None]) -> None:
    try:
        check()
    except PolicyTooLarge as error:
        raise ServiceError("LimitExceeded", error.reason, 409) from None
