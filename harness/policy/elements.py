"""The values inside a policy document: what may stand in an Action, a Resource, a Principal (aws-semantics 6.5)."""

import re
from collections.abc import Sequence
from typing import Any, Final

from harness.policy.errors import MalformedPolicyDocument
from harness.policy.matching import ARN_PARTS

SYNTAX: Final = "Syntax errors in policy."
_LEGACY: Final = "The policy failed legacy parsing"
_NO_VENDOR: Final = "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."
_VENDOR: Final = re.compile(r"[0-9A-Za-z.-]+")
_PARTITION: Final = re.compile(r"aws(?:-[a-z]+)*|.*(?:\*|\?|\$\{).*", re.DOTALL)
_ACCOUNT: Final = re.compile(r"[0-9]{12}")
_UNIQUE_ID: Final = re.compile(r"[A-Z0-9]{16,128}")
_IAM_ARN: Final = re.compile(r"arn:[^:*?]+:(?:iam|sts)::(?:[0-9]{12}|cloudfront):[^*?]+")
_PRINCIPAL_TYPES: Final = frozenset({"AWS", "Federated", "Service", "CanonicalUser"})


class JsonNumber(str):
    """A number as it was written in the document, so that 1.0 and 1 stay what the author typed."""

    __slots__ = ()


def unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return the JSON object, or raise MalformedPolicyDocument when a key stands in it twice."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise MalformedPolicyDocument(SYNTAX)
    return found


def refuse_constant(name: str) -> Any:
    """Raise MalformedPolicyDocument: NaN and Infinity are no JSON."""
    raise MalformedPolicyDocument(SYNTAX, name)


def read_strings(given: Any, where: str, *, unquoted: bool = False) -> list[str]:
    """Return one or several strings as a list; Booleans and numbers too where they may stand unquoted."""
    values = given if isinstance(given, list) else [given]
    texts: list[str] = []
    for value in values:
        if unquoted and isinstance(value, bool):
            texts.append("true" if value else "false")
        elif isinstance(value, str) and (unquoted or not isinstance(value, JsonNumber)):
            texts.append(str(value))
        else:
            raise MalformedPolicyDocument(SYNTAX, where)
    return texts


def is_unquoted(given: Any) -> bool:
    """Whether any of one or several values stands in the document as a number or a Boolean."""
    values = given if isinstance(given, list) else [given]
    return any(isinstance(value, bool | JsonNumber) for value in values)


def check_action(pattern: str, where: str) -> None:
    """Raise MalformedPolicyDocument unless the text is `*` or one vendor, one colon and a name."""
    if pattern == "*":
        return
    vendor, colon, name = pattern.partition(":")
    if not colon or not name:
        raise MalformedPolicyDocument(_NO_VENDOR, where)
    if ":" in name:
        raise MalformedPolicyDocument("Actions/Condition can contain only one colon.", where)
    if vendor != "*" and not _VENDOR.fullmatch(vendor):
        raise MalformedPolicyDocument(f"Vendor {vendor} is not valid", where)


def check_resource(pattern: str, where: str) -> None:
    """Raise MalformedPolicyDocument unless the text is `*` or an ARN, the last part of which may be left to a `*`."""
    if pattern == "*":
        return
    parts = pattern.split(":", ARN_PARTS - 1)
    if parts[0] != "arn" or len(parts) < 2:  # noqa: PLR2004 - a partition must follow
        raise MalformedPolicyDocument(f'Resource {pattern} must be in ARN format or "*".', where)
    if not _PARTITION.fullmatch(parts[1]):
        raise MalformedPolicyDocument(f'Partition "{parts[1]}" is not valid for resource "{pattern}".', where)
    if len(parts) < ARN_PARTS and not pattern.endswith("*"):
        raise MalformedPolicyDocument(_LEGACY, where)


def read_principals(given: Any, where: str) -> dict[str, Sequence[str]]:
    """Return the principals by type; `*` alone is `{"AWS": ["*"]}`.

    Raises MalformedPolicyDocument for an unknown type and for a wildcard inside an ARN (IAM page "Principal").
    """
    if given == "*":
        return {"AWS": ["*"]}
    if not isinstance(given, dict) or not given or given.keys() - _PRINCIPAL_TYPES:
        raise MalformedPolicyDocument(SYNTAX, where)
    principals = {kind: read_strings(values, f"{where}.{kind}") for kind, values in given.items()}
    for kind, values in principals.items():
        for value in values:
            if not value or (kind == "AWS" and not _names_aws_principal(value)):
                raise MalformedPolicyDocument(f'Invalid principal in policy: "{kind}":"{value}"', f"{where}.{kind}")
    return {kind: tuple(values) for kind, values in principals.items()}


def _names_aws_principal(value: str) -> bool:
    if value == "*":
        return True
    return any(form.fullmatch(value) for form in (_ACCOUNT, _IAM_ARN, _UNIQUE_ID))
