"""The code of a function: a zip archive, unpacked where the execution environments find it."""

from __future__ import annotations

import base64
import hashlib
import io
import stat
import zipfile
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from harness.emulator.service import NotDerivableError, ServiceError
from harness.emulator.unconfirmed import functions as unconfirmed

if TYPE_CHECKING:
    from pathlib import Path

_LARGEST = 262_144_000  # unpacked, with layers (Lambda page "Quotas")


def code_digest(archive: bytes) -> str:
    """Return CodeSha256 of an archive."""
    return base64.b64encode(hashlib.sha256(archive).digest()).decode()


def unpack(archive: bytes, directory: Path) -> None:
    """Unpack the archive into a new directory.

    Raises ServiceError InvalidParameterValueException for what is no archive, is too large, or would write outside the
    directory, and NotDerivableError for links.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as opened:
            entries = opened.infolist()
            if sum(entry.file_size for entry in entries) > _LARGEST:
                message = f"Unzipped size must be smaller than {_LARGEST} bytes"
                raise ServiceError("InvalidParameterValueException", message)
            for entry in entries:
                _check(entry)
            directory.mkdir(parents=True)
            opened.extractall(directory)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError):
        raise ServiceError("InvalidParameterValueException", unconfirmed.NOT_AN_ARCHIVE) from None


def _check(entry: zipfile.ZipInfo) -> None:
    if stat.S_ISLNK(entry.external_attr >> 16):
        raise NotDerivableError("a link in a deployment package")
    # `orig_filename` is the name as it stands in the archive, before the library makes it harmless or cuts it at a NUL.
    name = entry.orig_filename
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or ":" in name or "\0" in name:
        raise ServiceError("InvalidParameterValueException", unconfirmed.NOT_AN_ARCHIVE)
