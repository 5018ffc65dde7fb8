"""Multipart uploads that are under way in one bucket (S3 User Guide, "Uploading and copying objects")."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from harness.emulator.s3.checksums import checksum
from harness.emulator.s3.objects import ObjectDraft
from harness.emulator.service import ServiceError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_SMALLEST_PART = 5 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Part:
    """One uploaded part."""

    number: int
    content: bytes
    etag: str
    last_modified: float


@dataclass(slots=True)
class Upload:
    """One upload, for one key and no other. `draft` has everything of the object to come but its content."""

    id: str
    key: str
    draft: ObjectDraft
    initiator: str
    initiated: float
    parts: dict[int, Part] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NamedPart:
    """A part as the completion of an upload names it, with its checksums by algorithm."""

    number: int
    etag: str
    checksums: Mapping[str, str]

    def means(self, part: Part | None) -> bool:
        """Tell whether this is the part that was taken in under the number."""
        if part is None or part.etag != self.etag.strip('"'):
            return False
        return all(checksum(name, part.content) == value for name, value in self.checksums.items())


class Uploads:
    """The uploads of a bucket, each found by its key and its id together.

    Whoever may write one key must not reach another by the id of an upload for it.
    """

    def __init__(self) -> None:
        self._by_id: dict[str, Upload] = {}

    def begin(self, key: str, draft: ObjectDraft, initiator: str, now: float) -> Upload:
        """Return a new upload."""
        upload = Upload(secrets.token_urlsafe(48), key, draft, initiator, now)
        self._by_id[upload.id] = upload
        return upload

    def find(self, key: str, upload_id: str) -> Upload:
        """Return the upload; raises ServiceError NoSuchUpload, also for the upload of another key."""
        upload = self._by_id.get(upload_id)
        if upload is None or upload.key != key:
            raise ServiceError(
                "NoSuchUpload",
                "The specified upload does not exist. The upload ID may be invalid, or the upload may have been "
                "aborted or completed.",
                404,
            )
        return upload

    def end(self, upload: Upload) -> None:
        """Forget an upload that was completed or aborted."""
        del self._by_id[upload.id]

    def listed(self) -> list[Upload]:
        """Return all uploads by key, and by the time they were begun."""
        return sorted(self._by_id.values(), key=lambda upload: (upload.key, upload.initiated, upload.id))


def put_together(upload: Upload, named: Sequence[NamedPart]) -> ObjectDraft:
    """Return the object made of the parts that are named.

    Raises ServiceError InvalidPartOrder, InvalidPart or EntityTooSmall.
    """
    numbers = [each.number for each in named]
    if numbers != sorted(set(numbers)):
        raise ServiceError(
            "InvalidPartOrder",
            "The list of parts was not in ascending order. The parts list must be specified in order by part number.",
        )
    chosen = [upload.parts[each.number] for each in named if each.means(upload.parts.get(each.number))]
    if len(chosen) != len(named):
        raise ServiceError(
            "InvalidPart",
            "One or more of the specified parts could not be found. The part may not have been uploaded, or the "
            "specified entity tag may not match the part's entity tag.",
        )
    if any(len(part.content) < _SMALLEST_PART for part in chosen[:-1]):
        raise ServiceError("EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size")
    digests = b"".join(bytes.fromhex(part.etag) for part in chosen)
    whole = hashlib.md5(digests, usedforsecurity=False).hexdigest()
    return ObjectDraft(
        content=b"".join(part.content for part in chosen),
        etag=f"{whole}-{len(chosen)}",
        headers=upload.draft.headers,
        tags=upload.draft.tags,
        storage_class=upload.draft.storage_class,
        part_sizes=tuple(len(part.content) for part in chosen),
    )


def etag_of(content: bytes) -> str:
    """Return the ETag of an object or part that was sent whole, without its quotes."""
    return hashlib.md5(content, usedforsecurity=False).hexdigest()
