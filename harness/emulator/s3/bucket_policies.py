"""Bucket policies: checked as S3 checks them when they are stored, compiled for our own engine (aws-semantics 2.4)."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.emulator.iam.documents import shown_trust, with_aws_principals
from harness.emulator.s3.operations import BUCKET_OPERATIONS, OBJECT_OPERATIONS
from harness.emulator.s3.public_policies import is_public
from harness.emulator.service import NotDerivableError, ServiceError
from harness.emulator.unconfirmed import s3 as unconfirmed
from harness.policy import MalformedPolicyDocument, PolicyKind, PolicyTooLarge, check_size, parse_policy

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from harness.emulator.iam.directory import Directories
    from harness.policy import Policy

_ROLE_OR_USER = re.compile(r"arn:aws:iam::\d{12}:(?:role|user)/.+")
_UNIQUE_ID = re.compile(r"A[A-Z0-9]{15,}")
_ELEMENT = re.compile(r"Statement\[\d+\]\.(?P<element>\w+)")
_INVALID_PRINCIPAL = "Invalid principal in policy"
_OBJECT_ACTIONS = frozenset(
    action.lower() for each in OBJECT_OPERATIONS for action in (*each.actions, *each.version_actions)
)
_BUCKET_ACTIONS = frozenset(action.lower() for each in BUCKET_OPERATIONS for action in each.actions)


@dataclass(slots=True)
class BucketPolicy:
    """A stored bucket policy: roles and users stand in it by their unique ids, as trust policies keep them too."""

    bucket: str
    stored: str
    public: bool
    _compiled: tuple[str, tuple[Policy, ...]] = ("", ())
    _compiled_at: int = -1

    def shown(self, directories: Directories) -> str:
        """Return the policy with the ARNs of its principals; what was deleted stays an id."""
        return shown_trust(self.stored, directories)

    def applied(self, directories: Directories) -> tuple[Policy, ...]:
        """Return what the engine is asked with, always the same tuple while the meaning is the same."""
        if self._compiled_at != directories.generation:
            self._compiled_at = directories.generation
            text = self.shown(directories)
            if text != self._compiled[0]:
                policy = parse_policy(text, kind=PolicyKind.RESOURCE, name=f"{self.bucket}/policy")
                self._compiled = (text, (policy,))
        return self._compiled[1]


def read_bucket_policy(text: str, bucket: str, directories: Directories) -> BucketPolicy:
    """Return the policy; raises ServiceError MalformedPolicy or PolicyTooLarge, NotDerivableError.

    Principals must exist, actions must be S3's and apply to a resource, and resources must lie in the bucket.
    """
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise ServiceError("MalformedPolicy", "This policy contains invalid Json") from None
    try:
        check_size(text, PolicyKind.RESOURCE)
        parse_policy(text, kind=PolicyKind.RESOURCE)
    except PolicyTooLarge as error:
        raise ServiceError("PolicyTooLarge", error.reason) from None
    except MalformedPolicyDocument as error:
        raise _malformed(_words_of(error)) from None
    for statement in _listed(document["Statement"]):
        _check_statement(statement, bucket)
    stored = with_aws_principals(text, lambda named: _unique_id(named, directories))
    return BucketPolicy(bucket, stored, is_public(document))


def _malformed(message: str) -> ServiceError:
    return ServiceError("MalformedPolicy", message)


def _words_of(error: MalformedPolicyDocument) -> str:
    if error.reason.startswith(_INVALID_PRINCIPAL):
        return _INVALID_PRINCIPAL
    if error.reason == "Missing required field Principal":
        return error.reason
    found = _ELEMENT.match(error.where)
    element = found["element"] if found else ""
    return unconfirmed.MALFORMED_BUCKET_POLICY.get(element, unconfirmed.MALFORMED_BUCKET_POLICY[""])


def _check_statement(statement: Mapping[str, Any], bucket: str) -> None:
    principal = statement.get("Principal", statement.get("NotPrincipal"))
    if isinstance(principal, dict) and "CanonicalUser" in principal:
        raise NotDerivableError("canonical users in a bucket policy")
    actions = [action.lower() for action in _listed(statement.get("Action", []))]
    if any(action != "*" and not action.startswith("s3:") for action in actions):
        raise _malformed("Policy has invalid action")
    resources = list(_listed(statement.get("Resource", statement.get("NotResource", []))))
    arn = f"arn:aws:s3:::{bucket}"
    for resource in resources:
        if resource != arn and not resource.startswith(f"{arn}/"):
            if any(sign in resource.partition("/")[0] for sign in ("*", "?", "${")):
                raise NotDerivableError("a bucket policy whose resource is not plainly the bucket or in it")
            raise _malformed("Policy has invalid resource")
    if "Resource" in statement:
        _check_actions_apply(actions, has_bucket=arn in resources, has_objects=any(each != arn for each in resources))


def _check_actions_apply(actions: Iterable[str], *, has_bucket: bool, has_objects: bool) -> None:
    for action in actions:
        if (action in _OBJECT_ACTIONS and not has_objects) or (action in _BUCKET_ACTIONS and not has_bucket):
            raise _malformed("Action does not apply to any resource(s) in statement")


def _unique_id(named: str, directories: Directories) -> str:
    """Return what a principal is stored as; raises ServiceError MalformedPolicy for one that does not exist."""
    if _UNIQUE_ID.fullmatch(named):
        found = named if directories.arn_of(named) is not None else None
    elif _ROLE_OR_USER.fullmatch(named):
        found = directories.id_of(named)
    else:
        return named
    if found is None:
        raise _malformed(_INVALID_PRINCIPAL)
    return found


def _listed(value: Any) -> Iterator[Any]:
    yield from value if isinstance(value, list) else [value]
