"""The buckets of one account as a whole: listing, making and deleting them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.emulator.s3.buckets import Bucket, Ownership
from harness.emulator.s3.call import S3Call
from harness.emulator.s3.configuration import ownership_of
from harness.emulator.s3.errors import invalid_argument
from harness.emulator.s3.listing import iso_time
from harness.emulator.s3.new_buckets import read_new_bucket
from harness.emulator.s3.owners import check_acl, owner_node
from harness.emulator.s3.xml import xml_reply
from harness.emulator.service import ServiceError
from harness.emulator.unconfirmed import s3 as unconfirmed
from harness.emulator.wire import Reply

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.emulator.principals import Principal
    from harness.emulator.s3.buckets import Buckets
    from harness.emulator.s3.requests import S3Request
    from harness.emulator.s3.xml import Node

_FIRST_REGION = "us-east-1"
_TOKEN_INVALID = "The continuation token provided is incorrect"  # noqa: S105  a message


class BucketsOfAccount:
    """Makes and deletes buckets for the callers of one account, at the endpoint of one Region."""

    def __init__(self, account: str, region: str, buckets: Buckets) -> None:
        self._account = account
        self._region = region
        self._buckets = buckets

    def list_buckets(self, query: Mapping[str, str]) -> Reply:
        """Return the answer to ListBuckets; without `max-buckets` it has them all.

        Raises ServiceError InvalidArgument for a number or a token that is none.
        """
        prefix, region = query.get("prefix", ""), query.get("bucket-region")
        listed = [
            each
            for each in self._buckets.owned_by(self._account)
            if each.name.startswith(prefix) and region in (None, each.region)
        ]
        most = _number(query.get("max-buckets", str(len(listed) or 1)), 1, unconfirmed.MAX_BUCKETS_INVALID)
        start = _number(query.get("continuation-token", "0"), 0, _TOKEN_INVALID)
        buckets: list[Node] = [
            (
                "Bucket",
                [("Name", each.name), ("CreationDate", iso_time(each.created)), ("BucketRegion", each.region)],
            )
            for each in listed[start : start + most]
        ]
        nodes: list[Node] = [owner_node(self._account), ("Buckets", buckets)]
        if start + most < len(listed):
            nodes.append(("ContinuationToken", str(start + most)))
        if prefix:
            nodes.append(("Prefix", prefix))
        return xml_reply("ListAllMyBucketsResult", nodes)

    def create_bucket(self, asked: S3Request, principal: Principal | None, now: float) -> Reply:
        """Make a bucket; raises ServiceError BucketAlreadyExists, BucketAlreadyOwnedByYou or about its Region."""
        new = read_new_bucket(asked.body)
        region = self._region_of_new_bucket(new.location)
        ownership = ownership_of(asked.headers.get("x-amz-object-ownership", Ownership.BUCKET_OWNER_ENFORCED))
        taken = self._buckets.find(asked.bucket)
        if taken is not None and taken.owner != self._account:
            raise ServiceError(
                "BucketAlreadyExists",
                "The requested bucket name is not available. The bucket namespace is shared by all users of the "
                "system. Please select a different name and try again.",
                409,
            )
        if taken is not None and not taken.region == region == _FIRST_REGION:
            raise ServiceError(
                "BucketAlreadyOwnedByYou",
                "Your previous request to create the named bucket succeeded and you already own it.",
                409,
            )
        bucket = Bucket(asked.bucket, self._account, region, now, ownership, tags=dict(new.tags))
        check_acl(S3Call(bucket, asked, principal, now))
        if taken is None:
            self._buckets.add(bucket)
        return Reply(200, {"Location": f"/{asked.bucket}"}, b"")

    def delete_bucket(self, call: S3Call) -> Reply:
        """Delete a bucket; raises ServiceError BucketNotEmpty while there is any version or delete marker in it."""
        if call.bucket.objects:
            raise ServiceError("BucketNotEmpty", "The bucket you tried to delete is not empty", 409)
        self._buckets.remove(call.bucket.name)
        return Reply(204, {}, b"")

    def _region_of_new_bucket(self, constraint: str) -> str:
        if self._region == _FIRST_REGION:
            if constraint == _FIRST_REGION:
                raise ServiceError("InvalidLocationConstraint", "The specified location-constraint is not valid")
            return constraint or _FIRST_REGION
        if constraint != self._region:
            raise ServiceError(
                "IllegalLocationConstraintException",
                f"The {constraint or 'unspecified'} location constraint is incompatible for the region specific "
                "endpoint this request was sent to.",
            )
        return constraint


def _number(text: str, least: int, refusal: str) -> int:
    if not text.isdecimal() or int(text) < least:
        raise invalid_argument(refusal)
    return int(text)
