"""S3 request -> operation, actions, resources and condition keys (aws-semantics 2.1 and 2.2).

What is read here is all that is performed later: a request that holds anything else is refused.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from harness.emulator.operations import request_tags
from harness.emulator.s3.addresses import ObjectName, checked_version_id, read_address, read_copy_source
from harness.emulator.s3.checks import RequestKeys, S3Check, request_keys
from harness.emulator.s3.errors import invalid_argument
from harness.emulator.s3.new_buckets import read_new_bucket
from harness.emulator.s3.operations import (
    ACL_HEADERS,
    BUCKET_OPERATIONS,
    LIST_BUCKETS,
    OBJECT_OPERATIONS,
    SELECTORS,
    S3Operation,
)
from harness.emulator.s3.tags import (
    TAGS_PER_BUCKET,
    TAGS_PER_OBJECT,
    request_tag_keys,
    tags_of_body,
    tags_of_header,
)
from harness.emulator.service import NotDerivableError
from harness.emulator.unconfirmed import s3 as unconfirmed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from harness.emulator.s3.addresses import Address
    from harness.emulator.s3.checks import Context
    from harness.emulator.s3.content import Content
    from harness.emulator.signatures.sigv4 import SignedRequest

# Headers that mean the same on every operation and ask for nothing.
_NEUTRAL = frozenset(
    {
        "x-amz-date",
        "x-amz-security-token",
        "x-amz-content-sha256",
        "x-amz-decoded-content-length",
        "x-amz-trailer",
        "x-amz-user-agent",
        "x-amz-checksum-mode",
        "x-amz-sdk-checksum-algorithm",
        "x-amz-expected-bucket-owner",
    }
)
_STORED = (
    "cache-control",
    "content-disposition",
    "content-encoding",
    "content-language",
    "content-type",
    "expires",
)
_CHECKSUM = "x-amz-checksum-"
_METADATA = "x-amz-meta-"
# Headers of writes that are condition keys of s3:PutObject under their own names.
_WRITE_KEYS = (
    *sorted(ACL_HEADERS),
    "x-amz-server-side-encryption",
    "x-amz-server-side-encryption-aws-kms-key-id",
    "x-amz-storage-class",
    "x-amz-metadata-directive",
    "if-match",
    "if-none-match",
)
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
# Which operations on s3:PutObject bring an object into being (S3 User Guide, "Enforce conditional writes").
_CREATES_AN_OBJECT = frozenset({"PutObject", "CopyObject", "CompleteMultipartUpload"})


@dataclass(frozen=True, slots=True)
class S3Request:
    """One S3 call with everything that is needed to authorize and perform it.

    `key` is the decoded object key, empty for bucket calls. `headers` holds those that say something about the
    operation, `tags` the tags that the request itself sets, None when it sets none. `keys` makes further checks of
    this request, such as those of the keys of a DeleteObjects call, which has none of its own.
    """

    operation: str
    keys: RequestKeys
    content: Content
    bucket: str = ""
    key: str = ""
    version_id: str | None = None
    checks: tuple[S3Check, ...] = ()
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    source: ObjectName | None = None
    tags: Mapping[str, str] | None = None

    @property
    def body(self) -> bytes:
        """The content of the request, out of its chunks."""
        return self.content.body


def read_s3_request(request: SignedRequest, content: Content, now: float) -> S3Request:
    """Return what the request asks for.

    Raises NotDerivableError for anything that is not known exactly, ServiceError for what S3 calls malformed.
    """
    address = read_address(request.url)
    if request.headers.get("content-type", "").lower().startswith(_FORMS):
        raise NotDerivableError("an S3 request whose body is a form")
    keys = request_keys(request.headers, address, now)
    if not address.bucket:
        if request.method != "GET" or address.query.keys() - LIST_BUCKETS:
            raise NotDerivableError(f"{request.method} on the S3 service with such parameters")
        _refuse_other_headers(request.headers, ())
        listing = (keys.check("s3:ListAllMyBuckets", ""),)
        return S3Request("ListBuckets", keys, content, checks=listing, query=address.query)
    operation = _chosen(request, address)
    _refuse_other_headers(request.headers, operation.headers, *((_METADATA,) if operation.writes else ()))
    _refuse_other_parameters(operation, address)
    return (_object_request if address.key else _bucket_request)(operation, address, request.headers, content, keys)


def _chosen(request: SignedRequest, address: Address) -> S3Operation:
    selectors = SELECTORS & address.query.keys()
    kind = "object" if address.key else "bucket"
    found = [
        each
        for each in (OBJECT_OPERATIONS if address.key else BUCKET_OPERATIONS)
        if each.method == request.method
        and {each.selector} - {""} == selectors
        and each.copies == ("x-amz-copy-source" in request.headers)
    ]
    if len(found) != 1:
        shown = ", ".join(sorted(address.query)) or "no parameters"
        raise NotDerivableError(f"{request.method} on an S3 {kind} with {shown}")
    return found[0]


def _refuse_other_headers(headers: Mapping[str, str], known: Iterable[str], *prefixes: str) -> None:
    """Refuse headers that ask for further permissions, or set condition keys, which are not derived here."""
    for name in headers:
        # Some readers take underscores for dashes.
        means_something = name.replace("_", "-").startswith(("x-amz-", "if-")) and name not in _NEUTRAL
        if means_something and name not in known and not name.startswith((*prefixes, _CHECKSUM)):
            raise NotDerivableError(f"the S3 header {name}")


def _refuse_other_parameters(operation: S3Operation, address: Address) -> None:
    others = address.query.keys() - operation.parameters - {operation.selector}
    flag = address.query.get(operation.selector, "") if operation.selector != "uploadId" else ""
    if others or flag or (operation.selector == "uploadId") != ("uploadId" in address.query):
        shown = ", ".join(sorted(others)) or f"{operation.selector}={flag}"
        raise NotDerivableError(f"{operation.name} with {shown}")
    if operation.name == "ListObjects" and address.query.get("list-type", "2") != "2":
        raise NotDerivableError("another version of ListObjects")


def _bucket_request(
    operation: S3Operation, address: Address, headers: Mapping[str, str], content: Content, keys: RequestKeys
) -> S3Request:
    name, bucket, tags = operation.name, address.bucket, None
    context: Context = {}
    underivable: frozenset[str] = frozenset()
    more: list[S3Check] = []
    if name in ("ListObjects", "ListObjectVersions", "HeadBucket"):
        context = _listing_keys(address.query)
    elif name in ("CreateBucket", "PutBucketAcl"):
        context = _header_keys(headers, (*ACL_HEADERS, "x-amz-object-ownership"))
    if name == "CreateBucket":
        new = read_new_bucket(content.body)
        if new.location:
            context["s3:locationconstraint"] = (new.location,)
        if new.tags:
            context |= request_tags(new.tags)
            more.append(keys.check("s3:TagResource", bucket, context=request_tags(new.tags)))
        if not ACL_HEADERS.isdisjoint(headers):
            more.append(keys.check("s3:PutBucketAcl", bucket, context=_header_keys(headers, ACL_HEADERS)))
        if "x-amz-object-ownership" in headers:
            more.append(keys.check("s3:PutBucketOwnershipControls", bucket))
    if name == "PutBucketTagging":
        tags = tags_of_body(content.body, TAGS_PER_BUCKET)
        # Whether S3 derives these for buckets depends on settings that are not here.
        underivable = frozenset({"aws:tagkeys", "aws:requesttag/"})
    if name == "ListObjects" and "list-type" in address.query:
        name = "ListObjectsV2"
    checks = [keys.check(action, bucket, context=context, underivable=underivable) for action in operation.actions]
    return S3Request(
        name,
        keys,
        content,
        bucket,
        checks=(*checks, *more),
        query=address.query,
        headers=_kept(headers, operation),
        tags=tags,
    )


def _listing_keys(query: Mapping[str, str]) -> Context:
    context: Context = {"s3:max-keys": (query.get("max-keys", unconfirmed.DEFAULT_MAX_KEYS),)}
    for name in ("prefix", "delimiter"):
        # Absent when the client sends none; an explicit empty prefix is present and empty (aws-semantics 2.2).
        if name in query:
            context[f"s3:{name}"] = (query[name],)
    return context


def _header_keys(headers: Mapping[str, str], names: Iterable[str]) -> Context:
    return {f"s3:{name}": (headers[name],) for name in names if name in headers}


def _kept(headers: Mapping[str, str], operation: S3Operation) -> dict[str, str]:
    names = (*operation.headers, *(_STORED if operation.writes else ()), "x-amz-expected-bucket-owner")
    kept = {name: headers[name] for name in (*names, "x-amz-checksum-mode") if name in headers}
    if operation.writes:
        kept |= {name: value for name, value in headers.items() if name.startswith(_METADATA)}
    return kept


def _object_request(
    operation: S3Operation, address: Address, headers: Mapping[str, str], content: Content, keys: RequestKeys
) -> S3Request:
    name = operation.name
    bucket, key = address.bucket, address.key
    version_id = checked_version_id(address.query["versionId"]) if "versionId" in address.query else None
    if "uploadId" in address.query and not address.query["uploadId"]:
        raise invalid_argument("This operation does not accept a query-string without an upload ID.")
    tags: Mapping[str, str] | None = None
    if name == "PutObjectTagging":
        tags = tags_of_body(content.body, TAGS_PER_OBJECT)
    elif "x-amz-tagging" in headers:
        tags = tags_of_header(headers["x-amz-tagging"])
    context: Context = {}
    source, checks = None, list[S3Check]()
    underivable: frozenset[str] = frozenset()
    if operation.copies:
        source, read = _source_check(headers["x-amz-copy-source"], keys)
        checks.append(read)
        if headers["x-amz-copy-source"] == f"{source.bucket}/{source.key}":
            context["s3:x-amz-copy-source"] = (headers["x-amz-copy-source"],)
        else:
            # With a slash in front, escapes or a version, it is open which spelling the condition key holds.
            underivable = frozenset({"s3:x-amz-copy-source"})
    if operation.actions == ("s3:PutObject",):
        context |= _header_keys(headers, _WRITE_KEYS)
        context["s3:objectcreationoperation"] = ("true" if name in _CREATES_AN_OBJECT else "false",)
    elif name == "PutObjectAcl":
        context |= _header_keys(headers, ACL_HEADERS)
    if operation.writes or name == "PutObjectTagging":
        context |= request_tag_keys(tags or {})
    actions = operation.actions if version_id is None else operation.version_actions
    checks += [keys.check(action, bucket, key, version_id, context, underivable) for action in actions]
    if operation.writes:
        checks += _further_write_checks(headers, bucket, key, tags, keys)
    return S3Request(
        name,
        keys,
        content,
        bucket,
        key,
        version_id,
        tuple(checks),
        address.query,
        _kept(headers, operation),
        source,
        tags,
    )


def _source_check(header: str, keys: RequestKeys) -> tuple[ObjectName, S3Check]:
    source = read_copy_source(header)
    action = "s3:GetObject" if source.version_id is None else "s3:GetObjectVersion"
    return source, keys.check(action, source.bucket, source.key, source.version_id)


def _further_write_checks(
    headers: Mapping[str, str], bucket: str, key: str, tags: Mapping[str, str] | None, keys: RequestKeys
) -> list[S3Check]:
    checks = []
    if "if-match" in headers:
        # Comparing with what is there reads it (S3 User Guide, "Conditional writes").
        checks.append(keys.check("s3:GetObject", bucket, key))
    if not ACL_HEADERS.isdisjoint(headers):
        checks.append(keys.check("s3:PutObjectAcl", bucket, key, context=_header_keys(headers, ACL_HEADERS)))
    if tags is not None:
        checks.append(keys.check("s3:PutObjectTagging", bucket, key, context=request_tag_keys(tags)))
    return checks


def list_check(asked: S3Request, bucket: str) -> S3Check:
    """Return the check that decides between 404 and 403 for a missing key (aws-semantics 2.3)."""
    return asked.keys.check("s3:ListBucket", bucket)
