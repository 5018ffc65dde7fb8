"""The operations of multipart uploads, on the key each upload was begun for (aws-semantics 2.1)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from harness.emulator.s3.checksums import ALGORITHMS
from harness.emulator.s3.errors import invalid_argument, malformed_xml, plainly_denied
from harness.emulator.s3.listing import is_number, iso_time, page_size
from harness.emulator.s3.owners import owner_node
from harness.emulator.s3.uploads import NamedPart, Part, etag_of, put_together
from harness.emulator.s3.writing import check_write_conditions, describe, written_headers
from harness.emulator.s3.xml import local_name, read_xml, xml_reply
from harness.emulator.service import NotDerivableError, ServiceError
from harness.emulator.wire import Reply

if TYPE_CHECKING:
    from collections.abc import Mapping
    from xml.etree import ElementTree as ET

    from harness.emulator.s3.call import Perform, S3Call
    from harness.emulator.s3.objects import StoredObject
    from harness.emulator.s3.uploads import Upload

_MOST_PARTS = 10_000
_RANGE = re.compile(r"bytes=([0-9]{1,18})-([0-9]{1,18})")


def _create_multipart_upload(call: S3Call) -> Reply:
    bucket, asked, principal = call.bucket, call.asked, call.principal
    if principal is None:
        # Anonymous callers cannot begin uploads, whatever a policy says.
        raise plainly_denied()
    upload = bucket.uploads.begin(asked.key, describe(call), principal.arn, call.now)
    return xml_reply(
        "InitiateMultipartUploadResult", [("Bucket", bucket.name), ("Key", upload.key), ("UploadId", upload.id)]
    )


def _upload_part(call: S3Call) -> Reply:
    part = _take_in(call, call.asked.body)
    checksums = call.asked.content.checksums
    return Reply(200, {"ETag": f'"{part.etag}"', **{f"x-amz-checksum-{n}": v for n, v in checksums.items()}}, b"")


def upload_part_copy(call: S3Call, source: StoredObject) -> Reply:
    """Take in a part that is copied from an object, whole or in a range; raises ServiceError InvalidArgument."""
    asked, content = call.asked, source.draft.content
    if "x-amz-copy-source-range" in asked.headers:
        found = _RANGE.fullmatch(asked.headers["x-amz-copy-source-range"])
        if found is None or not int(found[1]) <= int(found[2]):
            raise invalid_argument(
                "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the "
                "zero-based offsets of the first and last bytes to copy"
            )
        if int(found[2]) >= len(content):
            raise ServiceError("InvalidRange", "The requested range is not satisfiable", 416)
        content = content[int(found[1]) : int(found[2]) + 1]
    part = _take_in(call, content)
    return xml_reply("CopyPartResult", [("ETag", f'"{part.etag}"'), ("LastModified", iso_time(call.now))])


def _complete_multipart_upload(call: S3Call) -> Reply:
    bucket, asked = call.bucket, call.asked
    upload = _upload(call)
    root = read_xml(asked.body, "CompleteMultipartUpload")
    named = [_named_part(element) for element in root]
    if not named:
        raise malformed_xml()
    check_write_conditions(call)
    stored = bucket.objects.put(asked.key, put_together(upload, named), call.now)
    bucket.uploads.end(upload)
    return xml_reply(
        "CompleteMultipartUploadResult",
        [
            ("Location", f"https://{bucket.name}.s3.{bucket.region}.amazonaws.com/{asked.key}"),
            ("Bucket", bucket.name),
            ("Key", asked.key),
            ("ETag", f'"{stored.draft.etag}"'),
        ],
        written_headers(bucket, stored),
    )


def _abort_multipart_upload(call: S3Call) -> Reply:
    call.bucket.uploads.end(_upload(call))
    return Reply(204, {}, b"")


def _list_parts(call: S3Call) -> Reply:
    bucket, asked = call.bucket, call.asked
    upload = _upload(call)
    size, marker = page_size(asked.query, "max-parts"), asked.query.get("part-number-marker", "0")
    if not is_number(marker):
        raise invalid_argument("Provided part-number-marker not an integer or within integer range")
    following = sorted(number for number in upload.parts if number > int(marker))
    shown = following[:size]
    parts = [
        (
            "Part",
            [
                ("PartNumber", str(number)),
                ("LastModified", iso_time(upload.parts[number].last_modified)),
                ("ETag", f'"{upload.parts[number].etag}"'),
                ("Size", str(len(upload.parts[number].content))),
            ],
        )
        for number in shown
    ]
    return xml_reply(
        "ListPartsResult",
        [
            ("Bucket", bucket.name),
            ("Key", upload.key),
            ("UploadId", upload.id),
            ("Initiator", [("ID", upload.initiator), ("DisplayName", upload.initiator)]),
            owner_node(bucket.owner),
            ("StorageClass", upload.draft.storage_class),
            ("PartNumberMarker", marker),
            ("NextPartNumberMarker", str(shown[-1] if shown else 0)),
            ("MaxParts", str(size)),
            ("IsTruncated", "true" if len(following) > len(shown) else "false"),
            *parts,
        ],
    )


def _upload(call: S3Call) -> Upload:
    return call.bucket.uploads.find(call.asked.key, call.asked.query["uploadId"])


def _named_part(element: ET.Element) -> NamedPart:
    members = {local_name(member): member.text or "" for member in element}
    number, etag = members.pop("PartNumber", ""), members.pop("ETag", None)
    if local_name(element) != "Part" or etag is None or not is_number(number):
        raise malformed_xml()
    checksums = {name.removeprefix("Checksum").lower(): value for name, value in members.items()}
    if not checksums.keys() <= ALGORITHMS:
        raise NotDerivableError("parts with other members than number, ETag and checksum")
    return NamedPart(int(number), etag, checksums)


def _take_in(call: S3Call, content: bytes) -> Part:
    upload = _upload(call)
    text = call.asked.query.get("partNumber", "")
    if not is_number(text) or not 1 <= int(text) <= _MOST_PARTS:
        raise invalid_argument(f"Part number must be an integer between 1 and {_MOST_PARTS}, inclusive")
    part = Part(int(text), content, etag_of(content), call.now)
    upload.parts[part.number] = part
    return part


UPLOADING: Mapping[str, Perform] = {
    "CreateMultipartUpload": _create_multipart_upload,
    "UploadPart": _upload_part,
    "CompleteMultipartUpload": _complete_multipart_upload,
    "AbortMultipartUpload": _abort_multipart_upload,
    "ListParts": _list_parts,
}
"""The operations of multipart uploads, without UploadPartCopy."""
