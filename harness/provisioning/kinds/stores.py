"""Tables and buckets, with everything in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.deployment import operate
from harness.errors import DeploymentError
from harness.provisioning.kinds.kind import Found, ResourceKind, arn, as_dict, by_name, removed
from harness.provisioning.lists import entries

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.marks import Marks
    from harness.targets.target import Target

# S3 deletes so many at once at most (S3 API page "DeleteObjects").
_AT_ONCE = 1000


def _marked_table(name: str, marks: Marks, _: str) -> dict[str, Any]:
    return {"TableName": name, "Tags": marks.tag_list}


def _tables(target: Target) -> Iterator[Found]:
    for name in entries(target, "dynamodb", "ListTables", "TableNames"):
        yield Found("table", name, name)


def _table_tags(target: Target, name: str) -> dict[str, str]:
    of_table = {"ResourceArn": arn(target, "dynamodb", f"table/{name}")}
    return as_dict(list(entries(target, "dynamodb", "ListTagsOfResource", "Tags", **of_table)))


def _delete_table(target: Target, name: str) -> None:
    """Delete a table, which was protected against it."""
    operate(target, "dynamodb", "UpdateTable", TableName=name, DeletionProtectionEnabled=False)
    operate(target, "dynamodb", "DeleteTable", TableName=name)


def _marked_bucket(name: str, marks: Marks, region: str) -> dict[str, Any]:
    # The first Region is the one that must not be named.
    location = {} if region == "us-east-1" else {"LocationConstraint": region}
    return {"Bucket": name, "CreateBucketConfiguration": {**location, "Tags": marks.tag_list}}


def _buckets(target: Target) -> Iterator[Found]:
    for each in entries(target, "s3", "ListBuckets", "Buckets", MaxBuckets=_AT_ONCE):
        # Those of other Regions are listed too, and let nobody do anything from here.
        if each.get("BucketRegion", target.region) == target.region:
            yield Found("bucket", each["Name"], each["Name"])


def _bucket_tags(target: Target, name: str) -> dict[str, str]:
    try:
        return as_dict(operate(target, "s3", "GetBucketTagging", Bucket=name).get("TagSet"))
    except DeploymentError as error:
        if error.code == "NoSuchTagSet":
            return {}
        raise


def _delete_bucket(target: Target, name: str) -> None:
    """Delete a bucket with everything in it: versions, delete markers and uploads that nobody has completed."""
    try:
        _empty(target, name)
    except DeploymentError as error:
        if error.code != "AccessDenied":
            raise
        # An attack may have given it a policy that keeps everybody out.
        removed(target, "s3", "DeleteBucketPolicy", Bucket=name)
        _empty(target, name)
    operate(target, "s3", "DeleteBucket", Bucket=name)


def _empty(target: Target, name: str) -> None:
    for upload in list(entries(target, "s3", "ListMultipartUploads", "Uploads", Bucket=name)):
        named = {"Key": upload["Key"], "UploadId": upload["UploadId"]}
        removed(target, "s3", "AbortMultipartUpload", Bucket=name, **named)
    # Always the first page: the one that follows a version which is gone is nowhere.
    while versions := _some_versions(target, name):
        for start in range(0, len(versions), _AT_ONCE):
            _delete_versions(target, name, versions[start : start + _AT_ONCE])


def _some_versions(target: Target, bucket: str) -> list[dict[str, str]]:
    listed = operate(target, "s3", "ListObjectVersions", Bucket=bucket)
    versions = [*listed.get("Versions", ()), *listed.get("DeleteMarkers", ())]
    return [{"Key": version["Key"], "VersionId": version["VersionId"]} for version in versions]


def _delete_versions(target: Target, bucket: str, keys: list[dict[str, str]]) -> None:
    deletion = {"Objects": keys, "Quiet": True}
    # What could not be deleted is said in an answer that otherwise means success.
    for error in operate(target, "s3", "DeleteObjects", Bucket=bucket, Delete=deletion).get("Errors", ()):
        text = f"s3:DeleteObjects on the {target.name} target left an object in {bucket}: {error.get('Message')}"
        raise DeploymentError(text, str(error.get("Code", "")))


TABLE = ResourceKind("table", "dynamodb", "CreateTable", _marked_table, _tables, _table_tags, _delete_table, by_name)
BUCKET = ResourceKind("bucket", "s3", "CreateBucket", _marked_bucket, _buckets, _bucket_tags, _delete_bucket, by_name)
