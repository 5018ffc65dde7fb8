"""Requests that several probes make, and the ways in which they refuse."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.targets.api import ApiRequest

if TYPE_CHECKING:
    from harness.calibration.probe import Asked, Caller
    from harness.calibration.site import Site
    from harness.targets.api import AwsCredentials

OWN, FOREIGN = "own", "foreign"


def key(partition: str, name: str = "x") -> dict[str, Any]:
    """Return the key of an item as DynamoDB wants it."""
    return {"PK": {"S": partition}, "SK": {"S": name}}


def get_item(partition: str, **params: Any) -> Asked:
    """Return what reads an item of a partition."""
    return lambda site: ApiRequest("dynamodb", "GetItem", {"TableName": site.table, "Key": key(partition), **params})


def get_object(name: str) -> Asked:
    """Return what reads an object."""
    return lambda site: ApiRequest("s3", "GetObject", {"Bucket": site.bucket, "Key": name})


def list_objects(**params: Any) -> Asked:
    """Return what lists the bucket."""
    return lambda site: ApiRequest("s3", "ListObjectsV2", {"Bucket": site.bucket, **params})


def put_objects(site: Site, *names: str) -> None:
    """Write objects as the operator."""
    for name in names:
        site.operate("s3", "PutObject", Bucket=site.bucket, Key=name, Body=b"calibration")


def role(name: str, **session: Any) -> Caller:
    """Return a caller with a role that the operator assumes for it."""
    return lambda site: site.assumed(name, **session)


def nobody(_: Site) -> AwsCredentials | None:
    """Make a call without a signature."""
    return None
