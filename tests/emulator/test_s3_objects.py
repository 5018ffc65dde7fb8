"""Objects, versions, multipart uploads and listings as S3's documentation describes them, through boto3."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from s3_world import S3World, allow, implicit, open_world, refusal

_FIVE_MB = 5 * 1024 * 1024
_LITERAL_KEYS = ["own/../foreign/k", "//k", "own//k", "./k", "own/", "a%2Fb", "a+b c", "é★", "own/k?versionId=x#y"]


world = pytest.fixture(scope="module")(open_world)


@pytest.fixture
def bucket(world: S3World) -> str:
    return world.bucket()


@pytest.fixture
def versioned(world: S3World, bucket: str) -> str:
    world.operator.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    return bucket


def _body(answer: Any) -> bytes:
    return bytes(answer["Body"].read())


def _versions(world: S3World, bucket: str) -> list[tuple[str, str, bool, bool]]:
    """Return key, version id, whether it is the latest, and whether it is a delete marker, as they are listed."""
    answer = world.operator.list_object_versions(Bucket=bucket)
    entries = [(each, False) for each in answer.get("Versions", [])]
    entries += [(each, True) for each in answer.get("DeleteMarkers", [])]
    return sorted((each["Key"], each["VersionId"], each["IsLatest"], marker) for each, marker in entries)


def test_a_versioned_bucket_keeps_what_is_overwritten_and_deleted(world: S3World, versioned: str) -> None:
    s3, name = world.operator, {"Bucket": versioned, "Key": "k"}
    first = s3.put_object(**name, Body=b"1")["VersionId"]
    second = s3.put_object(**name, Body=b"2")["VersionId"]
    deleted = s3.delete_object(**name)
    assert (deleted["DeleteMarker"], first != second) == (True, True)
    assert refusal(s3.get_object, **name) == ("NoSuchKey", 404, "The specified key does not exist.")
    assert [_body(s3.get_object(**name, VersionId=version)) for version in (first, second)] == [b"1", b"2"]
    assert refusal(s3.get_object, **name, VersionId=deleted["VersionId"])[:2] == ("MethodNotAllowed", 405)
    assert refusal(s3.get_object, **name, VersionId="none")[:2] == ("NoSuchVersion", 404)
    expected = [(first, False, False), (second, False, False), (deleted["VersionId"], True, True)]
    assert _versions(world, versioned) == sorted(("k", *each) for each in expected)
    gone = s3.delete_object(**name, VersionId=deleted["VersionId"])
    assert (gone["DeleteMarker"], _body(s3.get_object(**name))) == (True, b"2")
    s3.delete_object(**name, VersionId=second)
    assert _body(s3.get_object(**name)) == b"1"


def test_deleting_what_is_not_there_succeeds(world: S3World, bucket: str) -> None:
    # 2.3, row "delete of a missing key with permission".
    assert world.operator.delete_object(Bucket=bucket, Key="none")["ResponseMetadata"]["HTTPStatusCode"] == 204
    answer = world.operator.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "none"}]})
    assert [entry["Key"] for entry in answer["Deleted"]] == ["none"]


def test_suspended_versioning_replaces_the_null_version_only(world: S3World, bucket: str) -> None:
    s3, name = world.operator, {"Bucket": bucket, "Key": "k"}
    s3.put_object(**name, Body=b"before")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    kept = s3.put_object(**name, Body=b"kept")["VersionId"]
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Suspended"
    assert s3.put_object(**name, Body=b"null")["VersionId"] == "null"
    assert _body(s3.get_object(**name, VersionId="null")) == b"null"
    assert _body(s3.get_object(**name, VersionId=kept)) == b"kept"
    assert s3.delete_object(**name)["VersionId"] == "null"
    assert _versions(world, bucket) == sorted([("k", "null", True, True), ("k", kept, False, False)])
    assert refusal(s3.delete_bucket, Bucket=bucket)[:2] == ("BucketNotEmpty", 409)


def test_a_key_is_literal_wherever_it_goes(world: S3World, bucket: str) -> None:
    # S3 does not normalize paths: every spelling is a key of its own.
    for key in _LITERAL_KEYS:
        world.operator.put_object(Bucket=bucket, Key=key, Body=key.encode(), Tagging="a=b")
    for key in _LITERAL_KEYS:
        assert _body(world.operator.get_object(Bucket=bucket, Key=key)) == key.encode()
        listed = world.operator.list_objects_v2(Bucket=bucket, Prefix=key)["Contents"]
        assert {each["Key"] for each in listed} == {other for other in _LITERAL_KEYS if other.startswith(key)}
        world.operator.copy_object(Bucket=bucket, Key="copy", CopySource={"Bucket": bucket, "Key": key})
        assert _body(world.operator.get_object(Bucket=bucket, Key="copy")) == key.encode()
    assert world.operator.list_objects_v2(Bucket=bucket)["KeyCount"] == len(_LITERAL_KEYS) + 1


@pytest.mark.parametrize("key", [key for key in _LITERAL_KEYS if key.startswith("own/")])
def test_a_dotted_path_stays_under_the_prefix_it_begins_with(world: S3World, bucket: str, key: str) -> None:
    caller = world.user(allow("PutObject", on=f"arn:aws:s3:::{bucket}/own/*"))
    caller.s3.put_object(Bucket=bucket, Key=key, Body=b"")
    assert [each["Key"] for each in world.operator.list_objects_v2(Bucket=bucket)["Contents"]] == [key]
    foreign = {"Bucket": bucket, "Key": "foreign/../own/k"}
    arn = f"arn:aws:s3:::{bucket}/foreign/../own/k"
    assert refusal(caller.s3.put_object, **foreign) == implicit(caller, "s3:PutObject", arn)


@pytest.mark.parametrize(
    ("header", "status", "content", "shown"),
    [
        ("bytes=0-3", 206, b"0123", "bytes 0-3/10"),
        ("bytes=7-", 206, b"789", "bytes 7-9/10"),
        ("bytes=-2", 206, b"89", "bytes 8-9/10"),
        ("bytes=5-99", 206, b"56789", "bytes 5-9/10"),
        ("bytes=9-3", 200, b"0123456789", None),
        ("lines=1-2", 200, b"0123456789", None),
    ],
)
def test_a_range_is_a_part_of_the_object(
    world: S3World, bucket: str, header: str, status: int, content: bytes, shown: str | None
) -> None:
    world.operator.put_object(Bucket=bucket, Key="k", Body=b"0123456789")
    answer = world.operator.get_object(Bucket=bucket, Key="k", Range=header)
    assert (answer["ResponseMetadata"]["HTTPStatusCode"], _body(answer)) == (status, content)
    assert answer.get("ContentRange") == shown


@pytest.mark.parametrize("header", ["bytes=10-", "bytes=-0"])
def test_a_range_outside_the_object_is_invalid(world: S3World, bucket: str, header: str) -> None:
    world.operator.put_object(Bucket=bucket, Key="k", Body=b"0123456789")
    assert refusal(world.operator.get_object, Bucket=bucket, Key="k", Range=header)[:2] == ("InvalidRange", 416)


def test_reads_can_be_conditional(world: S3World, bucket: str) -> None:
    s3, name = world.operator, {"Bucket": bucket, "Key": "k"}
    etag = s3.put_object(**name, Body=b"content")["ETag"]
    past, future = (datetime.now(UTC) + timedelta(days=days) for days in (-1, 1))
    for held in ({"IfMatch": etag}, {"IfNoneMatch": '"x"'}, {"IfModifiedSince": past}, {"IfUnmodifiedSince": future}):
        assert _body(s3.get_object(**name, **held)) == b"content"
    for failed in ({"IfMatch": '"x"'}, {"IfUnmodifiedSince": past}):
        assert refusal(s3.get_object, **name, **failed)[:2] == ("PreconditionFailed", 412)
    for known in ({"IfNoneMatch": etag}, {"IfModifiedSince": future}):
        assert refusal(s3.get_object, **name, **known)[:2] == ("304", 304)
    assert refusal(s3.head_object, **name, IfMatch='"x"')[:2] == ("412", 412)


def test_writes_can_be_conditional(world: S3World, bucket: str) -> None:
    s3, name = world.operator, {"Bucket": bucket, "Key": "k"}
    etag = s3.put_object(**name, Body=b"1", IfNoneMatch="*")["ETag"]
    assert refusal(s3.put_object, **name, Body=b"2", IfNoneMatch="*")[:2] == ("PreconditionFailed", 412)
    assert refusal(s3.put_object, **name, Body=b"2", IfMatch='"x"')[:2] == ("PreconditionFailed", 412)
    s3.put_object(**name, Body=b"2", IfMatch=etag)
    assert _body(s3.get_object(**name)) == b"2"
    assert refusal(s3.put_object, Bucket=bucket, Key="none", IfMatch=etag)[:2] == ("NoSuchKey", 404)


def test_a_copy_takes_what_the_directives_say(world: S3World, bucket: str) -> None:
    s3, source = world.operator, f"{bucket}/k"
    s3.put_object(Bucket=bucket, Key="k", Body=b"c", Metadata={"a": "1"}, ContentType="text/x", Tagging="t=1")

    def copied(**params: Any) -> tuple[Any, Any, Any]:
        s3.copy_object(Bucket=bucket, Key="to", CopySource=source, **params)
        answer = s3.get_object(Bucket=bucket, Key="to")
        return answer["Metadata"], answer["ContentType"], s3.get_object_tagging(Bucket=bucket, Key="to")["TagSet"]

    tagged = [{"Key": "t", "Value": "1"}]
    assert copied() == ({"a": "1"}, "text/x", tagged)
    assert copied(MetadataDirective="REPLACE", Metadata={"b": "2"}) == ({"b": "2"}, "binary/octet-stream", tagged)
    assert copied(TaggingDirective="REPLACE") == ({"a": "1"}, "text/x", [])
    assert copied(TaggingDirective="REPLACE", Tagging="n=2")[2] == [{"Key": "n", "Value": "2"}]
    to_itself = {"Bucket": bucket, "Key": "k", "CopySource": source}
    assert refusal(s3.copy_object, **to_itself)[:2] == ("InvalidRequest", 400)
    s3.copy_object(**to_itself, MetadataDirective="REPLACE")
    assert refusal(s3.copy_object, **to_itself, TaggingDirective="COPY", Tagging="n=2")[1] == 501


def test_an_old_version_can_be_copied_over_the_latest(world: S3World, versioned: str) -> None:
    s3, name = world.operator, {"Bucket": versioned, "Key": "k"}
    old = s3.put_object(**name, Body=b"old")["VersionId"]
    s3.put_object(**name, Body=b"new")
    copy = s3.copy_object(**name, CopySource={**name, "VersionId": old})
    assert (copy["CopySourceVersionId"], _body(s3.get_object(**name))) == (old, b"old")


def test_attributes_are_those_that_were_asked_for(world: S3World, bucket: str) -> None:
    s3, name = world.operator, {"Bucket": bucket, "Key": "k"}
    etag = s3.put_object(**name, Body=b"content", ChecksumAlgorithm="SHA256")["ETag"]
    wanted = ["ETag", "ObjectSize", "StorageClass", "Checksum"]
    answer = s3.get_object_attributes(**name, ObjectAttributes=wanted)
    assert (answer["ETag"], answer["ObjectSize"], answer["StorageClass"]) == (etag.strip('"'), 7, "STANDARD")
    assert answer["Checksum"]["ChecksumSHA256"] == "7XACtDnprIRfIjV9giusFERzD722AW0+yUMil7nsn3M="
    assert "ObjectSize" not in s3.get_object_attributes(**name, ObjectAttributes=["ETag"])


def test_parts_are_put_together_in_their_order(world: S3World, bucket: str) -> None:
    s3, name = world.operator, {"Bucket": bucket, "Key": "big"}
    s3.put_object(Bucket=bucket, Key="source", Body=b"0123456789")
    upload = {**name, "UploadId": s3.create_multipart_upload(**name, Metadata={"a": "1"}, Tagging="t=1")["UploadId"]}
    first = s3.upload_part(**upload, PartNumber=1, Body=b"x" * _FIVE_MB)["ETag"]
    last = s3.upload_part_copy(**upload, PartNumber=3, CopySource=f"{bucket}/source", CopySourceRange="bytes=2-4")
    parts = s3.list_parts(**upload)
    assert [(part["PartNumber"], part["Size"]) for part in parts["Parts"]] == [(1, _FIVE_MB), (3, 3)]
    page = s3.list_parts(**upload, MaxParts=1)
    assert (page["IsTruncated"], page["NextPartNumberMarker"]) == (True, 1)
    named = [{"PartNumber": 1, "ETag": first}, {"PartNumber": 3, "ETag": last["CopyPartResult"]["ETag"]}]
    for wrong, code in (
        (named[::-1], "InvalidPartOrder"),
        ([named[0], {**named[1], "ETag": '"x"'}], "InvalidPart"),
        ([named[0], {**named[1], "ChecksumCRC32": "AAAAAA=="}], "InvalidPart"),
    ):
        assert refusal(s3.complete_multipart_upload, **upload, MultipartUpload={"Parts": wrong})[:2] == (code, 400)
    assert refusal(s3.get_object, **name)[0] == "NoSuchKey"
    etag = s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": named})["ETag"]
    answer = s3.get_object(**name)
    assert (_body(answer), answer["Metadata"], etag[-3:]) == (b"x" * _FIVE_MB + b"234", {"a": "1"}, '-2"')
    assert s3.get_object_tagging(**name)["TagSet"] == [{"Key": "t", "Value": "1"}]
    assert refusal(s3.list_parts, **upload)[:2] == ("NoSuchUpload", 404)


def test_parts_before_the_last_must_be_large(world: S3World, bucket: str) -> None:
    s3, name = world.operator, {"Bucket": bucket, "Key": "k"}
    upload = {**name, "UploadId": s3.create_multipart_upload(**name)["UploadId"]}
    etags = [s3.upload_part(**upload, PartNumber=number, Body=b"x")["ETag"] for number in (1, 2)]
    named = [{"PartNumber": number, "ETag": etag} for number, etag in enumerate(etags, start=1)]
    refused = refusal(s3.complete_multipart_upload, **upload, MultipartUpload={"Parts": named})
    assert refused[:2] == ("EntityTooSmall", 400)


@pytest.mark.parametrize("operation", ["upload_part", "upload_part_copy", "complete", "abort", "list_parts"])
def test_an_upload_is_reached_through_its_own_key_only(world: S3World, bucket: str, operation: str) -> None:
    # Whoever may write own/* must not reach foreign/k with the id of an upload for it.
    caller = world.user(allow("*", on=f"arn:aws:s3:::{bucket}/own/*"))
    world.operator.put_object(Bucket=bucket, Key="own/source")
    foreign = world.operator.create_multipart_upload(Bucket=bucket, Key="foreign/k")["UploadId"]
    params: dict[str, Any] = {"Bucket": bucket, "Key": "own/k", "UploadId": foreign}
    if operation.startswith("upload_part"):
        params["PartNumber"] = 1
    if operation == "upload_part_copy":
        params["CopySource"] = f"{bucket}/own/source"
    name = f"{operation}_multipart_upload" if operation in ("complete", "abort") else operation
    if operation == "complete":
        params["MultipartUpload"] = {"Parts": [{"PartNumber": 1, "ETag": "x"}]}
    assert refusal(getattr(caller.s3, name), **params)[:2] == ("NoSuchUpload", 404)
    assert refusal(getattr(caller.s3, name), **{**params, "Key": "foreign/k"})[:2] == ("AccessDenied", 403)
    (left,) = world.operator.list_multipart_uploads(Bucket=bucket)["Uploads"]
    assert (left["Key"], left["UploadId"]) == ("foreign/k", foreign)


_TREE = ["a", "b/1", "b/2", "b/c/3", "d/4", "e", "f/5"]


@pytest.mark.parametrize("size", [1, 2, 3, 1000])
@pytest.mark.parametrize(
    "operation", ["list_objects", "list_objects_v2", "list_object_versions", "list_multipart_uploads"]
)
@pytest.mark.parametrize(
    ("params", "keys", "prefixes"),
    [
        ({}, _TREE, []),
        ({"Delimiter": "/"}, ["a", "e"], ["b/", "d/", "f/"]),
        ({"Prefix": "b/", "Delimiter": "/"}, ["b/1", "b/2"], ["b/c/"]),
        ({"Prefix": "b"}, ["b/1", "b/2", "b/c/3"], []),
        ({"Prefix": "none"}, [], []),
    ],
    ids=["all", "folders", "folder", "prefix", "nothing"],
)
def test_pages_together_are_the_listing(
    world: S3World, operation: str, size: int, params: dict[str, str], keys: list[str], prefixes: list[str]
) -> None:
    bucket = world.bucket()
    for key in _TREE:
        if operation == "list_multipart_uploads":
            world.operator.create_multipart_upload(Bucket=bucket, Key=key)
        else:
            world.operator.put_object(Bucket=bucket, Key=key)
    entries = {"list_object_versions": "Versions", "list_multipart_uploads": "Uploads"}.get(operation, "Contents")
    seen_keys, seen_prefixes = list[str](), list[str]()
    for page in world.operator.get_paginator(operation).paginate(
        Bucket=bucket, PaginationConfig={"PageSize": size}, **params
    ):
        shown = [each["Key"] for each in page.get(entries, [])]
        folders = [each["Prefix"] for each in page.get("CommonPrefixes", [])]
        assert len(shown) + len(folders) <= size
        seen_keys += shown
        seen_prefixes += folders
    assert (seen_keys, seen_prefixes) == (keys, prefixes)


def test_several_versions_and_uploads_of_one_key_fit_on_several_pages(world: S3World, versioned: str) -> None:
    ids = [world.operator.put_object(Bucket=versioned, Key="k")["VersionId"] for _ in range(3)]
    uploads = [world.operator.create_multipart_upload(Bucket=versioned, Key="k")["UploadId"] for _ in range(3)]
    pages = {"Bucket": versioned, "PaginationConfig": {"PageSize": 1}}
    versions = world.operator.get_paginator("list_object_versions").paginate(**pages)
    assert [page["Versions"][0]["VersionId"] for page in versions] == ids[::-1]
    listed = world.operator.get_paginator("list_multipart_uploads").paginate(**pages)
    assert {page["Uploads"][0]["UploadId"] for page in listed} == set(uploads)


@pytest.mark.parametrize(
    "params",
    [
        {"ContinuationToken": "Zm9yZWlnbi8="},
        {"StartAfter": "foreign/"},
    ],
)
def test_no_marker_leads_out_of_the_prefix(world: S3World, bucket: str, params: dict[str, str]) -> None:
    caller = world.user(allow("ListBucket", StringLike={"s3:prefix": "own/*"}))
    for key in ("foreign/k", "own/k", "zebra"):
        world.operator.put_object(Bucket=bucket, Key=key)
    answer = caller.s3.list_objects_v2(Bucket=bucket, Prefix="own/", **params)
    assert [each["Key"] for each in answer.get("Contents", [])] == ["own/k"]


def test_who_may_list_but_not_read_is_told_that_a_key_is_missing(world: S3World) -> None:
    # unconfirmed.LISTING_TELLS_OF_MISSING_KEYS; a Deny of reading keeps it secret, and so does no leave to list.
    bucket = world.bucket()
    world.operator.put_object(Bucket=bucket, Key="there", Body=b"x")
    lists, reads_not = allow("ListBucket"), {**allow("GetObject"), "Effect": "Deny"}
    asked = {
        "listing": [refusal(world.user(lists).s3.head_object, Bucket=bucket, Key=key)[1] for key in ("there", "none")],
        "denied": [refusal(world.user(lists, reads_not).s3.head_object, Bucket=bucket, Key="none")[1]],
        "neither": [refusal(world.user(allow("PutObject")).s3.head_object, Bucket=bucket, Key="none")[1]],
    }
    assert asked == {"listing": [403, 404], "denied": [403], "neither": [403]}


@pytest.mark.parametrize(
    ("operation", "params"),
    [
        ("list_objects_v2", {"ContinuationToken": "not base64!"}),
        ("list_object_versions", {"VersionIdMarker": "x"}),
    ],
)
def test_a_marker_that_cannot_be_is_an_invalid_argument(
    world: S3World, bucket: str, operation: str, params: dict[str, str]
) -> None:
    assert refusal(getattr(world.operator, operation), Bucket=bucket, **params)[:2] == ("InvalidArgument", 400)


def test_tags_of_a_bucket_are_kept(world: S3World, bucket: str) -> None:
    tags = {"TagSet": [{"Key": "team", "Value": "red"}]}
    assert refusal(world.operator.get_bucket_tagging, Bucket=bucket)[:2] == ("NoSuchTagSet", 404)
    world.operator.put_bucket_tagging(Bucket=bucket, Tagging=tags)
    assert world.operator.get_bucket_tagging(Bucket=bucket)["TagSet"] == tags["TagSet"]
    world.operator.delete_bucket_tagging(Bucket=bucket)
    assert refusal(world.operator.get_bucket_tagging, Bucket=bucket)[:2] == ("NoSuchTagSet", 404)


@pytest.mark.parametrize(
    "params",
    [
        {"StorageClass": "GLACIER"},
        {"ServerSideEncryption": "aws:kms"},
        {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": "0" * 32},
        {"WebsiteRedirectLocation": "/elsewhere"},
        {"ObjectLockLegalHoldStatus": "ON", "ContentMD5": "1B2M2Y8AsgTpgAmY7PhCfg=="},
    ],
)
def test_what_is_not_modelled_is_refused(world: S3World, bucket: str, params: dict[str, str]) -> None:
    assert refusal(world.operator.put_object, Bucket=bucket, Key="k", **params)[1] == 501
    assert world.operator.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def test_making_a_bucket_again_is_no_error_in_the_first_region_only(world: S3World, bucket: str) -> None:
    world.operator.put_object(Bucket=bucket, Key="k")
    world.operator.create_bucket(Bucket=bucket)
    assert world.operator.list_objects_v2(Bucket=bucket)["KeyCount"] == 1
    abroad = {"Bucket": f"{bucket}-abroad", "CreateBucketConfiguration": {"LocationConstraint": "eu-west-1"}}
    world.operator.create_bucket(**abroad)
    assert refusal(world.operator.create_bucket, **abroad)[:2] == ("BucketAlreadyOwnedByYou", 409)
