"""S3 request -> operation, action, resource and condition keys, beside what the store then does."""

from __future__ import annotations

import base64
import zlib
from typing import TYPE_CHECKING, Any

import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.emulator.s3.content import Content, read_content
from harness.emulator.s3.objects import StoredObject
from harness.emulator.s3.requests import list_check, read_s3_request
from harness.emulator.service import NotDerivableError, ServiceError
from harness.emulator.signatures.sigv4 import SignedRequest
from harness.targets.api import ApiRequest
from harness.targets.embedded import EmbeddedTarget

if TYPE_CHECKING:
    from collections.abc import Iterator

    from botocore.awsrequest import AWSResponse

    from harness.emulator.s3.requests import S3Request
    from harness.targets.api import ApiResponse

_NOW = 1_800_000_000.0
_PATH_STYLE = "https://s3.us-east-1.amazonaws.com"


def _read(method: str, url: str, **headers: str) -> S3Request:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    full = url if url.startswith("https:") else _PATH_STYLE + url
    return read_s3_request(SignedRequest(method, full, {"authorization": "x", **sent}, b""), Content(b""), _NOW)


@pytest.mark.parametrize(
    ("method", "url", "operation", "action", "resource"),
    [
        ("GET", "/", "ListBuckets", "s3:ListAllMyBuckets", "*"),
        ("GET", "", "ListBuckets", "s3:ListAllMyBuckets", "*"),
        ("PUT", "/bucket", "CreateBucket", "s3:CreateBucket", "bucket"),
        ("DELETE", "/bucket", "DeleteBucket", "s3:DeleteBucket", "bucket"),
        ("HEAD", "/bucket", "HeadBucket", "s3:ListBucket", "bucket"),
        ("GET", "/bucket", "ListObjects", "s3:ListBucket", "bucket"),
        ("GET", "/bucket/", "ListObjects", "s3:ListBucket", "bucket"),
        ("GET", "/bucket?list-type=2", "ListObjectsV2", "s3:ListBucket", "bucket"),
        ("GET", "/bucket/key", "GetObject", "s3:GetObject", "bucket/key"),
        ("GET", "/bucket/key?x-id=GetObject", "GetObject", "s3:GetObject", "bucket/key"),
        ("HEAD", "/bucket/key", "HeadObject", "s3:GetObject", "bucket/key"),
        ("PUT", "/bucket/key", "PutObject", "s3:PutObject", "bucket/key"),
        ("DELETE", "/bucket/key", "DeleteObject", "s3:DeleteObject", "bucket/key"),
        ("GET", "/bucket//key", "GetObject", "s3:GetObject", "bucket//key"),
        ("GET", "/bucket/a//b/", "GetObject", "s3:GetObject", "bucket/a//b/"),
        ("GET", "/bucket/a%2Fb", "GetObject", "s3:GetObject", "bucket/a/b"),
        ("GET", "/bucket/a%252Fb", "GetObject", "s3:GetObject", "bucket/a%2Fb"),
        ("GET", "/bucket/own/../foreign/k", "GetObject", "s3:GetObject", "bucket/own/../foreign/k"),
        ("GET", "/bucket/./k", "GetObject", "s3:GetObject", "bucket/./k"),
        ("GET", "/bucket/a+b%20c", "GetObject", "s3:GetObject", "bucket/a+b c"),
        ("GET", "/bucket/k;v=1", "GetObject", "s3:GetObject", "bucket/k;v=1"),
        ("GET", "/bucket/us-east-1:id/%C3%A9", "GetObject", "s3:GetObject", "bucket/us-east-1:id/\u00e9"),
        ("GET", "https://bucket.s3.us-east-1.amazonaws.com/key", "GetObject", "s3:GetObject", "bucket/key"),
        ("GET", "https://bucket.s3.amazonaws.com/other/key", "GetObject", "s3:GetObject", "bucket/other/key"),
        ("GET", "https://my.dotted.s3.us-east-1.amazonaws.com//k", "GetObject", "s3:GetObject", "my.dotted//k"),
        ("GET", "https://s3.b.s3.us-east-1.amazonaws.com/k", "GetObject", "s3:GetObject", "s3.b/k"),
        ("GET", "https://bucket.s3.us-east-1.amazonaws.com/", "ListObjects", "s3:ListBucket", "bucket"),
    ],
)
def test_a_request_is_one_action_on_one_resource(
    method: str, url: str, operation: str, action: str, resource: str
) -> None:
    asked = _read(method, url)
    (check,) = asked.checks
    arn = resource if resource == "*" else f"arn:aws:s3:::{resource}"
    assert (asked.operation, check.action, check.resource) == (operation, action, arn)
    assert "/".join(part for part in (asked.bucket, asked.key) if part) == resource.removeprefix("*")


@pytest.mark.parametrize(
    ("query", "context"),
    [
        ("", {"prefix": None, "delimiter": None, "max-keys": ("1000",)}),
        ("?prefix=", {"prefix": ("",)}),
        ("?prefix=own%2F&delimiter=%2F&max-keys=7", {"prefix": ("own/",), "delimiter": ("/",), "max-keys": ("7",)}),
        ("?list-type=2&prefix=a%20b%2Bc", {"prefix": ("a b+c",)}),
    ],
)
def test_a_listing_carries_its_parameters_as_keys(query: str, context: dict[str, tuple[str, ...] | None]) -> None:
    (check,) = _read("GET", f"/bucket{query}").checks
    assert {key: check.context.get(f"s3:{key}") for key in context} == context


def test_every_check_knows_how_the_request_was_signed() -> None:
    asked = _read("PUT", "/bucket/k", x_amz_content_sha256="UNSIGNED-PAYLOAD", x_amz_storage_class="STANDARD_IA")
    (check,) = asked.checks
    assert check.context == {
        "s3:authtype": ("REST-HEADER",),
        "s3:signatureversion": ("AWS4-HMAC-SHA256",),
        "s3:x-amz-content-sha256": ("UNSIGNED-PAYLOAD",),
        "s3:x-amz-storage-class": ("STANDARD_IA",),
        "s3:objectcreationoperation": ("true",),
    }
    assert check.underivable == {"s3:tlsversion", "s3:signatureage"}
    assert list_check(asked, "bucket").context == asked.keys.context


def test_a_presigned_request_carries_its_signature_in_the_query() -> None:
    # [sar]: s3:authType, s3:signatureversion, and s3:signatureAge in milliseconds.
    signed_at = "20270115T075950Z"
    url = (
        f"{_PATH_STYLE}/bucket/k?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=A%2F20270115&X-Amz-Date={signed_at}"
        "&X-Amz-Expires=60&X-Amz-SignedHeaders=host&X-Amz-Security-Token=t&X-Amz-Signature=0&versionId=v"
    )
    asked = read_s3_request(SignedRequest("GET", url, {}, b""), Content(b""), _NOW)
    (check,) = asked.checks
    assert (asked.query, check.action) == ({"versionId": "v"}, "s3:GetObjectVersion")
    assert check.context == {
        "s3:authtype": ("REST-QUERY-STRING",),
        "s3:signatureversion": ("AWS4-HMAC-SHA256",),
        "s3:signatureage": ("10000",),
        "s3:x-amz-content-sha256": ("UNSIGNED-PAYLOAD",),
        "s3:versionid": ("v",),
    }
    assert check.underivable == {"s3:tlsversion"}


def test_how_an_unsigned_request_looks_to_signature_keys_is_not_derived() -> None:
    asked = read_s3_request(SignedRequest("GET", f"{_PATH_STYLE}/bucket/k", {}, b""), Content(b""), _NOW)
    (check,) = asked.checks
    assert check.underivable == {"s3:tlsversion", "s3:signatureage", "s3:authtype", "s3:signatureversion"}


def test_the_region_of_a_new_bucket_is_a_key() -> None:
    body = b"<CreateBucketConfiguration><LocationConstraint>eu-west-1</LocationConstraint></CreateBucketConfiguration>"
    asked = read_s3_request(SignedRequest("PUT", f"{_PATH_STYLE}/bucket", {}, b""), Content(body), _NOW)
    assert asked.checks[0].context["s3:locationconstraint"] == ("eu-west-1",)
    assert "s3:locationconstraint" not in _read("PUT", "/bucket").checks[0].context


@pytest.mark.parametrize(
    ("source", "resource", "key"),
    [
        ("source/k", "source/k", ("source/k",)),
        ("/source/k", "source/k", None),
        ("source/a%20b%2Bc", "source/a b+c", None),
        ("source/a%3Bb", "source/a;b", None),
        ("source/a;b", "source/a;b", ("source/a;b",)),
        ("source/a#b", "source/a#b", ("source/a#b",)),
        ("source//k", "source//k", ("source//k",)),
        ("source%2Fk", "source/k", None),
        ("source/k?versionId=v", "source/k", None),
    ],
)
def test_a_copy_reads_its_source_and_writes_its_target(source: str, resource: str, key: tuple[str] | None) -> None:
    asked = _read("PUT", "/bucket/k", x_amz_copy_source=source, x_amz_metadata_directive="REPLACE")
    read, write = asked.checks
    action = "s3:GetObjectVersion" if "versionId" in source else "s3:GetObject"
    assert (read.action, read.resource) == (action, f"arn:aws:s3:::{resource}")
    assert (write.action, write.resource) == ("s3:PutObject", "arn:aws:s3:::bucket/k")
    assert write.context.get("s3:x-amz-copy-source") == key
    assert ("s3:x-amz-copy-source" in write.underivable) is (key is None)
    assert "s3:x-amz-metadata-directive" not in read.context
    assert write.context["s3:x-amz-metadata-directive"] == ("REPLACE",)
    assert asked.source is not None
    assert f"{asked.source.bucket}/{asked.source.key}" == resource


@pytest.mark.parametrize(
    ("method", "url", "headers"),
    [
        ("GET", "/bucket?prefix=own&prefix=foreign", {}),
        ("GET", "/bucket?list-type=1", {}),
        ("GET", "/bucket?Prefix=own", {}),
        ("POST", "/bucket", {}),
        ("POST", "/bucket?delete&versions", {}),
        ("GET", "//bucket/key", {}),
        ("GET", "//", {}),
        ("GET", "/?delimiter=a", {}),
        ("PUT", "/", {}),
        ("OPTIONS", "/bucket/k", {}),
        ("GET", "/bucket?policy&acl", {}),
        ("GET", "/bucket?policy=x", {}),
        ("GET", "/bucket?lifecycle", {}),
        ("GET", "/bucket?versions&max-uploads=1", {}),
        ("PUT", "/bucket?policy", {"x_amz_confirm_remove_self_bucket_access": "true"}),
        ("GET", "/bucket/k?tagging&acl", {}),
        ("GET", "/bucket/k?partNumber=1", {}),
        ("GET", "/bucket/k?retention", {}),
        ("GET", "/bucket/k?X-Amz-Expires=5", {}),
        ("PUT", "/bucket/k?x-amz-acl=public-read", {}),
        ("PUT", "/bucket/k?partNumber=1", {}),
        ("PUT", "/bucket/k?uploadId=2&partNumber=1&versionId=3", {}),
        ("POST", "/bucket/k?select", {}),
        ("PUT", "/bucket/k?tagging", {"x_amz_copy_source": "bucket/other"}),
        ("PUT", "/bucket/k", {"x_amz_object_lock_mode": "GOVERNANCE"}),
        ("PUT", "/bucket/k", {"x_amz_copy_source": "bucket/k", "x_amz_copy_source_if_match": "e"}),
        ("PUT", "/bucket/k", {"x_amz_copy_source": "bucket/k?partNumber=1"}),
        ("PUT", "/bucket/k", {"x_amz_server_side_encryption_customer_algorithm": "AES256"}),
        ("PUT", "/bucket/k", {"x_amz_unheard_of": "1"}),
        ("DELETE", "/bucket/k", {"x_amz_bypass_governance_retention": "true"}),
        ("GET", "/bucket/k", {"x_amz_copy_source": "bucket/other"}),
        ("PUT", "/bucket/k", {"content_type": "application/x-www-form-urlencoded"}),
        ("PUT", "/bucket/k", {"content_type": "Multipart/Form-Data; boundary=x"}),
        ("PUT", "/bucket/k", {"x_amz_copy_source": "bucket/a+b"}),
        ("PUT", "/bucket/k", {"x_amz_copy_source": "arn:aws:s3:us-east-1:1:accesspoint/a/object/k"}),
        ("GET", "https://bucket.s3-accesspoint.us-east-1.amazonaws.com/k", {}),
        ("GET", "https://s3-us-east-1.amazonaws.com/bucket/k", {}),
    ],
)
def test_what_is_not_known_exactly_is_refused(method: str, url: str, headers: dict[str, str]) -> None:
    with pytest.raises(NotDerivableError):
        _read(method, url, **headers)


def test_a_header_with_underscores_is_not_taken_for_one_with_dashes() -> None:
    request = SignedRequest("PUT", f"{_PATH_STYLE}/bucket/k", {"x_amz_copy_source": "bucket/foreign"}, b"")
    with pytest.raises(NotDerivableError):
        read_s3_request(request, Content(b""), _NOW)


@pytest.mark.parametrize(
    ("url", "headers", "code"),
    [
        ("/bucket%2Fkey", {}, "InvalidBucketName"),
        ("/Bucket/k", {}, "InvalidBucketName"),
        ("/../k", {}, "InvalidBucketName"),
        ("/bucket/%FF", {}, "InvalidURI"),
        ("/bucket?prefix=%FF", {}, "InvalidURI"),
        ("/bucket/k", {"x_amz_copy_source": "bucket"}, "InvalidArgument"),
        ("/bucket/k", {"x_amz_copy_source": "//bucket/k"}, "InvalidArgument"),
        ("/bucket/k", {"x_amz_copy_source": "s3://bucket/k"}, "InvalidArgument"),
        ("/bucket/k", {"x_amz_copy_source": "bucket/k?versionId="}, "InvalidArgument"),
        ("/bucket/k?tagging&versionId=", {}, "InvalidArgument"),
        ("/bucket/k?uploadId=&partNumber=1", {}, "InvalidArgument"),
        ("/bucket/k", {"x_amz_tagging": "a=1&a=2"}, "InvalidArgument"),
        ("/bucket/k", {"x_amz_tagging": "a"}, "InvalidArgument"),
        ("/bucket/k", {"x_amz_tagging": "aws:a=1"}, "InvalidTag"),
        ("/bucket/k", {"x_amz_tagging": "&".join(f"k{n}=v" for n in range(11))}, "BadRequest"),
        ("/bucket/k?tagging", {}, "MalformedXML"),
    ],
)
def test_what_s3_calls_malformed_is_malformed(url: str, headers: dict[str, str], code: str) -> None:
    with pytest.raises(ServiceError) as refusal:
        _read("PUT", url, **headers)
    assert (refusal.value.code, refusal.value.status) == (code, 400)


def _crc32(content: bytes) -> str:
    return base64.b64encode(zlib.crc32(content).to_bytes(4, "big")).decode()


def _chunked(*chunks: bytes, trailer: str = "", length: int | None = None) -> SignedRequest:
    body = b"".join(f"{len(chunk):x}\r\n".encode() + chunk + b"\r\n" for chunk in (*chunks, b""))
    body = body.removesuffix(b"\r\n") + trailer.encode() + b"\r\n"
    headers = {
        "x-amz-trailer": trailer.partition(":")[0],
        "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        "x-amz-decoded-content-length": str(sum(map(len, chunks)) if length is None else length),
    }
    return SignedRequest("PUT", f"{_PATH_STYLE}/bucket/k", headers, body)


def test_chunks_are_put_together_and_their_checksum_is_checked() -> None:
    trailer = f"x-amz-checksum-crc32:{_crc32(b'one' + bytes(3))}\r\n"
    content = read_content(_chunked(b"one", b"\0\0\0", trailer=trailer), None)
    assert content == Content(b"one\0\0\0", {"crc32": _crc32(b"one\0\0\0")})


def test_a_wrong_checksum_is_a_bad_digest() -> None:
    with pytest.raises(ServiceError) as refusal:
        read_content(_chunked(b"one", trailer=f"x-amz-checksum-crc32:{_crc32(b'two')}\r\n"), None)
    assert refusal.value.code == "BadDigest"


@pytest.mark.parametrize(
    "request_",
    [
        _chunked(b"one", length=4),
        _chunked(b"one", trailer="x-amz-checksum-md5:AAAA\r\n"),
        SignedRequest("PUT", "", {"x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER"}, b"-3\r\none"),
        SignedRequest("PUT", "", {"x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER"}, b""),
    ],
)
def test_chunks_that_do_not_add_up_are_refused(request_: SignedRequest) -> None:
    with pytest.raises(NotDerivableError):
        read_content(request_, None)


_BUCKET = "reviewed.bucket"


@pytest.fixture(scope="module")
def target() -> Iterator[EmbeddedTarget]:
    target = EmbeddedTarget()
    assert _call(target, "CreateBucket").succeeded
    yield target
    target.close()


def _call(target: EmbeddedTarget, operation: str, **params: Any) -> ApiResponse:
    return target.send_as_operator(ApiRequest("s3", operation, {"Bucket": _BUCKET, **params}))


def _stored(target: EmbeddedTarget) -> dict[str, bytes]:
    """Return what the store holds, by key."""
    bucket = target.cloud.buckets.find(_BUCKET)
    assert bucket is not None
    found = {key: bucket.objects.current(key) for key in bucket.objects.names()}
    return {key: stored.draft.content for key, stored in found.items() if isinstance(stored, StoredObject)}


def _empty(target: EmbeddedTarget) -> None:
    bucket = target.cloud.buckets.find(_BUCKET)
    assert bucket is not None
    for key in list(bucket.objects.names()):
        bucket.objects.delete(key, 0)


def _resources(target: EmbeddedTarget, answer: ApiResponse) -> list[str]:
    return [decision.request.resource for decision in target.cloud.decisions.of(answer.request_id)]


# Everything that UTF-8 and XML 1.0 can carry, with what splits, escapes and decodes URLs more often than not.
_keys = st.one_of(
    st.text(alphabet="ab/.%2F+ ;#?&=:\\*~é\N{BLACK STAR}", min_size=1, max_size=10),
    st.text(
        alphabet=st.characters(codec="utf-8", min_codepoint=0x20, exclude_characters="\ufffe\uffff"),
        min_size=1,
        max_size=10,
    ),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(key=_keys)
def test_the_resource_authorized_is_the_key_the_store_touches(target: EmbeddedTarget, key: str) -> None:
    _empty(target)
    arn = f"arn:aws:s3:::{_BUCKET}/{key}"

    put = _call(target, "PutObject", Key=key, Body=b"content")
    assert put.succeeded, put
    assert (list(_stored(target)), _resources(target, put)) == ([key], [arn])

    got = _call(target, "GetObject", Key=key)
    assert (got.data["Body"], _resources(target, got)) == (b"content", [arn])

    copied = _call(target, "CopyObject", Key="copy", CopySource={"Bucket": _BUCKET, "Key": key})
    assert copied.succeeded, copied
    assert _resources(target, copied) == [arn, f"arn:aws:s3:::{_BUCKET}/copy"]
    keys = _stored(target)
    assert keys["copy"] == b"content"

    listed = _call(target, "ListObjectsV2", Prefix=key)
    (decision,) = target.cloud.decisions.of(listed.request_id)
    assert decision.request.context["s3:prefix"] == (key,)
    assert {entry["Key"] for entry in listed.data["Contents"]} == {name for name in keys if name.startswith(key)}

    deleted = _call(target, "DeleteObjects", Delete={"Objects": [{"Key": key}], "Quiet": True})
    assert _resources(target, deleted) == [arn]
    assert list(_stored(target)) == [name for name in ("copy",) if name != key]


def _sent(
    target: EmbeddedTarget, method: str, url: str, body: bytes = b"", headers: dict[str, str] | None = None
) -> AWSResponse:
    request = AWSRequest(method=method, url=url, data=body, headers=headers or {})
    issued = target.cloud.root_credentials()
    credentials = Credentials(issued.access_key_id, issued.secret_access_key.reveal())
    S3SigV4Auth(credentials, "s3", "us-east-1").add_auth(request)
    return target.cloud.gateway.before_send(request.prepare())


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("a%2Fb", "a/b"),
        ("a;b", "a;b"),
        ("own/../foreign", "own/../foreign"),
        ("//leading", "//leading"),
        ("a+b", "a+b"),
        ("%2E%2E/x", "../x"),
        ("%252F", "%2F"),
    ],
)
@pytest.mark.parametrize("style", [f"{_PATH_STYLE}/{_BUCKET}/", f"https://{_BUCKET}.s3.us-east-1.amazonaws.com/"])
def test_spellings_that_botocore_would_not_send_reach_the_key_they_mean(
    target: EmbeddedTarget, style: str, path: str, key: str
) -> None:
    _empty(target)
    assert _sent(target, "PUT", style + path, b"spelt").status_code == 200
    assert _stored(target) == {key: b"spelt"}


def test_a_double_slash_in_front_lists_nothing(target: EmbeddedTarget) -> None:
    assert _sent(target, "GET", f"{_PATH_STYLE}//{_BUCKET}").status_code == 501


def test_an_empty_key_in_a_multiple_delete_deletes_no_bucket(target: EmbeddedTarget) -> None:
    _empty(target)
    body = b"<Delete><Object><Key></Key></Object></Delete>"
    assert _sent(target, "POST", f"{_PATH_STYLE}/{_BUCKET}?delete", body).status_code == 400
    assert _call(target, "HeadBucket").succeeded


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"not xml", 400),
        (b"<Delete/>", 400),
        (b"<Other><Object><Key>kept</Key></Object></Other>", 400),
        (b"<Delete><Key>kept</Key></Delete>", 400),
        (b"<Delete><Object><Key>kept</Key><Key>b</Key></Object></Delete>", 400),
        (b"<Delete><Object><Nested><Key>kept</Key></Nested></Object></Delete>", 400),
        (b"<Delete><Object><Key>kept</Key><VersionId>1</VersionId><VersionId/></Object></Delete>", 400),
        (b"<Delete><Object><Key>kept</Key><ETag>1</ETag></Object></Delete>", 501),
        (b"<Delete>" + b"<Object><Key>kept</Key></Object>" * 1001 + b"</Delete>", 400),
    ],
)
def test_a_multiple_delete_in_odd_xml_deletes_nothing(target: EmbeddedTarget, body: bytes, status: int) -> None:
    assert _call(target, "PutObject", Key="kept", Body=b"").succeeded
    assert _sent(target, "POST", f"{_PATH_STYLE}/{_BUCKET}?delete", body).status_code == status
    assert "kept" in _stored(target)


def test_the_store_never_reads_a_copy_source_differently(target: EmbeddedTarget) -> None:
    for key, content in (("k", b"foreign"), ("k;v", b"own"), ("k#v", b"own")):
        assert _call(target, "PutObject", Key=key, Body=content).succeeded
    for source in ("k;v", "k#v"):
        answer = _sent(
            target, "PUT", f"{_PATH_STYLE}/{_BUCKET}/landed", headers={"x-amz-copy-source": f"{_BUCKET}/{source}"}
        )
        assert (answer.status_code, _stored(target)["landed"]) == (200, b"own")


def test_metadata_survives_the_way_to_the_store(target: EmbeddedTarget) -> None:
    stored = {"Metadata": {"owner": "alice"}, "ContentType": "application/json", "CacheControl": "no-store"}
    assert _call(target, "PutObject", Key="described", Body=b"{}", **stored).succeeded
    got = _call(target, "GetObject", Key="described", Range="bytes=0-0")
    assert {name: got.data[name] for name in stored} == stored
    assert (got.status, got.data["Body"]) == (206, b"{")


@pytest.mark.parametrize(
    ("query", "body", "headers", "code"),
    [
        (f"?max-keys={'9' * 5000}", b"", {}, "InvalidArgument"),
        ("?max-keys=-1", b"", {}, "InvalidArgument"),
        ("?list-type=2&continuation-token=%C3%A9", b"", {}, "InvalidArgument"),
        ("?tagging", b'<?xml version="1.0" encoding="utf-32"?><Tagging/>', {}, "MalformedXML"),
        ("?tagging", b'<?xml version="1.0" encoding="none"?><Tagging/>', {}, "MalformedXML"),
        ("?policy", b"\xff{}", {}, "MalformedPolicy"),
        ("?policy", b"[" * 100_000, {}, "MalformedPolicy"),
    ],
)
def test_hostile_spellings_are_told_what_is_wrong_with_them(
    target: EmbeddedTarget, query: str, body: bytes, headers: dict[str, str], code: str
) -> None:
    method = "PUT" if body else "GET"
    answer = _sent(target, method, f"{_PATH_STYLE}/{_BUCKET}{query}", body, headers)
    assert (answer.status_code, f"<Code>{code}</Code>" in answer.text) == (400, True)
