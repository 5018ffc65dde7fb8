"""Writing objects: PutObject, CopyObject, DeleteObject, and what stays beside an object, its tags and ACL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.emulator.s3.addresses import ObjectName
from harness.emulator.s3.buckets import Ownership
from harness.emulator.s3.deletions import delete_one
from harness.emulator.s3.errors import MissingObjectError, invalid_argument
from harness.emulator.s3.objects import ObjectDraft, StoredObject
from harness.emulator.s3.owners import check_acl
from harness.emulator.s3.reading import (
    copied_node,
    matches_etag,
    precondition_failed,
    stored_object,
    version_headers,
)
from harness.emulator.s3.uploads import etag_of
from harness.emulator.s3.xml import xml_reply
from harness.emulator.service import NotDerivableError, ServiceError
from harness.emulator.wire import Reply

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.emulator.s3.buckets import Bucket
    from harness.emulator.s3.call import Perform, S3Call
    from harness.emulator.s3.requests import S3Request

_KEPT = (
    "cache-control",
    "content-disposition",
    "content-encoding",
    "content-language",
    "content-type",
    "expires",
)
_METADATA = "x-amz-meta-"
_ENCRYPTION = "x-amz-server-side-encryption"
_KMS_KEY = "x-amz-server-side-encryption-aws-kms-key-id"
_STORAGE_CLASSES = frozenset(
    {
        "STANDARD",
        "REDUCED_REDUNDANCY",
        "STANDARD_IA",
        "ONEZONE_IA",
        "INTELLIGENT_TIERING",
        "GLACIER_IR",
    }
)
_DIRECTIVES = frozenset({"COPY", "REPLACE"})


def _put_object(call: S3Call) -> Reply:
    bucket, asked = call.bucket, call.asked
    check_write_conditions(call)
    checksums = asked.content.checksums
    described = describe(call)
    draft = ObjectDraft(
        asked.body, etag_of(asked.body), described.headers, described.tags, described.storage_class, checksums
    )
    stored = bucket.objects.put(asked.key, draft, call.now)
    headers = {f"x-amz-checksum-{name}": value for name, value in checksums.items()}
    return Reply(200, {"ETag": f'"{draft.etag}"', **written_headers(bucket, stored), **headers}, b"")


def copy_object(call: S3Call, source: StoredObject) -> Reply:
    """Store a copy of the source; raises ServiceError InvalidRequest for a copy that would change nothing."""
    bucket, asked = call.bucket, call.asked
    described, of_source = describe(call), source.draft
    replaces = _directive(asked, "x-amz-metadata-directive", "Unknown metadata directive.") == "REPLACE"
    same = asked.source is not None and (asked.source.bucket, asked.source.key) == (bucket.name, asked.key)
    changes = replaces or "x-amz-storage-class" in asked.headers or _ENCRYPTION in asked.headers
    if same and asked.source is not None and asked.source.version_id is None and not changes:
        raise ServiceError(
            "InvalidRequest",
            "This copy request is illegal because it is trying to copy an object to itself without changing the "
            "object's metadata, storage class, website redirect location or encryption attributes.",
        )
    kept = {name: value for name, value in of_source.headers.items() if not name.startswith(_ENCRYPTION)}
    encryption = {name: value for name, value in described.headers.items() if name.startswith(_ENCRYPTION)}
    draft = ObjectDraft(
        of_source.content,
        etag_of(of_source.content),
        described.headers if replaces else {**kept, **encryption},
        of_source.tags if copies_tags(asked) else described.tags,
        described.storage_class,
        of_source.checksums,
    )
    stored = bucket.objects.put(asked.key, draft, call.now)
    return xml_reply("CopyObjectResult", copied_node(stored), written_headers(bucket, stored))


def copies_tags(asked: S3Request) -> bool:
    """Tell whether a CopyObject call takes over the tags of its source; raises ServiceError InvalidArgument."""
    return _directive(asked, "x-amz-tagging-directive", "Unknown tagging directive.") == "COPY"


def _delete_object(call: S3Call) -> Reply:
    name = ObjectName(call.bucket.name, call.asked.key, call.asked.version_id)
    shown = delete_one(call.bucket, name, call.now)
    names = {"VersionId": "x-amz-version-id", "DeleteMarker": "x-amz-delete-marker"}
    return Reply(204, {names[member]: value for member, value in shown.items()}, b"")


def _put_tags(call: S3Call) -> Reply:
    """Replace the tags of an object or a version, or remove them when the request brings none."""
    stored = stored_object(call.bucket, call.asked.key, call.asked.version_id)
    call.bucket.objects.retag(stored, call.asked.tags or {})
    status = 204 if call.asked.operation == "DeleteObjectTagging" else 200
    return Reply(status, version_headers(call.bucket, stored.version_id), b"")


def _put_object_acl(call: S3Call) -> Reply:
    stored_object(call.bucket, call.asked.key, call.asked.version_id)
    check_acl(call)
    return Reply(200, {}, b"")


def describe(call: S3Call) -> ObjectDraft:
    """Return what a request says of the object it writes, without the content.

    Raises ServiceError for an ACL, a storage class or an encryption that S3 does not take, NotDerivableError for those
    whose effect is not modelled.
    """
    asked = call.asked
    check_acl(call)
    if call.is_from_outside and call.bucket.ownership is not Ownership.BUCKET_OWNER_ENFORCED:
        raise NotDerivableError("objects that belong to another account than their bucket")
    storage_class = asked.headers.get("x-amz-storage-class", "STANDARD")
    if storage_class in ("GLACIER", "DEEP_ARCHIVE", "OUTPOSTS", "EXPRESS_ONEZONE", "SNOW", "FSX_OPENZFS"):
        raise NotDerivableError(f"the storage class {storage_class}")
    if storage_class not in _STORAGE_CLASSES:
        raise ServiceError("InvalidStorageClass", "The storage class you specified is not valid")
    encryption = asked.headers.get(_ENCRYPTION, "AES256")
    if encryption in ("aws:kms", "aws:kms:dsse") or _KMS_KEY in asked.headers:
        # Who may use the key is a matter of KMS, which is not here.
        raise NotDerivableError("encryption with keys of KMS")
    if encryption != "AES256":
        raise invalid_argument("The encryption method specified is not supported")
    headers = {name: value for name, value in asked.headers.items() if name in _KEPT or name.startswith(_METADATA)}
    headers = {"content-type": "binary/octet-stream", **_without_chunking(headers), _ENCRYPTION: encryption}
    return ObjectDraft(b"", "", headers, asked.tags or {}, storage_class)


def written_headers(bucket: Bucket, stored: StoredObject) -> dict[str, str]:
    """Return the headers that the answer to a write has beside the ETag."""
    return {_ENCRYPTION: stored.draft.headers[_ENCRYPTION], **version_headers(bucket, stored.version_id)}


def check_write_conditions(call: S3Call) -> None:
    """Return when a conditional write may go on; raises ServiceError PreconditionFailed or NoSuchKey."""
    bucket, asked = call.bucket, call.asked
    current = bucket.objects.current(asked.key)
    there = current if isinstance(current, StoredObject) else None
    if "if-none-match" in asked.headers:
        if asked.headers["if-none-match"] != "*":
            raise NotDerivableError("a conditional write with If-None-Match other than *")
        if there is not None:
            raise precondition_failed()
    if "if-match" in asked.headers:
        if there is None:
            raise MissingObjectError(bucket.name)
        if not matches_etag(asked.headers["if-match"], there.draft.etag):
            raise precondition_failed()


def _directive(asked: S3Request, header: str, unknown: str) -> str:
    directive = asked.headers.get(header, "COPY")
    if directive not in _DIRECTIVES:
        raise invalid_argument(unknown)
    if header == "x-amz-tagging-directive" and directive == "COPY" and asked.tags is not None:
        raise NotDerivableError("tags beside the directive to copy those of the source")
    return directive


def _without_chunking(headers: Mapping[str, str]) -> dict[str, str]:
    # S3 stores the encodings of the object, not that of its way here.
    encodings = [part.strip() for part in headers.get("content-encoding", "").split(",")]
    kept = ",".join(part for part in encodings if part not in ("", "aws-chunked"))
    others = {name: value for name, value in headers.items() if name != "content-encoding"}
    return {**others, "content-encoding": kept} if kept else others


WRITING: Mapping[str, Perform] = {
    "PutObject": _put_object,
    "DeleteObject": _delete_object,
    "PutObjectTagging": _put_tags,
    "DeleteObjectTagging": _put_tags,
    "PutObjectAcl": _put_object_acl,
}
"""The operations that write one object, without those that copy."""
