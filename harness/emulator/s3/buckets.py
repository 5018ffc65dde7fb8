"""The buckets of one embedded cloud: one name space for all of its accounts (aws-semantics 2.4)."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from harness.emulator.s3.objects import Objects
from harness.emulator.s3.uploads import Uploads

if TYPE_CHECKING:
    from harness.emulator.s3.bucket_policies import BucketPolicy


class Ownership(StrEnum):
    """Who owns the objects of a bucket, and whether ACLs count there at all (S3 User Guide, "Object Ownership")."""

    BUCKET_OWNER_ENFORCED = "BucketOwnerEnforced"
    BUCKET_OWNER_PREFERRED = "BucketOwnerPreferred"
    OBJECT_WRITER = "ObjectWriter"


@dataclass(frozen=True, slots=True)
class PublicAccessBlock:
    """The four settings of Block Public Access of a bucket; all on is the default of new buckets."""

    block_public_acls: bool = True
    ignore_public_acls: bool = True
    block_public_policy: bool = True
    restrict_public_buckets: bool = True


NOTHING_BLOCKED = PublicAccessBlock(
    block_public_acls=False, ignore_public_acls=False, block_public_policy=False, restrict_public_buckets=False
)


@dataclass(slots=True)
class Bucket:
    """One bucket. `public_access` is None once its settings were deleted, which blocks nothing."""

    name: str
    owner: str
    region: str
    created: float
    ownership: Ownership = Ownership.BUCKET_OWNER_ENFORCED
    public_access: PublicAccessBlock | None = field(default_factory=PublicAccessBlock)
    policy: BucketPolicy | None = None
    tags: dict[str, str] = field(default_factory=dict)
    objects: Objects = field(default_factory=Objects)
    uploads: Uploads = field(default_factory=Uploads)

    @property
    def blocks(self) -> PublicAccessBlock:
        """What is blocked."""
        return self.public_access or NOTHING_BLOCKED


class Buckets:
    """All buckets, by name."""

    def __init__(self) -> None:
        self._by_name: dict[str, Bucket] = {}

    def add(self, bucket: Bucket) -> None:
        """Take in a new bucket."""
        self._by_name[bucket.name] = bucket

    def find(self, name: str) -> Bucket | None:
        """Return the bucket, whoever owns it, or None."""
        return self._by_name.get(name)

    def remove(self, name: str) -> None:
        """Forget a bucket."""
        del self._by_name[name]

    def clear(self) -> None:
        """Forget every bucket."""
        self._by_name.clear()

    def owned_by(self, account: str) -> list[Bucket]:
        """Return the buckets of an account, by name."""
        return sorted((each for each in self._by_name.values() if each.owner == account), key=lambda each: each.name)
