"""Every row of aws-semantics 2.1: with its actions a call works, without any one of them it is denied by that name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from s3_world import Caller, S3World, allow, implicit, open_world, refusal

if TYPE_CHECKING:
    from collections.abc import Mapping


_TAGS = {"Tagging": {"TagSet": [{"Key": "team", "Value": "red"}]}}
_K = {"Key": "own/k"}
_VERSION = {**_K, "VersionId": "{version}"}
_UPLOAD = {"Key": "own/up", "UploadId": "{upload}"}
_SOURCE = {"CopySource": {"Bucket": "{bucket}", "Key": "own/k"}}
_OLD_SOURCE = {"CopySource": {"Bucket": "{bucket}", "Key": "own/k", "VersionId": "{version}"}}
_UNTAGGED = {"CopySource": {"Bucket": "{bucket}", "Key": "own/plain"}}
_PARTS = {"MultipartUpload": {"Parts": [{"PartNumber": 1, "ETag": "{etag}"}]}}
_DELETE = {"Delete": {"Objects": [{"Key": "own/k"}]}}
_OWNERS = {"ACL": "bucket-owner-full-control"}
_PRIVATE = {"BlockPublicAcls": True}

# Operation, parameters, and the actions it needs, each with the key of the object or with "" for the bucket.
_ROWS: list[tuple[str, dict[str, Any], list[tuple[str, str]]]] = [
    ("get_object", _K, [("GetObject", "own/k")]),
    ("get_object", _VERSION, [("GetObjectVersion", "own/k")]),
    ("head_object", _K, [("GetObject", "own/k")]),
    (
        "get_object_attributes",
        {**_K, "ObjectAttributes": ["ETag"]},
        [("GetObject", "own/k"), ("GetObjectAttributes", "own/k")],
    ),
    (
        "get_object_attributes",
        {**_VERSION, "ObjectAttributes": ["ETag"]},
        [("GetObjectVersion", "own/k"), ("GetObjectVersionAttributes", "own/k")],
    ),
    ("put_object", {**_K, "Body": b"new"}, [("PutObject", "own/k")]),
    ("put_object", {**_K, "Tagging": "a=b"}, [("PutObject", "own/k"), ("PutObjectTagging", "own/k")]),
    ("put_object", {**_K, **_OWNERS}, [("PutObject", "own/k"), ("PutObjectAcl", "own/k")]),
    ("put_object", {**_K, "IfMatch": "{etag-k}"}, [("PutObject", "own/k"), ("GetObject", "own/k")]),
    ("delete_object", _K, [("DeleteObject", "own/k")]),
    ("delete_object", _VERSION, [("DeleteObjectVersion", "own/k")]),
    ("list_objects", {}, [("ListBucket", "")]),
    ("list_objects_v2", {}, [("ListBucket", "")]),
    ("head_bucket", {}, [("ListBucket", "")]),
    ("list_object_versions", {}, [("ListBucketVersions", "")]),
    ("list_multipart_uploads", {}, [("ListBucketMultipartUploads", "")]),
    ("create_multipart_upload", {"Key": "own/new"}, [("PutObject", "own/new")]),
    (
        "create_multipart_upload",
        {"Key": "own/new", "Tagging": "a=b"},
        [("PutObject", "own/new"), ("PutObjectTagging", "own/new")],
    ),
    ("upload_part", {**_UPLOAD, "PartNumber": 2, "Body": b"part"}, [("PutObject", "own/up")]),
    ("complete_multipart_upload", {**_UPLOAD, **_PARTS}, [("PutObject", "own/up")]),
    ("abort_multipart_upload", _UPLOAD, [("AbortMultipartUpload", "own/up")]),
    ("list_parts", _UPLOAD, [("ListMultipartUploadParts", "own/up")]),
    (
        "upload_part_copy",
        {**_UPLOAD, **_SOURCE, "PartNumber": 3},
        [("GetObject", "own/k"), ("PutObject", "own/up")],
    ),
    (
        "upload_part_copy",
        {**_UPLOAD, **_OLD_SOURCE, "PartNumber": 3},
        [("GetObjectVersion", "own/k"), ("PutObject", "own/up")],
    ),
    ("copy_object", {"Key": "own/to", **_UNTAGGED}, [("GetObject", "own/plain"), ("PutObject", "own/to")]),
    (
        "copy_object",
        {"Key": "own/to", **_SOURCE},
        [
            ("GetObject", "own/k"),
            ("PutObject", "own/to"),
            ("GetObjectTagging", "own/k"),
            ("PutObjectTagging", "own/to"),
        ],
    ),
    (
        "copy_object",
        {"Key": "own/to", **_OLD_SOURCE, "TaggingDirective": "REPLACE"},
        [("GetObjectVersion", "own/k"), ("PutObject", "own/to")],
    ),
    (
        "copy_object",
        {"Key": "own/to", **_UNTAGGED, **_OWNERS},
        [("GetObject", "own/plain"), ("PutObject", "own/to"), ("PutObjectAcl", "own/to")],
    ),
    ("get_object_tagging", _K, [("GetObjectTagging", "own/k")]),
    ("get_object_tagging", _VERSION, [("GetObjectVersionTagging", "own/k")]),
    ("put_object_tagging", {**_K, **_TAGS}, [("PutObjectTagging", "own/k")]),
    ("put_object_tagging", {**_VERSION, **_TAGS}, [("PutObjectVersionTagging", "own/k")]),
    ("delete_object_tagging", _K, [("DeleteObjectTagging", "own/k")]),
    ("delete_object_tagging", _VERSION, [("DeleteObjectVersionTagging", "own/k")]),
    ("get_object_acl", _K, [("GetObjectAcl", "own/k")]),
    ("get_object_acl", _VERSION, [("GetObjectVersionAcl", "own/k")]),
    ("put_object_acl", {**_K, **_OWNERS}, [("PutObjectAcl", "own/k")]),
    ("put_object_acl", {**_VERSION, **_OWNERS}, [("PutObjectVersionAcl", "own/k")]),
    ("get_bucket_acl", {}, [("GetBucketAcl", "")]),
    ("put_bucket_acl", _OWNERS, [("PutBucketAcl", "")]),
    ("get_bucket_location", {}, [("GetBucketLocation", "")]),
    ("get_bucket_policy", {}, [("GetBucketPolicy", "")]),
    ("put_bucket_policy", {"Policy": "{policy}"}, [("PutBucketPolicy", "")]),
    ("delete_bucket_policy", {}, [("DeleteBucketPolicy", "")]),
    ("get_bucket_policy_status", {}, [("GetBucketPolicyStatus", "")]),
    ("get_public_access_block", {}, [("GetBucketPublicAccessBlock", "")]),
    ("put_public_access_block", {"PublicAccessBlockConfiguration": _PRIVATE}, [("PutBucketPublicAccessBlock", "")]),
    ("delete_public_access_block", {}, [("PutBucketPublicAccessBlock", "")]),
    ("get_bucket_ownership_controls", {}, [("GetBucketOwnershipControls", "")]),
    (
        "put_bucket_ownership_controls",
        {"OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}},
        [("PutBucketOwnershipControls", "")],
    ),
    ("get_bucket_versioning", {}, [("GetBucketVersioning", "")]),
    ("put_bucket_versioning", {"VersioningConfiguration": {"Status": "Suspended"}}, [("PutBucketVersioning", "")]),
    ("get_bucket_tagging", {}, [("GetBucketTagging", "")]),
    ("put_bucket_tagging", _TAGS, [("PutBucketTagging", "")]),
    ("delete_bucket_tagging", {}, [("PutBucketTagging", "")]),
]


world = pytest.fixture(scope="module")(open_world)


@pytest.fixture(scope="module")
def caller(world: S3World) -> Caller:
    return world.user()


@pytest.fixture
def names(world: S3World) -> Mapping[str, str]:
    """Return what the placeholders of a row stand for, in a new bucket that holds one of everything."""
    operator, bucket = world.operator, world.bucket()
    policy = (
        '{"Version":"2012-10-17","Statement":{"Effect":"Deny","Principal":"*","Action":"s3:DeleteBucket",'
        f'"Resource":"arn:aws:s3:::{bucket}"}}}}'
    )
    operator.put_bucket_policy(Bucket=bucket, Policy=policy)
    operator.put_bucket_tagging(Bucket=bucket, **_TAGS)
    operator.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    stored = operator.put_object(Bucket=bucket, **_K, Body=b"content", Tagging="team=red")
    operator.put_object(Bucket=bucket, Key="own/plain", Body=b"plain")
    upload = operator.create_multipart_upload(Bucket=bucket, Key="own/up")["UploadId"]
    part = operator.upload_part(Bucket=bucket, Key="own/up", UploadId=upload, PartNumber=1, Body=b"part")
    return {
        "bucket": bucket,
        "version": stored["VersionId"],
        "etag-k": stored["ETag"],
        "upload": upload,
        "etag": part["ETag"],
        "policy": policy,
    }


def _filled(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _filled(item, names) for key, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, names) for item in value]
    return names.get(value[1:-1], value) if isinstance(value, str) and value.startswith("{") else value


def _arn(names: Mapping[str, str], key: str) -> str:
    return f"arn:aws:s3:::{names['bucket']}/{key}" if key else f"arn:aws:s3:::{names['bucket']}"


def _ids() -> list[str]:
    return [f"2.1-{operation}-{'+'.join(action for action, _ in actions)}" for operation, _, actions in _ROWS]


@pytest.mark.parametrize(("operation", "params", "actions"), _ROWS, ids=_ids())
def test_a_call_needs_its_actions_on_its_resources_and_no_others(
    world: S3World,
    caller: Caller,
    names: Mapping[str, str],
    operation: str,
    params: dict[str, Any],
    actions: list[tuple[str, str]],
) -> None:
    call = getattr(caller.s3, operation)
    sent = {"Bucket": names["bucket"], **_filled(params, names)}
    grants = [allow(action, on=_arn(names, key)) for action, key in actions]
    for missing, (action, key) in enumerate(actions):
        others = [grant for number, grant in enumerate(grants) if number != missing]
        world.grant(caller, *(others or [allow("Nothing")]))
        code, status, message = refusal(call, **sent)
        if operation.startswith("head"):
            # 2.3: the answer to HEAD has no body.
            assert (code, status) == ("403", 403)
        else:
            assert (code, status, message) == implicit(caller, f"s3:{action}", _arn(names, key))
    world.grant(caller, *grants)
    assert call(**sent)["ResponseMetadata"]["HTTPStatusCode"] < 300


@pytest.mark.parametrize(
    ("granted", "operation", "params", "needed", "key"),
    [
        ("GetObject", "get_object", _VERSION, "GetObjectVersion", "own/k"),
        ("GetObjectVersion", "get_object", _K, "GetObject", "own/k"),
        ("DeleteObject", "delete_object", _VERSION, "DeleteObjectVersion", "own/k"),
        ("ListBucket", "list_object_versions", {}, "ListBucketVersions", ""),
        ("ListBucket", "list_multipart_uploads", {}, "ListBucketMultipartUploads", ""),
        ("ListObjectsV2", "list_objects_v2", {}, "ListBucket", ""),
        ("CopyObject", "copy_object", {"Key": "own/to", **_UNTAGGED}, "GetObject", "own/plain"),
        ("UploadPart", "upload_part", {**_UPLOAD, "PartNumber": 2, "Body": b""}, "PutObject", "own/up"),
        ("PutObject", "abort_multipart_upload", _UPLOAD, "AbortMultipartUpload", "own/up"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_neighbouring_action_grants_nothing(
    world: S3World,
    caller: Caller,
    names: Mapping[str, str],
    granted: str,
    operation: str,
    params: dict[str, Any],
    needed: str,
    key: str,
) -> None:
    world.grant(caller, allow(granted))
    sent = {"Bucket": names["bucket"], **_filled(params, names)}
    assert refusal(getattr(caller.s3, operation), **sent) == implicit(caller, f"s3:{needed}", _arn(names, key))


def test_deletion_of_several_is_authorized_and_answered_per_key_and_version(
    world: S3World, caller: Caller, names: Mapping[str, str]
) -> None:
    # 2.1, row DeleteObjects: 200 with an entry per key; a version needs DeleteObjectVersion.
    world.grant(caller, allow("DeleteObject", on=_arn(names, "own/*")))
    entries = [{"Key": "own/plain"}, {"Key": "foreign/k"}, {"Key": "own/k", "VersionId": names["version"]}]
    answer = caller.s3.delete_objects(Bucket=names["bucket"], Delete={"Objects": entries})
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert [(entry["Key"], entry["DeleteMarker"]) for entry in answer["Deleted"]] == [("own/plain", True)]
    denied = [(entry["Key"], entry["Code"], entry["Message"]) for entry in answer["Errors"]]
    assert denied == [
        ("foreign/k", "AccessDenied", implicit(caller, "s3:DeleteObject", _arn(names, "foreign/k"))[2]),
        ("own/k", "AccessDenied", implicit(caller, "s3:DeleteObjectVersion", _arn(names, "own/k"))[2]),
    ]


def test_the_buckets_of_the_account_are_listed_on_no_resource(world: S3World, caller: Caller) -> None:
    # 2.1, row ListBuckets: s3:ListAllMyBuckets on *.
    world.grant(caller, allow("ListAllMyBuckets", on="arn:aws:s3:::bucket-1"))
    assert refusal(caller.s3.list_buckets) == implicit(caller, "s3:ListAllMyBuckets", "*")
    world.grant(caller, allow("ListAllMyBuckets"))
    mine = {bucket["Name"] for bucket in caller.s3.list_buckets()["Buckets"]}
    assert mine == {bucket["Name"] for bucket in world.operator.list_buckets()["Buckets"]}


@pytest.mark.parametrize(
    ("params", "needed"),
    [
        ({}, "CreateBucket"),
        ({"ACL": "private", "ObjectOwnership": "BucketOwnerPreferred"}, "PutBucketAcl"),
        ({"ObjectOwnership": "BucketOwnerPreferred"}, "PutBucketOwnershipControls"),
    ],
)
def test_making_a_bucket_needs_the_actions_of_what_it_sets(
    world: S3World, caller: Caller, params: dict[str, Any], needed: str
) -> None:
    # 2.1 and [model: CreateBucket, "Permissions"].
    actions = ["CreateBucket", "PutBucketAcl", "PutBucketOwnershipControls", "DeleteBucket"]
    world.grant(caller, allow(*(action for action in actions if action != needed)))
    new = f"new-{needed.lower()}"
    assert refusal(caller.s3.create_bucket, Bucket=new, **params) == implicit(
        caller, f"s3:{needed}", f"arn:aws:s3:::{new}"
    )
    world.grant(caller, allow(*actions))
    caller.s3.create_bucket(Bucket=new, **params)
    caller.s3.delete_bucket(Bucket=new)
