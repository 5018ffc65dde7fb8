"""Reading objects: GetObject, HeadObject and GetObjectAttributes, with ranges and conditions (RFC 9110)."""

from __future__ import annotations

import re
from email.utils import formatdate, parsedate_to_datetime
from typing import TYPE_CHECKING

from harness.emulator.s3.errors import MissingObjectError, invalid_argument, method_not_allowed
from harness.emulator.s3.listing import iso_time
from harness.emulator.s3.objects import DeleteMarker, StoredObject, Versioning
from harness.emulator.s3.operations import OVERRIDES
from harness.emulator.s3.owners import acl_reply
from harness.emulator.s3.tags import tagging_reply
from harness.emulator.s3.xml import xml_reply
from harness.emulator.service import NotDerivableError, ServiceError
from harness.emulator.wire import Reply

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.emulator.s3.buckets import Bucket
    from harness.emulator.s3.call import Perform, S3Call
    from harness.emulator.s3.xml import Node

_OVERRIDE = "response-"
_RANGE = re.compile(r"bytes=(?P<first>[0-9]{0,18})-(?P<last>[0-9]{0,18})")
_ATTRIBUTES = frozenset({"ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"})


def stored_object(bucket: Bucket, key: str, version_id: str | None) -> StoredObject:
    """Return the version asked for, the latest one when the id is None.

    Raises MissingObjectError when there is none or the latest is a delete marker, ServiceError MethodNotAllowed for
    a delete marker that is named by its id.
    """
    found = bucket.objects.find(key, version_id)
    if isinstance(found, StoredObject):
        return found
    if isinstance(found, DeleteMarker) and version_id is not None:
        raise method_not_allowed()
    raise MissingObjectError(bucket.name, version=version_id is not None)


def version_headers(bucket: Bucket, version_id: str, header: str = "x-amz-version-id") -> dict[str, str]:
    """Return the header that names a version, which buckets that never had versions do not show."""
    return {} if bucket.objects.versioning is Versioning.NEVER else {header: version_id}


def _get_object(call: S3Call) -> Reply:
    bucket, asked = call.bucket, call.asked
    if call.principal is None and OVERRIDES & asked.query.keys():
        text = "Request specific response headers cannot be used for anonymous GET requests."
        raise ServiceError("InvalidRequest", text)
    stored = stored_object(bucket, asked.key, asked.version_id)
    headers = {
        "ETag": f'"{stored.draft.etag}"',
        "Last-Modified": formatdate(stored.last_modified, usegmt=True),
        **version_headers(bucket, stored.version_id),
    }
    if _is_not_modified(stored, asked.headers):
        return Reply(304, headers, b"")
    headers |= {"Accept-Ranges": "bytes", **stored.draft.headers}
    if stored.draft.storage_class != "STANDARD":
        headers["x-amz-storage-class"] = stored.draft.storage_class
    for name, value in asked.query.items():
        if name.startswith(_OVERRIDE):
            headers[name.removeprefix(_OVERRIDE)] = value
    status, content = 200, stored.draft.content
    if (found := _range(asked.headers.get("range"), len(content))) is not None:
        first, last = found
        headers["Content-Range"] = f"bytes {first}-{last}/{len(content)}"
        status, content = 206, content[first : last + 1]
    elif asked.headers.get("x-amz-checksum-mode", "").upper() == "ENABLED":
        headers |= {f"x-amz-checksum-{name}": value for name, value in stored.draft.checksums.items()}
        headers |= {"x-amz-checksum-type": "FULL_OBJECT"} if stored.draft.checksums else {}
    return Reply(status, {**headers, "Content-Length": str(len(content))}, content)


def _head_object(call: S3Call) -> Reply:
    reply = _get_object(call)
    return Reply(reply.status, reply.headers, b"")


def _get_object_attributes(call: S3Call) -> Reply:
    bucket, asked = call.bucket, call.asked
    wanted = {name.strip() for name in asked.headers.get("x-amz-object-attributes", "").split(",")}
    if not wanted <= _ATTRIBUTES:
        raise invalid_argument("Invalid attribute name specified.")
    stored = stored_object(bucket, asked.key, asked.version_id)
    draft = stored.draft
    nodes: list[Node] = []
    if "ETag" in wanted:
        nodes.append(("ETag", draft.etag))
    if "Checksum" in wanted and draft.checksums:
        sums: list[Node] = [(f"Checksum{name.upper()}", value) for name, value in draft.checksums.items()]
        nodes.append(("Checksum", [*sums, ("ChecksumType", "FULL_OBJECT")]))
    if "ObjectParts" in wanted and draft.part_sizes:
        nodes.append(("ObjectParts", [("PartsCount", str(len(draft.part_sizes)))]))
    if "StorageClass" in wanted:
        nodes.append(("StorageClass", draft.storage_class))
    if "ObjectSize" in wanted:
        nodes.append(("ObjectSize", str(len(draft.content))))
    headers = {
        "Last-Modified": formatdate(stored.last_modified, usegmt=True),
        **version_headers(bucket, stored.version_id),
    }
    return xml_reply("GetObjectAttributesResponse", nodes, headers)


def _get_object_tagging(call: S3Call) -> Reply:
    stored = stored_object(call.bucket, call.asked.key, call.asked.version_id)
    return tagging_reply(stored.draft.tags, version_headers(call.bucket, stored.version_id))


def _get_object_acl(call: S3Call) -> Reply:
    stored_object(call.bucket, call.asked.key, call.asked.version_id)
    return acl_reply(call.bucket.owner)


def copied_node(stored: StoredObject) -> list[Node]:
    """Return what the answer to a copy says of the new object."""
    sums: list[Node] = [(f"Checksum{name.upper()}", value) for name, value in stored.draft.checksums.items()]
    return [("ETag", f'"{stored.draft.etag}"'), ("LastModified", iso_time(stored.last_modified)), *sums]


def matches_etag(condition: str, etag: str) -> bool:
    """Tell whether an If-Match or If-None-Match header names the ETag."""
    return condition.strip() == "*" or etag in {each.strip().strip('"') for each in condition.split(",")}


def precondition_failed() -> ServiceError:
    """Return the error for a condition that does not hold."""
    return ServiceError("PreconditionFailed", "At least one of the pre-conditions you specified did not hold", 412)


def _is_not_modified(stored: StoredObject, headers: Mapping[str, str]) -> bool:
    """Tell whether the client has this version already; raises ServiceError PreconditionFailed."""
    modified = int(stored.last_modified)
    if "if-match" in headers:
        if not matches_etag(headers["if-match"], stored.draft.etag):
            raise precondition_failed()
    elif (since := _time(headers.get("if-unmodified-since"))) is not None and modified > since:
        raise precondition_failed()
    if "if-none-match" in headers:
        return matches_etag(headers["if-none-match"], stored.draft.etag)
    since = _time(headers.get("if-modified-since"))
    return since is not None and modified <= since


def _time(header: str | None) -> float | None:
    try:
        return None if header is None else parsedate_to_datetime(header).timestamp()
    except ValueError:
        return None


def _range(header: str | None, size: int) -> tuple[int, int] | None:
    """Return the first and last byte asked for, or None for all; raises ServiceError InvalidRange."""
    if header is None:
        return None
    if "," in header:
        raise NotDerivableError("several ranges in one request")
    found = _RANGE.fullmatch(header.strip())
    if found is None or not (found["first"] or found["last"]):
        return None
    if found["first"]:
        first, last = int(found["first"]), min(int(found["last"] or size), size - 1)
        if found["last"] and int(found["last"]) < first:
            return None
    else:
        first, last = max(size - int(found["last"]), 0), size - 1
    if first >= size:
        raise ServiceError("InvalidRange", "The requested range is not satisfiable", 416)
    return first, last


READING: Mapping[str, Perform] = {
    "GetObject": _get_object,
    "HeadObject": _head_object,
    "GetObjectAttributes": _get_object_attributes,
    "GetObjectTagging": _get_object_tagging,
    "GetObjectAcl": _get_object_acl,
}
"""The operations that read one object."""
