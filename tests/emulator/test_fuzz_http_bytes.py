"""Bytes that are nearly HTTP: the server answers them as malformed, or as requests, and goes on."""

from __future__ import annotations

import random
import socket
from typing import TYPE_CHECKING

import pytest

from harness.emulator.service import NOT_DERIVABLE

if TYPE_CHECKING:
    from random import Random

    from conftest import Served

_MESSAGES = (
    (
        b"POST / HTTP/1.1\r\nHost: localhost\r\nX-Amz-Target: DynamoDB_20120810.ListTables\r\n"
        b"Authorization: AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/dynamodb/aws4_request, "
        b"SignedHeaders=host, Signature=00\r\nContent-Length: 2\r\n\r\n{}"
    ),
    (
        b"PUT /bucket/key%20a?x=1 HTTP/1.1\r\nHost: bucket.s3.localhost:1\r\nTransfer-Encoding: chunked\r\n"
        b"Expect: 100-continue\r\n\r\n3;a=b\r\nabc\r\n0\r\nx-amz-checksum-crc32: AAAAAA==\r\n\r\n"
    ),
    b"GET /_isolation/health HTTP/1.1\r\nHost: [::1]:1\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n",
)
_PARTS = (b"\r\n", b"\r", b"\n", b"\x00", b" ", b":", b"\xff", b"HTTP/9.9", b"Host: x\r\n", b"0", b"%", b"\t", b"/../")
# Fills up a body that was announced too long, and ends a connection that waits for another request.
_PADDING = b"\r\n\r\n" + b"\x01" * 70_000


def _mutated(seeded: Random) -> bytes:
    message = bytearray(seeded.choice(_MESSAGES))
    for _ in range(seeded.randint(1, 4)):
        spot = seeded.randrange(len(message))
        end = spot + seeded.choice((0, 0, 1, 5))
        message[spot:end] = seeded.choice((*_PARTS, bytes(message[:spot])))
    return bytes(message)


def _exchange(url: str, sent: bytes) -> bytes:
    host, _, port = url.removeprefix("http://").rpartition(":")
    answer = b""
    with socket.create_connection((host, int(port)), timeout=0.5) as connection:
        try:
            connection.sendall(sent + _PADDING)
            while part := connection.recv(65536):
                answer += part
        except (ConnectionError, TimeoutError):
            pass  # closed on us in the middle of our padding, or waiting for a body of great length
    return answer


def _run(served: Served, seeded: Random, count: int) -> None:
    for number in range(count):
        sent = _mutated(seeded)
        answer = _exchange(served.door.url, sent)
        told = f"number {number}: {sent!r} was answered {answer!r}"
        assert b"Traceback" not in answer, told
        assert b"HTTP/1.1 50" not in answer or NOT_DERIVABLE.encode() in answer, told
        assert b'"TableNames"' not in answer, told


def test_bytes_that_are_nearly_http_do_no_harm(served: Served) -> None:
    _run(served, random.Random(20261121), 150)  # noqa: S311  the seed makes a failure repeatable


@pytest.mark.long
@pytest.mark.timeout(3000)
def test_bytes_that_are_nearly_http_do_no_harm_for_long(served: Served) -> None:
    _run(served, random.Random(1), 5_000)  # noqa: S311  as above
