"""Asks the policy engine about S3 calls, with what the bucket and the object add to the question.

That is the bucket's owner and policy (aws-semantics 2.4 and 6.2), its Block Public Access settings, and the tags of
the object as it is stored.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.emulator.authorization_check import AuthorizationCheck
from harness.emulator.s3.errors import plainly_denied
from harness.emulator.s3.objects import StoredObject
from harness.emulator.s3.tags import existing_tag_keys

if TYPE_CHECKING:
    from collections.abc import Iterable

    from harness.emulator.authorization import ScopedAuthorizer
    from harness.emulator.iam.directory import Directories
    from harness.emulator.principals import Principal
    from harness.emulator.s3.buckets import Bucket, Buckets
    from harness.emulator.s3.checks import S3Check

# The actions that the Service Authorization Reference lists with s3:ExistingObjectTag.
_SEES_EXISTING_TAGS = frozenset(
    {
        "s3:DeleteObjectTagging",
        "s3:DeleteObjectVersionTagging",
        "s3:GetObject",
        "s3:GetObjectAcl",
        "s3:GetObjectAttributes",
        "s3:GetObjectTagging",
        "s3:GetObjectVersion",
        "s3:GetObjectVersionAcl",
        "s3:GetObjectVersionAttributes",
        "s3:GetObjectVersionTagging",
        "s3:PutObjectAcl",
        "s3:PutObjectTagging",
        "s3:PutObjectVersionAcl",
        "s3:PutObjectVersionTagging",
    }
)
_OF_NEW_BUCKETS = frozenset({"s3:CreateBucket", "s3:TagResource"})
# What the owner's root user may do whatever the policy says, so that nobody is locked out for good.
_ON_THE_POLICY = frozenset({"s3:GetBucketPolicy", "s3:PutBucketPolicy", "s3:DeleteBucketPolicy"})


class S3Authorization:
    """Authorizes calls that were sent to one account and Region, on the buckets of any account."""

    def __init__(self, account: str, buckets: Buckets, directories: Directories, authorizer: ScopedAuthorizer) -> None:
        self._account = account
        self._buckets = buckets
        self._directories = directories
        self._authorizer = authorizer

    def require(self, principal: Principal | None, checks: Iterable[S3Check]) -> None:
        """Return when every check is allowed; raise the first denial as a ServiceError otherwise."""
        for check in checks:
            self._require(principal, check, self._buckets.find(check.bucket))

    def _require(self, principal: Principal | None, check: S3Check, bucket: Bucket | None) -> None:
        # Making a bucket is a matter of the account that makes it, even under a name that is taken.
        bucket = None if check.action in _OF_NEW_BUCKETS else bucket
        owner = self._account if bucket is None else bucket.owner
        policy = None if bucket is None else bucket.policy
        if policy is not None and principal is not None and check.action in _ON_THE_POLICY:
            policy = None if principal.arn == f"arn:aws:iam::{owner}:root" else policy
        is_outside = principal is None or principal.account != owner
        blocks = bucket is not None and bucket.blocks.restrict_public_buckets
        if is_outside and blocks and policy is not None and policy.public:
            raise plainly_denied()
        context = {"s3:resourceaccount": (owner,), **check.context}
        if bucket is not None and check.key and check.action in _SEES_EXISTING_TAGS:
            stored = bucket.objects.find(check.key, check.version_id)
            if isinstance(stored, StoredObject):
                context |= existing_tag_keys(stored.draft.tags)
        question = AuthorizationCheck(
            check.action,
            check.resource,
            context,
            check.underivable,
            () if policy is None else policy.applied(self._directories),
            owner,
        )
        self._authorizer.require_all(principal, [question])
