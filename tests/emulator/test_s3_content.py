"""Bodies of S3 requests: their chunks, trailers and checksums."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from s3_world import REGION, S3World, open_world, refusal

from harness.emulator.s3.checksums import ALGORITHMS, checksum
from harness.emulator.s3.chunk_signatures import ChunkSigner
from harness.emulator.service import ServiceError

if TYPE_CHECKING:
    from botocore.awsrequest import AWSResponse

# The published examples of the S3 API reference ("Signature calculations: transferring payload in multiple chunks",
# and "... including trailing headers"), with the example key of the AWS documentation.
_SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
_TIMESTAMP, _SCOPE = "20130524T000000Z", "20130524/us-east-1/s3/aws4_request"
_CONTENT = b"a" * 66_560
_CHUNKS = (_CONTENT[:65_536], _CONTENT[65_536:], b"")
_PLAIN = (
    "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9",
    "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
    "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
    "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9",
)
_WITH_TRAILER = (
    "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e",
    "b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2",
    "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7",
    "2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992",
)
_TRAILER_SIGNATURE = "d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435"


def _key(secret: str, scope: str) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key


@pytest.mark.parametrize("signatures", [_PLAIN, _WITH_TRAILER], ids=["chunks", "chunks-with-trailer"])
def test_chunks_are_signed_as_in_the_published_example(signatures: tuple[str, ...]) -> None:
    signer = ChunkSigner(_key(_SECRET, _SCOPE), _TIMESTAMP, _SCOPE, signatures[0])
    previous = signer.seed
    for chunk, signature in zip(_CHUNKS, signatures[1:], strict=True):
        with pytest.raises(ServiceError, match="SignatureDoesNotMatch"):
            signer.after_chunk(previous, signature, chunk + b"changed")
        previous = signer.after_chunk(previous, signature, chunk)
    assert previous == signatures[-1]


def test_trailers_are_signed_as_in_the_published_example() -> None:
    signer = ChunkSigner(_key(_SECRET, _SCOPE), _TIMESTAMP, _SCOPE, _WITH_TRAILER[0])
    trailer = f"x-amz-checksum-crc32c:{checksum('crc32c', _CONTENT)}\n".encode()
    assert trailer == b"x-amz-checksum-crc32c:sOO8/Q==\n"
    assert signer.after_trailers(_WITH_TRAILER[-1], _TRAILER_SIGNATURE, trailer) == _TRAILER_SIGNATURE


@pytest.mark.parametrize(
    ("algorithm", "value"),
    [("crc32", "cbf43926"), ("crc32c", "e3069283"), ("crc64nvme", "ae8b14860a799888")],
)
def test_checksums_have_their_published_check_values(algorithm: str, value: str) -> None:
    assert base64.b64decode(checksum(algorithm, b"123456789")).hex() == value


world = pytest.fixture(scope="module")(open_world)


@pytest.fixture(scope="module")
def bucket(world: S3World) -> str:
    return world.bucket()


class _Streaming(S3SigV4Auth):
    """Signs a request whose chunks have signatures of their own."""

    declared = ""

    def payload(self, _: Any) -> str:
        return self.declared


def _uploaded(
    world: S3World, bucket: str, chunks: tuple[bytes, ...], *, tampers: str = "", trailer: str = ""
) -> AWSResponse:
    """Send an upload in signed chunks, of which `tampers` spoils something."""
    issued = world.cloud.root_credentials()
    secret = issued.secret_access_key.reveal()
    declared = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD" + ("-TRAILER" if trailer else "")
    headers = {
        "X-Amz-Content-SHA256": declared,
        "Content-Encoding": "aws-chunked",
        "X-Amz-Decoded-Content-Length": str(sum(map(len, chunks))),
        **({"X-Amz-Trailer": trailer.partition(":")[0]} if trailer else {}),
    }
    url = f"https://s3.{REGION}.amazonaws.com/{bucket}/streamed"
    request = AWSRequest(method="PUT", url=url, data=b"", headers=headers)
    signer = _Streaming(Credentials(issued.access_key_id, secret), "s3", REGION)
    signer.declared = declared
    signer.add_auth(request)
    timestamp = request.context["timestamp"]
    scope = f"{timestamp[:8]}/{REGION}/s3/aws4_request"
    previous = request.headers["Authorization"].rpartition("Signature=")[2]
    key, body = _key(secret, scope), b""
    for chunk in (*chunks, b""):
        previous = _signature(key, "PAYLOAD", timestamp, scope, previous, chunk)
        shown = "0" * 64 if tampers == "signature" and chunk == chunks[-1] else previous
        sent = chunk.swapcase() if tampers == "content" else chunk
        body += f"{len(chunk):x};chunk-signature={shown}\r\n".encode() + sent + (b"\r\n" if chunk else b"")
    if trailer:
        signature = _signature(key, "TRAILER", timestamp, scope, previous, f"{trailer}\n".encode())
        shown = "0" * 64 if tampers == "trailer" else signature
        body += f"{trailer}\r\nx-amz-trailer-signature:{shown}\r\n".encode()
    prepared = request.prepare()
    prepared.body = body + b"\r\n"
    prepared.headers["Content-Length"] = str(len(prepared.body))
    return world.sent(prepared)


def _signature(key: bytes, kind: str, timestamp: str, scope: str, previous: str, content: bytes) -> str:
    lines = [f"AWS4-HMAC-SHA256-{kind}", timestamp, scope, previous]
    lines += [hashlib.sha256(b"").hexdigest()] if kind == "PAYLOAD" else []
    lines.append(hashlib.sha256(content).hexdigest())
    return hmac.new(key, "\n".join(lines).encode(), hashlib.sha256).hexdigest()


def _code(response: AWSResponse) -> str:
    return next(each.text or "" for each in ET.fromstring(response.text).iter() if each.tag == "Code")  # noqa: S314  our own answer


@pytest.mark.parametrize("trailer", ["", f"x-amz-checksum-crc32c:{checksum('crc32c', b'one two')}"])
def test_an_upload_in_signed_chunks_arrives(world: S3World, bucket: str, trailer: str) -> None:
    assert _uploaded(world, bucket, (b"one ", b"two"), trailer=trailer).status_code == 200
    assert world.operator.get_object(Bucket=bucket, Key="streamed")["Body"].read() == b"one two"


@pytest.mark.parametrize("tampers", ["content", "signature", "trailer"])
def test_a_chunk_that_was_changed_on_the_way_is_refused(world: S3World, tampers: str) -> None:
    # Section 7, row "wrong secret / body changed".
    bucket = world.bucket()
    trailer = f"x-amz-checksum-crc32c:{checksum('crc32c', b'one two')}" if tampers == "trailer" else ""
    response = _uploaded(world, bucket, (b"one ", b"two"), tampers=tampers, trailer=trailer)
    assert (_code(response), response.status_code) == ("SignatureDoesNotMatch", 403)
    assert world.operator.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def test_a_wrong_checksum_in_a_signed_trailer_is_a_bad_digest(world: S3World, bucket: str) -> None:
    wrong = f"x-amz-checksum-crc32c:{checksum('crc32c', b'other')}"
    response = _uploaded(world, bucket, (b"one ", b"two"), trailer=wrong)
    assert (_code(response), response.status_code) == ("BadDigest", 400)


@pytest.mark.parametrize("algorithm", sorted(ALGORITHMS))
def test_a_checksum_is_verified_and_given_back(world: S3World, bucket: str, algorithm: str) -> None:
    name = f"Checksum{algorithm.upper()}"
    right, wrong = (checksum(algorithm, content) for content in (b"content", b"other"))
    stored = {"Bucket": bucket, "Key": algorithm, "Body": b"content"}
    assert world.operator.put_object(**stored, **{name: right})[name] == right
    assert refusal(world.operator.put_object, **stored, **{name: wrong})[:2] == ("BadDigest", 400)
    shown = world.operator.head_object(Bucket=bucket, Key=algorithm, ChecksumMode="ENABLED")
    assert (shown[name], shown["ChecksumType"]) == (right, "FULL_OBJECT")


@pytest.mark.parametrize(
    ("digest", "code"), [("AAAAAAAAAAAAAAAAAAAAAA==", "BadDigest"), ("AAAA", "InvalidDigest"), ("?", "InvalidDigest")]
)
def test_a_wrong_md5_is_refused(world: S3World, bucket: str, digest: str, code: str) -> None:
    refused = refusal(world.operator.put_object, Bucket=bucket, Key="k", Body=b"content", ContentMD5=digest)
    assert refused[:2] == (code, 400)
