"""What the body of a CreateBucket call says of the new bucket: where it is to be, and its tags."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from harness.emulator.s3.errors import malformed_xml
from harness.emulator.s3.tags import TAGS_PER_BUCKET, tags_of_set
from harness.emulator.s3.xml import local_name, read_xml
from harness.emulator.service import NotDerivableError

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class NewBucket:
    """The Region that a new bucket is to be in, empty where none is named, and the tags that it comes with."""

    location: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)


def read_new_bucket(body: bytes) -> NewBucket:
    """Return what a `CreateBucketConfiguration` says (S3 API page "CreateBucket"); no body says nothing.

    Raises ServiceError for tags that S3 refuses, NotDerivableError for another kind of bucket.
    """
    if not body:
        return NewBucket()
    root = read_xml(body, "CreateBucketConfiguration")
    members = {local_name(child): child for child in root}
    if members.keys() - {"LocationConstraint", "Tags"}:
        raise NotDerivableError("a new bucket with more than a location constraint and tags")
    if len(members) != len(root):
        raise malformed_xml()
    location = members["LocationConstraint"].text or "" if "LocationConstraint" in members else ""
    return NewBucket(location, tags_of_set(members["Tags"], TAGS_PER_BUCKET) if "Tags" in members else {})
