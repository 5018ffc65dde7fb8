"""S3 request -> operation, actions, resources and condition keys (aws-semantics 2.1 and 2.2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote, urlsplit

from harness.emulator.authorization_check import AuthorizationCheck
from harness.emulator.service import NotDerivableError, ServiceError

if TYPE_CHECKING:
    from collections.abc import Mapping

_LIST_PARAMETERS = frozenset(
    {
        "list-type",
        "prefix",
        "delimiter",
        "max-keys",
        "encoding-type",
        "continuation-token",
        "start-after",
        "fetch-owner",
        "marker",
    }
)
# Headers that ask for further permissions or set condition keys which this cut does not derive.
_UNKNOWN_HEADERS = ("x-amz-acl", "x-amz-tagging", "x-amz-grant-", "x-amz-object-lock", "x-amz-copy-source-if")
_TLS_AND_AGE = frozenset({"s3:tlsversion", "s3:signatureage"})
_DEFAULT_MAX_KEYS = "1000"  # value supplied when the parameter is omitted: unconfirmed (aws-semantics 2.2)


@dataclass(frozen=True, slots=True)
class S3Request:
    """One S3 call, told apart by method, path and query. `key` is the decoded object key, empty for bucket calls."""

    operation: str
    bucket: str
    key: str
    checks: tuple[AuthorizationCheck, ...]


def read_s3_request(method: str, url: str, headers: Mapping[str, str], account: str) -> S3Request:
    """Return what the request asks for. Raises NotDerivableError for anything that is not known exactly.

    DeleteObjects carries no check of its own: every key in its body is checked as s3:DeleteObject.
    """
    parts = urlsplit(url)
    bucket, key = _bucket_and_key(parts.netloc, parts.path)
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    query.pop("x-id", None)
    for name in headers:
        if name.startswith(_UNKNOWN_HEADERS):
            raise NotDerivableError(f"the S3 header {name}")
    base = _base_context(headers, account)
    if not bucket:
        if method == "GET" and not query:
            return S3Request("ListBuckets", "", "", (_check("s3:ListAllMyBuckets", "*", base),))
        raise NotDerivableError(f"{method} on the S3 service")
    if key:
        return _object_request(method, bucket, key, query, headers, base)
    return _bucket_request(method, bucket, query, base)


def _bucket_and_key(host: str, path: str) -> tuple[str, str]:
    label = host.split(":", maxsplit=1)[0].removesuffix(".amazonaws.com")
    if label == "s3" or label.startswith(("s3.", "s3-")):
        bucket, _, key = path.lstrip("/").partition("/") if not path.startswith("//") else ("", "", path)
        return unquote(bucket), unquote(key)
    return label.rpartition(".s3")[0], unquote(path[1:])


def _base_context(headers: Mapping[str, str], account: str) -> dict[str, tuple[str, ...]]:
    signed = "authorization" in headers
    context: dict[str, tuple[str, ...]] = {"s3:resourceaccount": (account,)}
    if signed:
        context["s3:authtype"] = ("REST-HEADER",)
        context["s3:signatureversion"] = ("AWS4-HMAC-SHA256",)
    for name in (
        "x-amz-content-sha256",
        "x-amz-server-side-encryption",
        "x-amz-server-side-encryption-aws-kms-key-id",
        "x-amz-storage-class",
        "x-amz-metadata-directive",
    ):
        if name in headers:
            context[f"s3:{name}"] = (headers[name],)
    return context


def _bucket_request(method: str, bucket: str, query: Mapping[str, str], base: dict[str, tuple[str, ...]]) -> S3Request:
    arn = f"arn:aws:s3:::{bucket}"
    if method == "POST" and query.keys() == {"delete"}:
        return S3Request("DeleteObjects", bucket, "", ())
    if method == "GET" and query.keys() <= _LIST_PARAMETERS:
        operation = "ListObjectsV2" if query.get("list-type") == "2" else "ListObjects"
        return S3Request(operation, bucket, "", (_check("s3:ListBucket", arn, base | _listing_context(query)),))
    simple = {"HEAD": ("HeadBucket", "s3:ListBucket"), "PUT": ("CreateBucket", "s3:CreateBucket")}
    simple["DELETE"] = ("DeleteBucket", "s3:DeleteBucket")
    if method in simple and not query:
        operation, action = simple[method]
        context = base | _listing_context(query) if method == "HEAD" else base
        return S3Request(operation, bucket, "", (_check(action, arn, context),))
    raise NotDerivableError(f"{method} on an S3 bucket with {', '.join(sorted(query)) or 'no parameters'}")


def _listing_context(query: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    context: dict[str, tuple[str, ...]] = {"s3:max-keys": (query.get("max-keys", _DEFAULT_MAX_KEYS),)}
    for name in ("prefix", "delimiter"):
        # Absent when the client sends none; an explicit empty prefix is present and empty (aws-semantics 2.2).
        if name in query:
            context[f"s3:{name}"] = (query[name],)
    return context


def _object_request(
    method: str,
    bucket: str,
    key: str,
    query: Mapping[str, str],
    headers: Mapping[str, str],
    base: dict[str, tuple[str, ...]],
) -> S3Request:
    if query:
        raise NotDerivableError(f"{method} on an S3 object with {', '.join(sorted(query))}")
    arn = f"arn:aws:s3:::{bucket}/{key}"
    source = headers.get("x-amz-copy-source")
    if method == "PUT" and source is not None:
        context = base | {"s3:x-amz-copy-source": (source,)}
        return S3Request(
            "CopyObject", bucket, key, (_copy_source_check(source, base), _check("s3:PutObject", arn, context))
        )
    known = {
        "GET": ("GetObject", "s3:GetObject"),
        "HEAD": ("HeadObject", "s3:GetObject"),
        "PUT": ("PutObject", "s3:PutObject"),
        "DELETE": ("DeleteObject", "s3:DeleteObject"),
    }
    if method not in known:
        raise NotDerivableError(f"{method} on an S3 object")
    operation, action = known[method]
    return S3Request(operation, bucket, key, (_check(action, arn, base),))


def _copy_source_check(source: str, base: dict[str, tuple[str, ...]]) -> AuthorizationCheck:
    path, _, version = source.partition("?")
    if version or path.startswith("arn:"):
        raise NotDerivableError("copy sources with a version or an access point")
    bucket, _, key = unquote(path).removeprefix("/").partition("/")
    if not bucket or not key:
        raise ServiceError(
            "InvalidArgument", "Copy Source must mention the source bucket and key: sourcebucket/sourcekey"
        )
    return _check("s3:GetObject", f"arn:aws:s3:::{bucket}/{key}", base)


def _check(action: str, resource: str, context: Mapping[str, tuple[str, ...]]) -> AuthorizationCheck:
    return AuthorizationCheck(action, resource, context, _TLS_AND_AGE)


def delete_check(bucket: str, key: str, account: str) -> AuthorizationCheck:
    """Return the check of one key of a DeleteObjects call (aws-semantics 2.1: per key)."""
    base = {
        "s3:resourceaccount": (account,),
        "s3:authtype": ("REST-HEADER",),
        "s3:signatureversion": ("AWS4-HMAC-SHA256",),
    }
    return _check("s3:DeleteObject", f"arn:aws:s3:::{bucket}/{key}", base)


def list_check(bucket: str, account: str) -> AuthorizationCheck:
    """Return the check that decides between 404 and 403 for a missing key (aws-semantics 2.3)."""
    return _check("s3:ListBucket", f"arn:aws:s3:::{bucket}", {"s3:resourceaccount": (account,)})
