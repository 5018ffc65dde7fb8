"""The server's half of the Secure Remote Password exchange as user pools speak it (flow USER_SRP_AUTH).

SRP-6a in the 3072-bit group of RFC 3526 with generator 2 and SHA-256. The key of an exchange comes out of HKDF with a
fixed label, and the client proves that it has the key with an HMAC over the pool, the user, the server's secret block
and the time. What is compared and hashed are big-endian integers with a zero byte in front when the first bit is set.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.secret import Secret

_PRIME = int(
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DDEF9519B3CD3A431B"
    "302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7EDEE386BFB5A899FA5AE9F24117C4B1FE6"
    "49286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F83655D23DCA3AD961C62F356208552BB9ED529077096966D"
    "670C354E4ABC9804F1746C08CA18217C32905E462E36CE3BE39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF695581718"
    "3995497CEA956AE515D2261898FA051015728E5A8AAAC42DAD33170D04507A33A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7D"
    "B3970F85A6E1E4C7ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864D87602733EC86A64521F2B18177B200C"
    "BBE117577A615D6C770988C0BAD946E208E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF",
    16,
)
_GENERATOR = 2
_KEY_LABEL = b"Caldera Derived Key"
_KEY_LENGTH = 16
_SALT_BITS = 128
_SECRET_BITS = 256
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_TIMESTAMP = re.compile(
    r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) (?P<month>[A-Z][a-z]{2}) (?P<day>\d{1,2}) "
    r"(?P<hour>\d\d):(?P<minute>\d\d):(?P<second>\d\d) UTC (?P<year>\d{4})"
)


class ProofError(Exception):
    """The client's public value or its proof is not acceptable."""


def new_salt() -> int:
    """Return a salt for a new password."""
    return secrets.randbits(_SALT_BITS) | 1 << (_SALT_BITS - 1)


def salt_from(seed: bytes) -> int:
    """Return the salt that always belongs to the seed, as for users that do not exist."""
    return int.from_bytes(hashlib.sha256(seed).digest()[: _SALT_BITS // 8]) | 1 << (_SALT_BITS - 1)


@dataclass(frozen=True, slots=True)
class Verifier:
    """What a server needs to know of one user's password."""

    pool_name: str
    username: str
    salt: int
    value: int = field(repr=False)


def verifier_of(pool_id: str, username: str, password: Secret, salt: int) -> Verifier:
    """Return the verifier of a password; the pool's name in it is the part of its id after the Region."""
    pool_name = pool_id.partition("_")[2]
    identity = hashlib.sha256(f"{pool_name}{username}:{password.reveal()}".encode()).digest()
    exponent = _number(_octets(salt), identity)
    return Verifier(pool_name, username, salt, pow(_GENERATOR, exponent, _PRIME))


@dataclass(frozen=True, slots=True)
class Exchange:
    """One exchange: the verifier it is about, the client's public value and the server's two values."""

    verifier: Verifier
    client_public: int
    server_secret: int = field(repr=False)
    server_public: int
    secret_block: bytes = field(repr=False)

    def check(self, signature: bytes, timestamp: str) -> None:
        """Return when the signature proves that the client knows the password; raises ProofError otherwise."""
        expected = hmac.new(self._key(), digestmod=hashlib.sha256)
        for part in (self.verifier.pool_name.encode(), self.verifier.username.encode(), self.secret_block):
            expected.update(part)
        expected.update(timestamp.encode())
        if not hmac.compare_digest(expected.digest(), signature):
            raise ProofError("the signature is another one")

    def _key(self) -> bytes:
        scrambler = _number(_octets(self.client_public), _octets(self.server_public))
        if scrambler == 0:
            raise ProofError("the scrambling parameter is zero")
        base = self.client_public * pow(self.verifier.value, scrambler, _PRIME) % _PRIME
        shared = pow(base, self.server_secret, _PRIME)
        extracted = hmac.digest(_octets(scrambler), _octets(shared), "sha256")
        return hmac.digest(extracted, _KEY_LABEL + b"\x01", "sha256")[:_KEY_LENGTH]


def begin(verifier: Verifier, client_public: str) -> Exchange:
    """Return a new exchange for the client's public value, given in hexadecimal digits.

    Raises ProofError for what is no such number, and for a multiple of the prime, with which anybody could prove
    anything.
    """
    if not re.fullmatch("[0-9A-Fa-f]+", client_public):
        raise ProofError("the public value is not hexadecimal")
    public = int(client_public, 16)
    if public % _PRIME == 0:
        raise ProofError("the public value is zero")
    secret = secrets.randbits(_SECRET_BITS) | 1
    multiplier = _number(_octets(_PRIME), _octets(_GENERATOR))
    server_public = (multiplier * verifier.value + pow(_GENERATOR, secret, _PRIME)) % _PRIME
    return Exchange(verifier, public, secret, server_public, secrets.token_bytes(512))


def time_of(timestamp: str) -> float:
    """Return the epoch seconds of a proof's TIMESTAMP; raises ProofError when it is not written as clients write it."""
    found = _TIMESTAMP.fullmatch(timestamp)
    if found is None or found["month"] not in _MONTHS:
        raise ProofError("the timestamp is not written as it must be")
    day, hour, minute, second, year = (int(found[name]) for name in ("day", "hour", "minute", "second", "year"))
    try:
        return datetime(year, _MONTHS.index(found["month"]) + 1, day, hour, minute, second, tzinfo=UTC).timestamp()
    except ValueError:
        raise ProofError("the timestamp is no time") from None


def _octets(value: int) -> bytes:
    return value.to_bytes(value.bit_length() // 8 + 1)


def _number(*parts: bytes) -> int:
    return int.from_bytes(hashlib.sha256(b"".join(parts)).digest())
