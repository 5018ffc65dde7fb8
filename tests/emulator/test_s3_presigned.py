"""Presigned URLs of S3, followed over plain HTTP by somebody who has nothing else (aws-semantics 2.1 and 7)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest
from s3_world import S3World, allow, denial, document, open_world, refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from botocore.awsrequest import AWSResponse
    from s3_world import Caller

_MISMATCH = (
    "The request signature we calculated does not match the signature you provided. Check your key and signing method."
)


world = pytest.fixture(scope="module")(open_world)


@pytest.fixture(scope="module")
def bucket(world: S3World) -> str:
    """Return a bucket with an object each in the folders `own` and `foreign`."""
    name = world.bucket()
    for folder in ("own", "foreign"):
        world.operator.put_object(Bucket=name, Key=f"{folder}/k", Body=f"content of {folder}".encode())
    return name


@pytest.fixture(scope="module")
def maker(world: S3World, bucket: str) -> Caller:
    """Return a tenant's session that may read and write in the folder `own`."""
    return world.session(allow("GetObject", "PutObject", on=f"arn:aws:s3:::{bucket}/own/*"))


def _url(caller: Caller, operation: str, bucket: str, key: str, expires: int = 3600, **params: Any) -> str:
    named = {"Bucket": bucket, "Key": key, **params}
    return str(caller.s3.generate_presigned_url(operation, named, ExpiresIn=expires))


def _refusal(response: AWSResponse) -> tuple[str, int, str]:
    found = {each.tag: each.text or "" for each in ET.fromstring(response.text).iter()}  # noqa: S314  our own answer
    return found["Code"], response.status_code, found["Message"]


def test_whoever_has_the_url_puts_and_gets_what_its_maker_may(world: S3World, bucket: str, maker: Caller) -> None:
    assert world.send("PUT", _url(maker, "put_object", bucket, "own/new"), b"by URL").status_code == 200
    assert world.operator.get_object(Bucket=bucket, Key="own/new")["Body"].read() == b"by URL"

    got = world.send("GET", _url(maker, "get_object", bucket, "own/new", ResponseContentType="text/csv"))
    assert (got.status_code, got.content, got.headers["Content-Type"]) == (200, b"by URL", "text/csv")


@pytest.mark.parametrize(
    ("operation", "method", "action"), [("get_object", "GET", "GetObject"), ("put_object", "PUT", "PutObject")]
)
def test_a_url_does_no_more_than_its_maker_may(
    world: S3World, bucket: str, maker: Caller, operation: str, method: str, action: str
) -> None:
    refused = world.send(method, _url(maker, operation, bucket, "foreign/k"), b"x" if method == "PUT" else b"")
    reason = f"because no identity-based policy allows the s3:{action} action"
    assert _refusal(refused) == denial(maker, f"s3:{action}", f"arn:aws:s3:::{bucket}/foreign/k", reason)
    assert world.operator.get_object(Bucket=bucket, Key="foreign/k")["Body"].read() == b"content of foreign"


@pytest.mark.parametrize(
    ("method", "change"),
    [
        ("GET", lambda url: url.replace("/own/k", "/foreign/k")),
        ("GET", lambda url: url.replace("X-Amz-Expires=3600", "X-Amz-Expires=604800")),
        ("GET", lambda url: f"{url}&response-content-type=text/html"),
        ("GET", lambda url: f"{url[:-1]}{'0' if url[-1] != '0' else '1'}"),
        ("PUT", lambda url: url),
        ("DELETE", lambda url: url),
    ],
    ids=["another key", "a longer life", "one more parameter", "another signature", "to write", "to delete"],
)
def test_a_url_that_was_changed_is_worth_nothing(
    world: S3World, bucket: str, method: str, change: Callable[[str], str]
) -> None:
    everything = world.session(allow("*"))
    url = _url(everything, "get_object", bucket, "own/k")
    assert world.send("GET", url).content == b"content of own"

    assert _refusal(world.send(method, change(url))) == ("SignatureDoesNotMatch", 403, _MISMATCH)
    assert world.operator.get_object(Bucket=bucket, Key="own/k")["Body"].read() == b"content of own"


def test_a_url_lives_as_long_as_it_says(
    world: S3World, bucket: str, maker: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda: datetime.now(UTC) - timedelta(seconds=120))

    assert world.send("GET", _url(maker, "get_object", bucket, "own/k", 180)).status_code == 200
    expired = world.send("GET", _url(maker, "get_object", bucket, "own/k", 60))
    assert _refusal(expired) == ("AccessDenied", 403, "Request has expired")


def test_a_url_dies_with_the_session_that_made_it(world: S3World, bucket: str, maker: Caller) -> None:
    url = _url(maker, "get_object", bucket, "own/k", 7200)

    with world.cloud.clock.shifted(3601):
        assert _refusal(world.send("GET", url)) == ("ExpiredToken", 400, "The provided token has expired.")


def test_the_session_of_another_tenant_signs_for_itself_alone(world: S3World, bucket: str, maker: Caller) -> None:
    other = world.session(allow("GetObject", on=f"arn:aws:s3:::{bucket}/foreign/*"))
    assert world.send("GET", _url(other, "get_object", bucket, "foreign/k")).content == b"content of foreign"

    own = f"arn:aws:s3:::{bucket}/own/k"
    reason = "because no identity-based policy allows the s3:GetObject action"
    assert _refusal(world.send("GET", _url(other, "get_object", bucket, "own/k"))) == denial(
        other, "s3:GetObject", own, reason
    )
    # Nor does one's own signature go with another's session token.
    mine, theirs = (_url(caller, "get_object", bucket, "own/k") for caller in (maker, other))
    swapped = mine.replace(_token(mine), _token(theirs))
    assert _refusal(world.send("GET", swapped))[:2] == ("InvalidToken", 400)


def _token(url: str) -> str:
    return next(part for part in url.split("&") if part.startswith("X-Amz-Security-Token="))


@pytest.mark.parametrize(
    ("condition", "presigned", "signed"),
    [
        ({"StringEquals": {"s3:authType": "REST-QUERY-STRING"}}, 200, 403),
        ({"StringEquals": {"s3:authType": "REST-HEADER"}}, 403, 200),
        ({"StringEquals": {"s3:x-amz-content-sha256": "UNSIGNED-PAYLOAD"}}, 200, 403),
        ({"StringEquals": {"s3:signatureversion": "AWS4-HMAC-SHA256"}}, 200, 200),
    ],
    ids=["authType-query", "authType-header", "x-amz-content-sha256", "signatureversion"],
)
def test_conditions_know_how_a_request_was_signed(
    world: S3World, condition: dict[str, Any], presigned: int, signed: int
) -> None:
    # [sar]: keys of every S3 action.
    bucket = world.bucket()
    world.operator.put_object(Bucket=bucket, Key="k", Body=b"content")
    caller = world.user(allow("GetObject", **condition))
    url = caller.s3.generate_presigned_url("get_object", {"Bucket": bucket, "Key": "k"})
    assert world.send("GET", url).status_code == presigned
    if signed == 200:
        caller.s3.get_object(Bucket=bucket, Key="k")
    else:
        assert refusal(caller.s3.get_object, Bucket=bucket, Key="k")[1] == signed


def test_an_old_signature_can_be_denied(world: S3World) -> None:
    # [sar], s3:signatureAge: milliseconds since the request was signed.
    bucket = world.bucket()
    world.operator.put_object(Bucket=bucket, Key="k", Body=b"content")
    old = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{bucket}/*",
        "Condition": {"NumericGreaterThan": {"s3:signatureAge": "600000"}},
    }
    world.operator.put_bucket_policy(Bucket=bucket, Policy=document(old))
    caller = world.user(allow("GetObject"))
    url = caller.s3.generate_presigned_url("get_object", {"Bucket": bucket, "Key": "k"}, ExpiresIn=3600)
    assert world.send("GET", url).status_code == 200
    with world.cloud.clock.shifted(601):
        denied = world.send("GET", url)
        assert (denied.status_code, "with an explicit deny in a resource-based policy" in denied.text) == (403, True)


def test_headers_in_the_query_of_a_presigned_url_are_not_known(world: S3World) -> None:
    bucket = world.bucket()
    url = world.operator.generate_presigned_url("put_object", {"Bucket": bucket, "Key": "k"})
    assert world.send("PUT", f"{url}&x-amz-acl=public-read", b"content").status_code in (403, 501)
    assert world.operator.list_objects_v2(Bucket=bucket)["KeyCount"] == 0
