"""What an S3 request carries: the body out of its chunks, and whether it is what the client says it is."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from harness.emulator.s3.checksums import ALGORITHMS, checksum
from harness.emulator.s3.chunk_signatures import chunk_signer
from harness.emulator.service import NotDerivableError, ServiceError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.emulator.s3.chunk_signatures import ChunkSigner
    from harness.emulator.signatures.sigv4 import SignedRequest, VerifiedSignature

_STREAMS = {
    "STREAMING-UNSIGNED-PAYLOAD-TRAILER": (False, True),
    "STREAMING-AWS4-HMAC-SHA256-PAYLOAD": (True, False),
    "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER": (True, True),
}
_CHUNK = re.compile(rb"(?P<size>[0-9a-fA-F]{1,16})(?:;chunk-signature=(?P<signature>[0-9a-f]{64}))?")
_TRAILER_SIGNATURE = "x-amz-trailer-signature"
_CHECKSUM = "x-amz-checksum-"
_NO_VALUES = frozenset({"algorithm", "type", "mode"})


@dataclass(frozen=True, slots=True)
class Content:
    """The body of a request as the client meant it, with the checksums that were given and found to be right."""

    body: bytes
    checksums: Mapping[str, str] = field(default_factory=dict)


def read_content(request: SignedRequest, verified: VerifiedSignature | None) -> Content:
    """Return the content of a request.

    Raises ServiceError for a chunk whose signature, or content whose checksum, does not match, NotDerivableError for
    chunks that do not add up.
    """
    body, trailers = request.body, dict[str, str]()
    declared = request.headers.get("x-amz-content-sha256", "")
    if declared.startswith("STREAMING-"):
        body, trailers = _out_of_chunks(request, declared, verified)
    elif "aws-chunked" in request.headers.get("content-encoding", ""):
        raise NotDerivableError(f"a chunked body with the payload hash {declared}")
    _check_md5(request.headers.get("content-md5"), body)
    return Content(body, _checksums({**request.headers, **trailers}, body))


def _out_of_chunks(
    request: SignedRequest, declared: str, verified: VerifiedSignature | None
) -> tuple[bytes, dict[str, str]]:
    if declared not in _STREAMS:
        raise NotDerivableError(f"the payload signing {declared}")
    signed, has_trailers = _STREAMS[declared]
    if signed and verified is None:
        raise NotDerivableError("signed chunks of a request that is not signed")
    signer = chunk_signer(verified) if signed and verified is not None else None
    reader = _ChunkReader(signer)
    body = reader.content(request.body)
    if request.headers.get("x-amz-decoded-content-length", "") != str(len(body)):
        raise NotDerivableError("a chunked body of other than the announced length")
    trailers = reader.trailers()
    announced = {name.strip().lower() for name in request.headers.get("x-amz-trailer", "").split(",")} - {""}
    if trailers.keys() != (announced if has_trailers else set()):
        raise NotDerivableError("other trailers than the announced ones")
    return body, trailers


class _ChunkReader:
    def __init__(self, signer: ChunkSigner | None) -> None:
        self._signer = signer
        self._previous = "" if signer is None else signer.seed
        self._rest = b""

    def content(self, body: bytes) -> bytes:
        """Return the chunks up to the empty one, joined."""
        chunks, position = list[bytes](), 0
        while True:
            end = body.find(b"\r\n", position)
            found = _CHUNK.fullmatch(body, position, max(end, position))
            if found is None or (found["signature"] is None) != (self._signer is None):
                raise NotDerivableError("a chunked body that cannot be read")
            position = end + 2
            size = int(found["size"], 16)
            chunk = body[position : position + size]
            if self._signer is not None:
                self._previous = self._signer.after_chunk(self._previous, found["signature"].decode(), chunk)
            if size == 0:
                self._rest = body[position:]
                return b"".join(chunks)
            chunks.append(chunk)
            position += size
            if body[position : position + 2] != b"\r\n":
                raise NotDerivableError("a chunked body that cannot be read")
            position += 2

    def trailers(self) -> dict[str, str]:
        """Return the headers that trail the chunks, by lower-case name."""
        try:
            pairs = [line.decode().partition(":") for line in re.split(rb"\r?\n", self._rest) if line]
        except UnicodeDecodeError:
            raise NotDerivableError("trailers that are not UTF-8") from None
        trailers = {name.lower(): value.strip() for name, _, value in pairs}
        if len(trailers) != len(pairs):
            raise NotDerivableError("a trailer that is given twice")
        signature = trailers.pop(_TRAILER_SIGNATURE, "")
        if self._signer is not None and trailers:
            lines = "".join(f"{name}:{value}\n" for name, value in trailers.items())
            self._signer.after_trailers(self._previous, signature, lines.encode())
        return trailers


def _check_md5(given: str | None, body: bytes) -> None:
    if given is None:
        return
    try:
        digest = base64.b64decode(given, validate=True)
    except ValueError:
        digest = b""
    if len(digest) != hashlib.md5(usedforsecurity=False).digest_size:
        raise ServiceError("InvalidDigest", "The Content-MD5 you specified was invalid.")
    if digest != hashlib.md5(body, usedforsecurity=False).digest():
        raise ServiceError("BadDigest", "The Content-MD5 you specified did not match what we received.")


def _checksums(headers: Mapping[str, str], body: bytes) -> dict[str, str]:
    given = {}
    for name, value in headers.items():
        algorithm = name.removeprefix(_CHECKSUM)
        if algorithm == name or algorithm in _NO_VALUES:
            continue
        if algorithm not in ALGORITHMS:
            raise NotDerivableError(f"the checksum {algorithm}")
        if checksum(algorithm, body) != value:
            text = f"The {algorithm.upper()} you specified did not match the calculated checksum."
            raise ServiceError("BadDigest", text)
        given[algorithm] = value
    return given
