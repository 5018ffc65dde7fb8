"""The checksums S3 takes for a body, as base64 of the big-endian value (S3 User Guide, "Checking object integrity")."""

from __future__ import annotations

import base64
import hashlib
import zlib
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# Reversed polynomials: CRC-32C (Castagnoli) and CRC-64/NVME.
_CASTAGNOLI = 0x82F63B78
_NVME = 0x9A6C9329AC4BC9B5


@cache
def _table(polynomial: int) -> tuple[int, ...]:
    table = []
    for value in range(256):
        register = value
        for _ in range(8):
            register = (register >> 1) ^ (polynomial if register & 1 else 0)
        table.append(register)
    return tuple(table)


def _crc(content: bytes, polynomial: int, size: int) -> bytes:
    table, register = _table(polynomial), (1 << (8 * size)) - 1
    for byte in content:
        register = table[(register ^ byte) & 0xFF] ^ (register >> 8)
    return (register ^ ((1 << (8 * size)) - 1)).to_bytes(size, "big")


_DIGESTS: Mapping[str, Callable[[bytes], bytes]] = {
    "crc32": lambda content: zlib.crc32(content).to_bytes(4, "big"),
    "crc32c": lambda content: _crc(content, _CASTAGNOLI, 4),
    "crc64nvme": lambda content: _crc(content, _NVME, 8),
    "sha1": lambda content: hashlib.sha1(content, usedforsecurity=False).digest(),
    "sha256": lambda content: hashlib.sha256(content).digest(),
}
ALGORITHMS = frozenset(_DIGESTS)


def checksum(algorithm: str, content: bytes) -> str:
    """Return the checksum of the content by an algorithm of `ALGORITHMS`, in base64."""
    return base64.b64encode(_DIGESTS[algorithm](content)).decode()
