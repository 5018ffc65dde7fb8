"""The listings of S3: keys, versions and uploads, grouped by a delimiter and cut into pages.

A marker or token only moves the beginning; whatever it holds, nothing outside the prefix is shown.
"""

from __future__ import annotations

import base64
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar
from urllib.parse import quote

from harness.emulator.s3.errors import invalid_argument
from harness.emulator.s3.objects import DeleteMarker, StoredObject
from harness.emulator.s3.owners import owner_node
from harness.emulator.s3.xml import xml_reply
from harness.emulator.wire import Reply

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from harness.emulator.s3.buckets import Bucket
    from harness.emulator.s3.call import Perform, S3Call
    from harness.emulator.s3.objects import Version
    from harness.emulator.s3.uploads import Upload
    from harness.emulator.s3.xml import Node

_PAGE = 1000
_LARGEST_NUMBER = 2**31 - 1
_Entry = TypeVar("_Entry")


@dataclass(frozen=True, slots=True)
class _Page(Generic[_Entry]):
    """One page: entries, common prefixes, and the last name on it when there is more."""

    entries: list[_Entry]
    prefixes: list[str]
    next_marker: str | None


def page_size(query: Mapping[str, str], name: str) -> int:
    """Return how much a page may hold; raises ServiceError InvalidArgument for what is no such number."""
    text = query.get(name, str(_PAGE))
    if not is_number(text) or int(text) > _LARGEST_NUMBER:
        raise invalid_argument(f"Provided {name} not an integer or within integer range")
    return min(int(text), _PAGE)


def _list_objects(call: S3Call) -> Reply:
    bucket, query = call.bucket, call.asked.query
    spell, prefix = _spelling(query), query.get("prefix", "")
    size, delimiter, marker = page_size(query, "max-keys"), query.get("delimiter", ""), query.get("marker", "")
    page = _cut(_current(bucket, prefix), _key_of, prefix, delimiter, marker, size)
    nodes: list[Node] = [
        ("Name", bucket.name),
        ("Prefix", spell(prefix)),
        ("Marker", spell(marker)),
        *([("NextMarker", spell(page.next_marker))] if page.next_marker is not None and delimiter else []),
        *_common(query, size, page, spell),
        *(("Contents", [*_object_nodes(each, spell), owner_node(bucket.owner)]) for each in page.entries),
    ]
    return xml_reply("ListBucketResult", nodes)


def _list_objects_v2(call: S3Call) -> Reply:
    bucket, query = call.bucket, call.asked.query
    spell, prefix = _spelling(query), query.get("prefix", "")
    size, delimiter = page_size(query, "max-keys"), query.get("delimiter", "")
    token, start = query.get("continuation-token"), query.get("start-after", "")
    page = _cut(_current(bucket, prefix), _key_of, prefix, delimiter, start if token is None else _after(token), size)
    shows_owner = query.get("fetch-owner", "").lower() == "true"
    owner = [owner_node(bucket.owner)] if shows_owner else []
    nodes: list[Node] = [
        ("Name", bucket.name),
        ("Prefix", spell(prefix)),
        ("KeyCount", str(len(page.entries) + len(page.prefixes))),
        *([("ContinuationToken", token)] if token is not None else []),
        *([("StartAfter", spell(start))] if start else []),
        *([("NextContinuationToken", _token(page.next_marker))] if page.next_marker is not None else []),
        *_common(query, size, page, spell),
        *(("Contents", [*_object_nodes(each, spell), *owner]) for each in page.entries),
    ]
    return xml_reply("ListBucketResult", nodes)


def _list_object_versions(call: S3Call) -> Reply:
    bucket, query = call.bucket, call.asked.query
    spell, prefix = _spelling(query), query.get("prefix", "")
    size, delimiter = page_size(query, "max-keys"), query.get("delimiter", "")
    marker, version_marker = query.get("key-marker", ""), query.get("version-id-marker", "")
    if version_marker and not marker:
        raise invalid_argument("A version-id marker cannot be specified without a key marker.")
    every = (each for key in bucket.objects.names(prefix) for each in bucket.objects.versions(key))
    versions = _from_marker(every, marker, version_marker)
    # Markers are dealt with already, so the names of prefixes are all that still has to be skipped.
    page = _cut(versions, _key_of, prefix, delimiter, marker, size, skips_entries=False)
    last = page.entries[-1] if page.entries else None
    latest = {each.key: bucket.objects.current(each.key) for each in page.entries}
    following: list[Node] = []
    if page.next_marker is not None:
        following.append(("NextKeyMarker", spell(page.next_marker)))
        if last is not None and last.key == page.next_marker:
            following.append(("NextVersionIdMarker", last.version_id))
    nodes: list[Node] = [
        ("Name", bucket.name),
        ("Prefix", spell(prefix)),
        ("KeyMarker", spell(marker)),
        ("VersionIdMarker", version_marker),
        *following,
        *_common(query, size, page, spell),
        *(_version_node(each, bucket, spell, is_latest=latest[each.key] is each) for each in page.entries),
    ]
    return xml_reply("ListVersionsResult", nodes)


def _list_multipart_uploads(call: S3Call) -> Reply:
    bucket, query = call.bucket, call.asked.query
    spell, prefix = _spelling(query), query.get("prefix", "")
    size, delimiter = page_size(query, "max-uploads"), query.get("delimiter", "")
    marker, id_marker = query.get("key-marker", ""), query.get("upload-id-marker", "")
    under = [each for each in bucket.uploads.listed() if each.key.startswith(prefix)]
    ids = [each.id for each in under]
    seen = set(ids[: ids.index(id_marker) + 1]) if marker and id_marker in ids else set[str]()
    uploads = [
        each
        for each in under
        if each.key > marker or (each.key == marker and id_marker in ids and each.id not in seen) or not marker
    ]
    page = _cut(uploads, lambda upload: upload.key, prefix, delimiter, marker, size, skips_entries=False)
    following: list[Node] = []
    if page.next_marker is not None:
        following.append(("NextKeyMarker", spell(page.next_marker)))
        if page.entries and page.entries[-1].key == page.next_marker:
            following.append(("NextUploadIdMarker", page.entries[-1].id))
    nodes: list[Node] = [
        ("Bucket", bucket.name),
        ("KeyMarker", spell(marker)),
        ("UploadIdMarker", id_marker),
        *following,
        ("Prefix", spell(prefix)),
        *_common(query, size, page, spell, limit="MaxUploads"),
        *(("Upload", _upload_nodes(each, bucket, spell)) for each in page.entries),
    ]
    return xml_reply("ListMultipartUploadsResult", nodes)


def is_number(text: str) -> bool:
    """Tell whether a text is a whole number that can be one of S3's parameters."""
    return text.isascii() and text.isdigit() and len(text) <= len(str(_LARGEST_NUMBER))


def iso_time(seconds: float) -> str:
    """Return a time as S3 writes it into XML."""
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(seconds))


def _key_of(version: Version) -> str:
    return version.key


def _current(bucket: Bucket, prefix: str) -> Iterable[StoredObject]:
    for key in bucket.objects.names(prefix):
        current = bucket.objects.current(key)
        if isinstance(current, StoredObject):
            yield current


def _from_marker(versions: Iterable[Version], marker: str, version_marker: str) -> Iterable[Version]:
    """Return the versions behind the marker: behind all of its key, or behind one version of that."""
    is_behind = False
    for each in versions:
        if each.key > marker or not marker:
            yield each
        elif each.key == marker and version_marker:
            if is_behind:
                yield each
            is_behind = is_behind or each.version_id == version_marker


def _cut(
    entries: Iterable[_Entry],
    name_of: Callable[[_Entry], str],
    prefix: str,
    delimiter: str,
    marker: str,
    size: int,
    *,
    skips_entries: bool = True,
) -> _Page[_Entry]:
    """Return the first page of entries, sorted by name, whose name lies behind the marker."""
    shown, prefixes, last = list[_Entry](), list[str](), None
    for entry in entries:
        name = name_of(entry)
        _, found, _ = name[len(prefix) :].partition(delimiter) if delimiter else ("", "", "")
        common = prefix + name[len(prefix) :].partition(delimiter)[0] + delimiter if found else None
        if common is not None and (common == marker or common in prefixes[-1:]):
            continue
        if skips_entries and name <= marker:
            continue
        if len(shown) + len(prefixes) >= size:
            return _Page(shown, prefixes, last if size else None)
        if common is None:
            shown.append(entry)
        else:
            prefixes.append(common)
        last = common or name
    return _Page(shown, prefixes, None)


def _common(
    query: Mapping[str, str], size: int, page: _Page[_Entry], spell: Callable[[str], str], limit: str = "MaxKeys"
) -> list[Node]:
    nodes: list[Node] = [(limit, str(size)), ("IsTruncated", "true" if page.next_marker is not None else "false")]
    if query.get("delimiter"):
        nodes.append(("Delimiter", spell(query["delimiter"])))
    if query.get("encoding-type"):
        nodes.append(("EncodingType", query["encoding-type"]))
    return [*nodes, *(("CommonPrefixes", [("Prefix", spell(each))]) for each in page.prefixes)]


def _spelling(query: Mapping[str, str]) -> Callable[[str], str]:
    encoding = query.get("encoding-type", "")
    if encoding not in ("", "url"):
        raise invalid_argument("Invalid Encoding Method specified in Request")
    return quote if encoding else str


def _object_nodes(stored: StoredObject, spell: Callable[[str], str]) -> list[Node]:
    algorithms = [("ChecksumAlgorithm", algorithm.upper()) for algorithm in stored.draft.checksums]
    return [
        ("Key", spell(stored.key)),
        ("LastModified", iso_time(stored.last_modified)),
        ("ETag", f'"{stored.draft.etag}"'),
        *algorithms,
        ("Size", str(len(stored.draft.content))),
        ("StorageClass", stored.draft.storage_class),
    ]


def _version_node(version: Version, bucket: Bucket, spell: Callable[[str], str], *, is_latest: bool) -> Node:
    which: list[Node] = [("VersionId", version.version_id), ("IsLatest", "true" if is_latest else "false")]
    if isinstance(version, DeleteMarker):
        when: list[Node] = [("Key", spell(version.key)), ("LastModified", iso_time(version.last_modified))]
        return ("DeleteMarker", [*when, *which, owner_node(bucket.owner)])
    return ("Version", [*_object_nodes(version, spell), *which, owner_node(bucket.owner)])


def _upload_nodes(upload: Upload, bucket: Bucket, spell: Callable[[str], str]) -> list[Node]:
    return [
        ("Key", spell(upload.key)),
        ("UploadId", upload.id),
        ("Initiator", [("ID", upload.initiator), ("DisplayName", upload.initiator)]),
        owner_node(bucket.owner),
        ("StorageClass", upload.draft.storage_class),
        ("Initiated", iso_time(upload.initiated)),
    ]


def _token(name: str) -> str:
    return base64.urlsafe_b64encode(name.encode()).decode()


def _after(token: str) -> str:
    try:
        return base64.b64decode(token, altchars=b"-_", validate=True).decode()
    except ValueError:
        raise invalid_argument("The continuation token provided is incorrect") from None


LISTINGS: Mapping[str, Perform] = {
    "HeadBucket": lambda call: Reply(200, {"x-amz-bucket-region": call.bucket.region}, b""),
    "ListObjects": _list_objects,
    "ListObjectsV2": _list_objects_v2,
    "ListObjectVersions": _list_object_versions,
    "ListMultipartUploads": _list_multipart_uploads,
}
"""The operations that need a permission to list."""
