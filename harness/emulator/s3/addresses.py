"""Which bucket and key an S3 request addresses, with which parameters: read once, literally, never normalized."""

from __future__ import annotations

import re
from calendar import timegm
from dataclasses import dataclass
from time import strptime
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote_to_bytes, urlsplit

from harness.emulator.s3.errors import invalid_argument
from harness.emulator.service import NotDerivableError, ServiceError

if TYPE_CHECKING:
    from collections.abc import Mapping

_HOST = re.compile(r"(?:(?P<bucket>.+)\.)?s3(?:\.[a-z0-9-]+)?\.amazonaws\.com")
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
# What a presigned request carries in its query instead of in headers (SigV4, "Using query parameters").
_SIGNATURE = frozenset(
    {
        "X-Amz-Algorithm",
        "X-Amz-Credential",
        "X-Amz-Date",
        "X-Amz-Expires",
        "X-Amz-SignedHeaders",
        "X-Amz-Signature",
        "X-Amz-Security-Token",
        "X-Amz-Content-Sha256",
    }
)


@dataclass(frozen=True, slots=True)
class ObjectName:
    """A bucket, with the decoded key of one of its objects and perhaps the id of one version of that."""

    bucket: str
    key: str = ""
    version_id: str | None = None


@dataclass(frozen=True, slots=True)
class Address:
    """Where a request goes: the bucket (empty for the service), the key (empty for the bucket), the query.

    `signature` has the parameters of the query that belong to a presigned request's signature.
    """

    bucket: str
    key: str
    query: Mapping[str, str]
    signature: Mapping[str, str]

    @property
    def signed_at(self) -> float | None:
        """When a presigned request was signed, in epoch seconds; None for one that was not presigned."""
        if "X-Amz-Signature" not in self.signature:
            return None
        try:
            return timegm(strptime(self.signature.get("X-Amz-Date", ""), "%Y%m%dT%H%M%SZ"))
        except ValueError:
            raise NotDerivableError("a presigned request with such a date") from None


def read_address(url: str) -> Address:
    """Return what a URL addresses.

    Raises ServiceError for a name no bucket can have and a path that is not UTF-8, NotDerivableError for a host that
    is not known and for a parameter given twice.
    """
    parts = urlsplit(url)
    bucket, key = _bucket_and_key(parts.netloc, parts.path)
    if bucket and not _BUCKET.fullmatch(bucket):
        raise ServiceError("InvalidBucketName", "The specified bucket is not valid.")
    if not bucket and parts.path not in ("", "/"):
        raise NotDerivableError("an S3 path that begins with two slashes")
    try:
        pairs = parse_qsl(parts.query, keep_blank_values=True, errors="strict")
    except UnicodeDecodeError:
        raise _invalid_uri() from None
    query = dict(pairs)
    if len(query) != len(pairs):
        raise NotDerivableError("an S3 request that gives a parameter twice")
    query.pop("x-id", None)
    presigned = "X-Amz-Signature" in query
    signature = {name: query.pop(name) for name in _SIGNATURE & query.keys()} if presigned else {}
    return Address(bucket, key, query, signature)


def read_copy_source(source: str) -> ObjectName:
    """Return the object that an x-amz-copy-source header names; raises like `read_address`."""
    path, _, query = source.partition("?")
    name, _, version_id = query.partition("=")
    if path.startswith("arn:") or (query and name != "versionId"):
        raise NotDerivableError("copy sources of an access point, or with other parameters than a version")
    if "+" in path:
        raise NotDerivableError("copy sources with an unescaped plus sign, which may stand for a blank")
    bucket, _, key = _decoded(path).removeprefix("/").partition("/")
    if not _BUCKET.fullmatch(bucket) or not key:
        raise invalid_argument("Copy Source must mention the source bucket and key: sourcebucket/sourcekey")
    return ObjectName(bucket, key, checked_version_id(_decoded(version_id)) if query else None)


def checked_version_id(version_id: str) -> str:
    """Return the version id; raises ServiceError InvalidArgument for an empty one."""
    if not version_id:
        raise invalid_argument("Version id cannot be the empty string")
    return version_id


def _bucket_and_key(netloc: str, path: str) -> tuple[str, str]:
    host = _HOST.fullmatch(netloc.lower().removesuffix(":443"))
    if host is None:
        raise NotDerivableError(f"the S3 endpoint {netloc}")
    if host["bucket"]:
        return host["bucket"], _decoded(path[1:])
    bucket, _, key = path[1:].partition("/")
    return _decoded(bucket), _decoded(key)


def _decoded(text: str) -> str:
    try:
        return unquote_to_bytes(text).decode("utf-8")
    except UnicodeDecodeError:
        raise _invalid_uri() from None


def _invalid_uri() -> ServiceError:
    return ServiceError("InvalidURI", "Couldn't parse the specified URI.")
