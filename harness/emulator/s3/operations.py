"""The S3 operations that are known: how a request chooses one, and which actions it needs (aws-semantics 2.1).

A parameter or header that is not listed for an operation is refused, never ignored.
"""

from __future__ import annotations

from dataclasses import dataclass

from harness.emulator.operations import accepting

_LISTING = "prefix delimiter encoding-type"
_READ_CONDITIONS = "if-match if-none-match if-modified-since if-unmodified-since"
_OVERRIDES = (
    "response-content-type response-content-language response-expires response-cache-control "
    "response-content-disposition response-content-encoding"
)
_ENCRYPTION = "x-amz-server-side-encryption x-amz-server-side-encryption-aws-kms-key-id"
_GRANTS = (
    "x-amz-grant-full-control x-amz-grant-read x-amz-grant-read-acp x-amz-grant-write x-amz-grant-write-acp x-amz-acl"
)
_COPY = "x-amz-copy-source x-amz-source-expected-bucket-owner"
_NOTHING: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class S3Operation:
    """One operation.

    `selector` is the query parameter that chooses it among those of its method. `actions` are needed on the resource;
    `version_actions` in their place when a version is named. `parameters` and `headers` are what else it takes.
    `writes` marks operations that describe an object to be stored, with metadata, tags and the like.
    """

    name: str
    method: str
    selector: str = ""
    actions: tuple[str, ...] = ()
    version_actions: tuple[str, ...] = ()
    parameters: frozenset[str] = _NOTHING
    headers: frozenset[str] = _NOTHING
    copies: bool = False
    writes: bool = False


ACL_HEADERS = accepting(_GRANTS)
READ_CONDITIONS = accepting(_READ_CONDITIONS)
OVERRIDES = accepting(_OVERRIDES)
# The parameters of ListBuckets, the one operation on no bucket.
LIST_BUCKETS = accepting("max-buckets continuation-token prefix bucket-region")

BUCKET_OPERATIONS = (
    S3Operation("CreateBucket", "PUT", "", ("s3:CreateBucket",), headers=accepting(_GRANTS, "x-amz-object-ownership")),
    S3Operation("DeleteBucket", "DELETE", "", ("s3:DeleteBucket",)),
    S3Operation("HeadBucket", "HEAD", "", ("s3:ListBucket",)),
    S3Operation(
        "ListObjects",
        "GET",
        "",
        ("s3:ListBucket",),
        parameters=accepting(_LISTING, "max-keys list-type continuation-token start-after fetch-owner marker"),
    ),
    S3Operation(
        "ListObjectVersions",
        "GET",
        "versions",
        ("s3:ListBucketVersions",),
        parameters=accepting(_LISTING, "max-keys key-marker version-id-marker"),
    ),
    S3Operation(
        "ListMultipartUploads",
        "GET",
        "uploads",
        ("s3:ListBucketMultipartUploads",),
        parameters=accepting(_LISTING, "max-uploads key-marker upload-id-marker"),
    ),
    S3Operation("DeleteObjects", "POST", "delete"),
    S3Operation("GetBucketLocation", "GET", "location", ("s3:GetBucketLocation",)),
    S3Operation("GetBucketPolicy", "GET", "policy", ("s3:GetBucketPolicy",)),
    S3Operation("PutBucketPolicy", "PUT", "policy", ("s3:PutBucketPolicy",)),
    S3Operation("DeleteBucketPolicy", "DELETE", "policy", ("s3:DeleteBucketPolicy",)),
    S3Operation("GetBucketPolicyStatus", "GET", "policyStatus", ("s3:GetBucketPolicyStatus",)),
    S3Operation("GetPublicAccessBlock", "GET", "publicAccessBlock", ("s3:GetBucketPublicAccessBlock",)),
    S3Operation("PutPublicAccessBlock", "PUT", "publicAccessBlock", ("s3:PutBucketPublicAccessBlock",)),
    S3Operation("DeletePublicAccessBlock", "DELETE", "publicAccessBlock", ("s3:PutBucketPublicAccessBlock",)),
    S3Operation("GetBucketOwnershipControls", "GET", "ownershipControls", ("s3:GetBucketOwnershipControls",)),
    S3Operation("PutBucketOwnershipControls", "PUT", "ownershipControls", ("s3:PutBucketOwnershipControls",)),
    S3Operation("GetBucketVersioning", "GET", "versioning", ("s3:GetBucketVersioning",)),
    S3Operation("PutBucketVersioning", "PUT", "versioning", ("s3:PutBucketVersioning",)),
    S3Operation("GetBucketTagging", "GET", "tagging", ("s3:GetBucketTagging",)),
    S3Operation("PutBucketTagging", "PUT", "tagging", ("s3:PutBucketTagging",)),
    S3Operation("DeleteBucketTagging", "DELETE", "tagging", ("s3:PutBucketTagging",)),
    S3Operation("GetBucketAcl", "GET", "acl", ("s3:GetBucketAcl",)),
    S3Operation("PutBucketAcl", "PUT", "acl", ("s3:PutBucketAcl",), headers=ACL_HEADERS),
)

_VERSION = accepting("versionId")
_GETTING = accepting("range", _READ_CONDITIONS)
_WRITING = accepting(_GRANTS, _ENCRYPTION, "x-amz-storage-class x-amz-tagging")
_COPYING = accepting(_COPY, "x-amz-metadata-directive x-amz-tagging-directive")

OBJECT_OPERATIONS = (
    S3Operation(
        "GetObject", "GET", "", ("s3:GetObject",), ("s3:GetObjectVersion",), _VERSION | OVERRIDES, headers=_GETTING
    ),
    S3Operation(
        "HeadObject", "HEAD", "", ("s3:GetObject",), ("s3:GetObjectVersion",), _VERSION | OVERRIDES, headers=_GETTING
    ),
    S3Operation(
        "GetObjectAttributes",
        "GET",
        "attributes",
        ("s3:GetObject", "s3:GetObjectAttributes"),
        ("s3:GetObjectVersion", "s3:GetObjectVersionAttributes"),
        _VERSION,
        headers=accepting("x-amz-object-attributes"),
    ),
    S3Operation(
        "PutObject",
        "PUT",
        "",
        ("s3:PutObject",),
        headers=_WRITING | accepting("if-match if-none-match"),
        writes=True,
    ),
    S3Operation("CopyObject", "PUT", "", ("s3:PutObject",), headers=_WRITING | _COPYING, copies=True, writes=True),
    S3Operation("DeleteObject", "DELETE", "", ("s3:DeleteObject",), ("s3:DeleteObjectVersion",), _VERSION),
    S3Operation(
        "GetObjectTagging", "GET", "tagging", ("s3:GetObjectTagging",), ("s3:GetObjectVersionTagging",), _VERSION
    ),
    S3Operation(
        "PutObjectTagging", "PUT", "tagging", ("s3:PutObjectTagging",), ("s3:PutObjectVersionTagging",), _VERSION
    ),
    S3Operation(
        "DeleteObjectTagging",
        "DELETE",
        "tagging",
        ("s3:DeleteObjectTagging",),
        ("s3:DeleteObjectVersionTagging",),
        _VERSION,
    ),
    S3Operation("GetObjectAcl", "GET", "acl", ("s3:GetObjectAcl",), ("s3:GetObjectVersionAcl",), _VERSION),
    S3Operation("PutObjectAcl", "PUT", "acl", ("s3:PutObjectAcl",), ("s3:PutObjectVersionAcl",), _VERSION, ACL_HEADERS),
    S3Operation("CreateMultipartUpload", "POST", "uploads", ("s3:PutObject",), headers=_WRITING, writes=True),
    S3Operation("UploadPart", "PUT", "uploadId", ("s3:PutObject",), parameters=accepting("partNumber")),
    S3Operation(
        "UploadPartCopy",
        "PUT",
        "uploadId",
        ("s3:PutObject",),
        parameters=accepting("partNumber"),
        headers=accepting(_COPY, "x-amz-copy-source-range"),
        copies=True,
    ),
    S3Operation("CompleteMultipartUpload", "POST", "uploadId", ("s3:PutObject",)),
    S3Operation("AbortMultipartUpload", "DELETE", "uploadId", ("s3:AbortMultipartUpload",)),
    S3Operation(
        "ListParts",
        "GET",
        "uploadId",
        ("s3:ListMultipartUploadParts",),
        parameters=accepting("max-parts part-number-marker"),
    ),
)
SELECTORS = frozenset(each.selector for each in (*BUCKET_OPERATIONS, *OBJECT_OPERATIONS)) - {""}
