"""The objects of one bucket with all their versions (S3 User Guide, "Using versioning in S3 buckets")."""

from __future__ import annotations

import secrets
from bisect import bisect_left
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_NULL = "null"


class Versioning(StrEnum):
    """Whether a bucket keeps what is overwritten and deleted. Once enabled it can only be suspended."""

    NEVER = ""
    ENABLED = "Enabled"
    SUSPENDED = "Suspended"


@dataclass(frozen=True, slots=True)
class ObjectDraft:
    """An object before it is stored.

    `headers` has what is given back with the content (content type, user metadata, encryption), `checksums` the
    base64 values by algorithm, `part_sizes` the sizes of the parts of a multipart upload.
    """

    content: bytes
    etag: str
    headers: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    storage_class: str = "STANDARD"
    checksums: Mapping[str, str] = field(default_factory=dict)
    part_sizes: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class StoredObject:
    """One version of an object."""

    key: str
    version_id: str
    last_modified: float
    draft: ObjectDraft


@dataclass(frozen=True, slots=True)
class DeleteMarker:
    """What stands on top of an object that was deleted while versions are kept."""

    key: str
    version_id: str
    last_modified: float


Version = StoredObject | DeleteMarker


class Objects:
    """The versions of every key of a bucket."""

    def __init__(self) -> None:
        self.versioning = Versioning.NEVER
        self._versions: dict[str, list[Version]] = {}
        self._sorted: list[str] | None = None

    def put(self, key: str, draft: ObjectDraft, now: float) -> StoredObject:
        """Store an object and return it; without versioning, or while it is suspended, the `null` version goes."""
        stored = StoredObject(key, self._next_version_id(), now, draft)
        self._put_on_top(stored)
        return stored

    def current(self, key: str) -> Version | None:
        """Return the latest version of a key, which may be a delete marker, or None."""
        versions = self._versions.get(key)
        return versions[0] if versions else None

    def version(self, key: str, version_id: str) -> Version | None:
        """Return the version with this id, or None."""
        return next((each for each in self._versions.get(key, ()) if each.version_id == version_id), None)

    def find(self, key: str, version_id: str | None) -> Version | None:
        """Return the version with this id, the latest one if the id is None, or None."""
        return self.current(key) if version_id is None else self.version(key, version_id)

    def delete(self, key: str, now: float) -> DeleteMarker | None:
        """Delete the latest version: for good without versioning, else by a marker, which is returned."""
        if self.versioning is Versioning.NEVER:
            self.delete_version(key, _NULL)
            return None
        marker = DeleteMarker(key, self._next_version_id(), now)
        self._put_on_top(marker)
        return marker

    def delete_version(self, key: str, version_id: str) -> Version | None:
        """Delete one version for good and return it, or None when it was not there."""
        found = self.version(key, version_id)
        if found is not None:
            self._versions[key].remove(found)
            if not self._versions[key]:
                del self._versions[key]
                self._sorted = None
        return found

    def retag(self, stored: StoredObject, tags: Mapping[str, str]) -> None:
        """Replace the tags of one version."""
        versions = self._versions[stored.key]
        versions[versions.index(stored)] = replace(stored, draft=replace(stored.draft, tags=dict(tags)))

    def names(self, prefix: str = "") -> Iterator[str]:
        """Return the keys that begin with the prefix, deleted ones included, in S3's order."""
        if self._sorted is None:
            # UTF-8 sorts as its code points do.
            self._sorted = sorted(self._versions)
        for key in self._sorted[bisect_left(self._sorted, prefix) :]:
            if not key.startswith(prefix):
                return
            yield key

    def versions(self, key: str) -> tuple[Version, ...]:
        """Return the versions of a key, latest first."""
        return tuple(self._versions.get(key, ()))

    def __bool__(self) -> bool:
        return bool(self._versions)

    def _next_version_id(self) -> str:
        return secrets.token_urlsafe(24) if self.versioning is Versioning.ENABLED else _NULL

    def _put_on_top(self, version: Version) -> None:
        before = self._versions.get(version.key)
        if before is None:
            self._sorted = None
            before = []
        self._versions[version.key] = [version, *(each for each in before if each.version_id != version.version_id)]
