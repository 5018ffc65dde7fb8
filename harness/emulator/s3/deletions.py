"""DeleteObjects: every key in the body is authorized, and answered, by itself (aws-semantics 2.1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.emulator.s3.addresses import ObjectName
from harness.emulator.s3.errors import malformed_xml
from harness.emulator.s3.objects import DeleteMarker
from harness.emulator.s3.xml import local_name, read_xml, xml_reply
from harness.emulator.service import NotDerivableError, ServiceError

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.emulator.principals import Principal
    from harness.emulator.s3.buckets import Bucket
    from harness.emulator.s3.call import S3Call
    from harness.emulator.s3.checks import S3Check
    from harness.emulator.s3.requests import S3Request
    from harness.emulator.s3.xml import Node
    from harness.emulator.wire import Reply

_KEYS_PER_DELETE = 1000


@dataclass(frozen=True, slots=True)
class Deletion:
    """One entry of a DeleteObjects call, with the check it needs."""

    name: ObjectName
    check: S3Check


def read_deletions(asked: S3Request) -> tuple[list[Deletion], bool]:
    """Return what a DeleteObjects call deletes, and whether it wants to hear of errors only.

    Raises ServiceError MalformedXML, NotDerivableError for entries with conditions.
    """
    root = read_xml(asked.body, "Delete")
    deletions, quiet = list[Deletion](), False
    for child in root:
        if local_name(child) == "Quiet":
            quiet = (child.text or "").strip().lower() == "true"
            continue
        members = {local_name(member): member.text or "" for member in child}
        if local_name(child) != "Object" or len(members) != len(child) or not members.get("Key"):
            raise malformed_xml()
        if members.keys() - {"Key", "VersionId"}:
            raise NotDerivableError("DeleteObjects with conditions")
        # An empty VersionId is none.
        name = ObjectName(asked.bucket, members["Key"], members.get("VersionId") or None)
        action = "s3:DeleteObject" if name.version_id is None else "s3:DeleteObjectVersion"
        deletions.append(Deletion(name, asked.keys.check(action, name.bucket, name.key, name.version_id)))
    if not 0 < len(deletions) <= _KEYS_PER_DELETE:
        raise malformed_xml()
    return deletions, quiet


def delete_one(bucket: Bucket, name: ObjectName, now: float) -> dict[str, str]:
    """Delete an object or a version and return what the answer says of it: VersionId, DeleteMarker.

    What is not there is deleted just as well.
    """
    if name.version_id is not None:
        found = bucket.objects.delete_version(name.key, name.version_id)
        shown = {"VersionId": name.version_id}
        return {**shown, "DeleteMarker": "true"} if isinstance(found, DeleteMarker) else shown
    marker = bucket.objects.delete(name.key, now)
    return {} if marker is None else {"VersionId": marker.version_id, "DeleteMarker": "true"}


def delete_objects(call: S3Call, require: Callable[[Principal | None, list[S3Check]], None]) -> Reply:
    """Delete what the call names, each entry that `require` allows; the others are answered with their denial."""
    nodes: list[Node] = []
    deletions, quiet = read_deletions(call.asked)
    for each in deletions:
        try:
            require(call.principal, [each.check])
        except NotDerivableError:
            raise
        except ServiceError as error:
            nodes.append(_error_node(each.name, error))
            continue
        shown = delete_one(call.bucket, each.name, call.now)
        if not quiet:
            nodes.append(_deleted_node(each.name, shown))
    return xml_reply("DeleteResult", nodes)


def _deleted_node(name: ObjectName, shown: dict[str, str]) -> Node:
    nodes: list[Node] = [("Key", name.key)]
    if name.version_id is not None:
        nodes.append(("VersionId", name.version_id))
    if "DeleteMarker" in shown:
        nodes += [("DeleteMarker", "true"), ("DeleteMarkerVersionId", shown["VersionId"])]
    return ("Deleted", nodes)


def _error_node(name: ObjectName, error: ServiceError) -> Node:
    version: list[Node] = [] if name.version_id is None else [("VersionId", name.version_id)]
    return ("Error", [("Key", name.key), *version, ("Code", error.code), ("Message", error.message)])
