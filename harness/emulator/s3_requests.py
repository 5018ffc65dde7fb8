"""S3 request -> operation, actions, resources and condition keys (aws-semantics 2.1 and 2.2).

What is read here is also all that the store gets to see: bucket, key, parameters and headers go on as they were
understood, so that the store cannot read the request in another way.
"""

from __future__ import annotations

import base64
import hashlib
import re
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote, unquote_to_bytes, urlsplit

from harness.emulator import unconfirmed
from harness.emulator.authorization_check import AuthorizationCheck
from harness.emulator.operations import accepting
from harness.emulator.service import NotDerivableError, ServiceError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from harness.emulator.sigv4 import SignedRequest

_Context = dict[str, tuple[str, ...]]

_HOST = re.compile(r"(?:(?P<bucket>.+)\.)?s3(?:\.[a-z0-9-]+)?\.amazonaws\.com")
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_LIST_PARAMETERS = accepting(
    "list-type prefix delimiter max-keys encoding-type continuation-token start-after fetch-owner marker"
)
# Headers that mean the same on every operation and ask for nothing.
_SIGNING_HEADERS = frozenset(
    {
        "x-amz-date",
        "x-amz-security-token",
        "x-amz-content-sha256",
        "x-amz-decoded-content-length",
        "x-amz-trailer",
        "x-amz-user-agent",
        "x-amz-checksum-mode",
    }
)
_STORED_HEADERS = (
    "cache-control",
    "content-disposition",
    "content-encoding",
    "content-language",
    "content-type",
    "expires",
)
_READ_CONDITIONS = ("if-match", "if-none-match", "if-modified-since", "if-unmodified-since")
_WRITE_KEYS = (
    "x-amz-server-side-encryption",
    "x-amz-server-side-encryption-aws-kms-key-id",
    "x-amz-storage-class",
)
_COPY_KEYS = ("x-amz-copy-source", "x-amz-metadata-directive")
_CHECKSUMS = ("x-amz-checksum-", "x-amz-sdk-checksum-algorithm")
_WRITTEN = ("x-amz-meta-", *_CHECKSUMS)
# Forms are read by the store in place of the query and the object, whatever the operation.
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
_UNDERIVABLE = frozenset({"s3:tlsversion", "s3:signatureage"})
_DIGESTS: Mapping[str, Callable[[bytes], bytes]] = {
    "crc32": lambda content: zlib.crc32(content).to_bytes(4, "big"),
    "sha1": lambda content: hashlib.sha1(content, usedforsecurity=False).digest(),
    "sha256": lambda content: hashlib.sha256(content).digest(),
}


@dataclass(frozen=True, slots=True)
class S3Request:
    """One S3 call, told apart by method, path and query, with everything that the store needs to perform it.

    `key` is the decoded object key, empty for bucket calls. `base` holds the condition keys of any check.
    """

    operation: str
    bucket: str
    key: str
    checks: tuple[AuthorizationCheck, ...]
    base: Mapping[str, tuple[str, ...]]
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    source: tuple[str, str] | None = None


def read_s3_request(request: SignedRequest, account: str) -> S3Request:
    """Return what the request asks for. Raises NotDerivableError for anything that is not known exactly.

    DeleteObjects carries no check of its own: every key in its body is checked with `delete_check`.
    """
    parts = urlsplit(request.url)
    bucket, key = _bucket_and_key(parts.netloc, parts.path)
    query = _query(parts.query)
    if request.headers.get("content-type", "").lower().startswith(_FORMS):
        raise NotDerivableError("an S3 request whose body is a form")
    base = _base_context(request.headers, account)
    if not bucket:
        if request.method == "GET" and parts.path in ("", "/") and not query:
            _refuse_other_headers(request.headers, ())
            return S3Request("ListBuckets", "", "", (_check("s3:ListAllMyBuckets", "*", base),), base)
        raise NotDerivableError(f"{request.method} on the S3 service")
    if not _BUCKET.fullmatch(bucket):
        raise ServiceError("InvalidBucketName", "The specified bucket is not valid.")
    if key:
        return _object_request(request, bucket, key, query, base)
    _refuse_other_headers(request.headers, (), *_CHECKSUMS)
    return _bucket_request(request.method, bucket, query, base)


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
        raise ServiceError("InvalidURI", "Couldn't parse the specified URI.") from None


def _query(text: str) -> dict[str, str]:
    pairs = parse_qsl(text, keep_blank_values=True)
    query = dict(pairs)
    if len(query) != len(pairs):
        raise NotDerivableError("an S3 request that gives a parameter twice")
    query.pop("x-id", None)
    return query


def _base_context(headers: Mapping[str, str], account: str) -> _Context:
    context: _Context = {"s3:resourceaccount": (account,)}
    if "authorization" in headers:
        context["s3:authtype"] = ("REST-HEADER",)
        context["s3:signatureversion"] = ("AWS4-HMAC-SHA256",)
    if "x-amz-content-sha256" in headers:
        context["s3:x-amz-content-sha256"] = (headers["x-amz-content-sha256"],)
    return context


def _refuse_other_headers(headers: Mapping[str, str], known: tuple[str, ...], *prefixes: str) -> None:
    """Refuse headers that ask for further permissions, or set condition keys, which are not derived here."""
    for name in headers:
        # The store takes underscores for dashes.
        means_something = name.replace("_", "-").startswith(("x-amz-", "if-")) and name not in _SIGNING_HEADERS
        if means_something and name not in known and not name.startswith(prefixes):
            raise NotDerivableError(f"the S3 header {name}")


def _bucket_request(method: str, bucket: str, query: Mapping[str, str], base: _Context) -> S3Request:
    arn = f"arn:aws:s3:::{bucket}"
    if method == "POST" and query == {"delete": ""}:
        return S3Request("DeleteObjects", bucket, "", (), base)
    if method == "GET" and query.keys() <= _LIST_PARAMETERS and query.get("list-type", "2") == "2":
        operation = "ListObjectsV2" if "list-type" in query else "ListObjects"
        check = _check("s3:ListBucket", arn, base | _listing_context(query))
        return S3Request(operation, bucket, "", (check,), base, query)
    if method == "HEAD" and not query:
        check = _check("s3:ListBucket", arn, base | _listing_context(query))
        return S3Request("HeadBucket", bucket, "", (check,), base)
    if method == "PUT" and not query:
        # The Region stands in the body, which is not read here.
        check = _check("s3:CreateBucket", arn, base, "s3:locationconstraint")
        return S3Request("CreateBucket", bucket, "", (check,), base)
    if method == "DELETE" and not query:
        return S3Request("DeleteBucket", bucket, "", (_check("s3:DeleteBucket", arn, base),), base)
    raise NotDerivableError(f"{method} on an S3 bucket with {', '.join(sorted(query)) or 'no parameters'}")


def _listing_context(query: Mapping[str, str]) -> _Context:
    context: _Context = {"s3:max-keys": (query.get("max-keys", unconfirmed.DEFAULT_MAX_KEYS),)}
    for name in ("prefix", "delimiter"):
        # Absent when the client sends none; an explicit empty prefix is present and empty (aws-semantics 2.2).
        if name in query:
            context[f"s3:{name}"] = (query[name],)
    return context


def _object_request(
    request: SignedRequest, bucket: str, key: str, query: Mapping[str, str], base: _Context
) -> S3Request:
    if query:
        raise NotDerivableError(f"{request.method} on an S3 object with {', '.join(sorted(query))}")
    arn = f"arn:aws:s3:::{bucket}/{key}"
    if request.method == "PUT":
        return _write_request(request.headers, bucket, key, base)
    known = {"GET": ("GetObject", "s3:GetObject"), "HEAD": ("HeadObject", "s3:GetObject")}
    known["DELETE"] = ("DeleteObject", "s3:DeleteObject")
    if request.method not in known:
        raise NotDerivableError(f"{request.method} on an S3 object")
    operation, action = known[request.method]
    passed_on = () if request.method == "DELETE" else ("range", "x-amz-checksum-mode", *_READ_CONDITIONS)
    _refuse_other_headers(request.headers, passed_on)
    headers = {name: request.headers[name] for name in passed_on if name in request.headers}
    return S3Request(operation, bucket, key, (_check(action, arn, base),), base, headers=headers)


def _write_request(headers: Mapping[str, str], bucket: str, key: str, base: _Context) -> S3Request:
    copies = "x-amz-copy-source" in headers
    meant = (*_WRITE_KEYS, *(_COPY_KEYS if copies else ()))
    _refuse_other_headers(headers, meant, *_WRITTEN)
    passed_on = {
        name: value
        for name, value in headers.items()
        if name in (*_STORED_HEADERS, *meant) or name.startswith(_WRITTEN)
    }
    context = base | {f"s3:{name}": (headers[name],) for name in meant if name in headers}
    arn = f"arn:aws:s3:::{bucket}/{key}"
    if not copies:
        return S3Request("PutObject", bucket, key, (_check("s3:PutObject", arn, context),), base, headers=passed_on)
    source = headers["x-amz-copy-source"]
    from_bucket, from_key = _copy_source(source)
    # With a slash in front or with escapes, it is open which spelling the condition key holds.
    plain = source == f"{from_bucket}/{from_key}"
    underivable = () if plain else ("s3:x-amz-copy-source",)
    if not plain:
        del context["s3:x-amz-copy-source"]
    # The one spelling of the source that cannot be read in two ways.
    passed_on["x-amz-copy-source"] = quote(f"{from_bucket}/{from_key}")
    checks = (
        _check("s3:GetObject", f"arn:aws:s3:::{from_bucket}/{from_key}", base),
        _check("s3:PutObject", arn, context, *underivable),
    )
    return S3Request("CopyObject", bucket, key, checks, base, headers=passed_on, source=(from_bucket, from_key))


def _copy_source(source: str) -> tuple[str, str]:
    path, _, version = source.partition("?")
    if version or path.startswith("arn:"):
        raise NotDerivableError("copy sources with a version or an access point")
    if "+" in path:
        raise NotDerivableError("copy sources with an unescaped plus sign, which may stand for a blank")
    bucket, _, key = _decoded(path).removeprefix("/").partition("/")
    if not _BUCKET.fullmatch(bucket) or not key:
        raise ServiceError(
            "InvalidArgument", "Copy Source must mention the source bucket and key: sourcebucket/sourcekey"
        )
    return bucket, key


def _check(action: str, resource: str, context: Mapping[str, tuple[str, ...]], *underivable: str) -> AuthorizationCheck:
    return AuthorizationCheck(action, resource, context, _UNDERIVABLE | frozenset(underivable))


def read_content(request: SignedRequest) -> tuple[bytes, dict[str, str]]:
    """Return the body out of its chunks, if it came in chunks, and the headers that trailed them.

    Raises ServiceError for a checksum that does not match, NotDerivableError for one that cannot be computed here and
    for chunks that do not add up.
    """
    content, trailers = request.body, dict[str, str]()
    if request.headers.get("x-amz-content-sha256") == "STREAMING-UNSIGNED-PAYLOAD-TRAILER":
        content, trailers = _out_of_chunks(content)
        if request.headers.get("x-amz-decoded-content-length", "") != str(len(content)):
            raise NotDerivableError("a chunked body of other than the announced length")
    for name, value in {**request.headers, **trailers}.items():
        algorithm = name.removeprefix("x-amz-checksum-")
        if algorithm == name or algorithm in ("algorithm", "type", "mode"):
            continue
        if algorithm not in _DIGESTS:
            raise NotDerivableError(f"the checksum {algorithm}")
        if base64.b64encode(_DIGESTS[algorithm](content)).decode() != value:
            text = f"The {algorithm.upper()} you specified did not match the calculated checksum."
            raise ServiceError("BadDigest", text)
    return content, trailers


def _out_of_chunks(body: bytes) -> tuple[bytes, dict[str, str]]:
    content, rest = b"", body
    while True:
        line, _, rest = rest.partition(b"\r\n")
        if not re.fullmatch(rb"[0-9a-fA-F]+", line):
            raise NotDerivableError("a chunked body that cannot be read")
        size = int(line, 16)
        if size == 0:
            break
        content += rest[:size]
        rest = rest[size:].removeprefix(b"\r\n")
    pairs = (line.partition(b":") for line in rest.split(b"\r\n") if line)
    return content, {name.decode().lower(): value.decode().strip() for name, _, value in pairs}


def delete_check(asked: S3Request, key: str) -> AuthorizationCheck:
    """Return the check of one key of a DeleteObjects call (aws-semantics 2.1: per key)."""
    return _check("s3:DeleteObject", f"arn:aws:s3:::{asked.bucket}/{key}", asked.base)


def list_check(asked: S3Request, bucket: str) -> AuthorizationCheck:
    """Return the check that decides between 404 and 403 for a missing key (aws-semantics 2.3)."""
    return _check("s3:ListBucket", f"arn:aws:s3:::{bucket}", asked.base)
