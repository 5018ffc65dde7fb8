"""Tokens that no identity provider would issue, assembled by hand because good libraries refuse to make them."""

from __future__ import annotations

import base64
import hmac
import json
from functools import cache
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from harness.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping

_UNKNOWN_KEY_ID = "isolation-harness-unknown-key"


def header_of(token: Secret) -> dict[str, Any]:
    """Return the header of a compact JWT."""
    return _part(token, 0)


def claims_of(token: Secret) -> dict[str, Any]:
    """Return the claims of a compact JWT, unverified."""
    return _part(token, 1)


def _part(token: Secret, number: int) -> dict[str, Any]:
    decoded: dict[str, Any] = json.loads(_decode(token.reveal().split(".")[number]))
    return decoded


def unsigned(token: Secret, **changes: Any) -> Secret:
    """Return the token with changed claims, the algorithm `none` and an empty signature."""
    return Secret(f"{_encode({'alg': 'none', 'typ': 'JWT'})}.{_encode(claims_of(token) | changes)}.")


def tampered(token: Secret, **changes: Any) -> Secret:
    """Return the token with changed claims under the signature of the genuine one.

    Without a change the claims are written otherwise, so that the signature is never theirs.
    """
    header, genuine, signature = token.reveal().split(".")
    body = _encode(claims_of(token) | changes)
    if body == genuine:
        body = _encoded(json.dumps(claims_of(token)) + " ")
    return Secret(f"{header}.{body}.{signature}")


def signed_with_foreign_key(token: Secret, **changes: Any) -> Secret:
    """Return the token with changed claims, signed with a key of our own under the genuine header's key id."""
    return _signed_by_us(header_of(token), claims_of(token) | changes)


def signed_under_unknown_key_id(token: Secret, **changes: Any) -> Secret:
    """Return the token with changed claims, signed with a key of our own under a key id that nobody knows."""
    return _signed_by_us(header_of(token) | {"kid": _UNKNOWN_KEY_ID}, claims_of(token) | changes)


def signed_with_secret(token: Secret, secret: bytes, key_id: str = "", **changes: Any) -> Secret:
    """Return the token with changed claims as HS256 with the secret, under the genuine key id unless one is given."""
    header = {"kid": key_id or header_of(token)["kid"], "alg": "HS256"}
    body = f"{_encode(header)}.{_encode(claims_of(token) | changes)}"
    return _with_signature(body, hmac.digest(secret, body.encode(), "sha256"))


def public_key_as_text(key: Mapping[str, str]) -> bytes:
    """Return an RSA key of a JWK set as PEM, the form in which verifiers commonly keep it."""
    modulus, exponent = (int.from_bytes(_decode(key[part])) for part in ("n", "e"))
    return (
        rsa.RSAPublicNumbers(exponent, modulus)
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )


def _signed_by_us(header: dict[str, Any], claims: dict[str, Any]) -> Secret:
    body = f"{_encode(header)}.{_encode(claims)}"
    return _with_signature(body, _foreign_key().sign(body.encode(), padding.PKCS1v15(), hashes.SHA256()))


def _with_signature(body: str, signature: bytes) -> Secret:
    return Secret(f"{body}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}")


@cache
def _foreign_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _encode(part: dict[str, Any]) -> str:
    return _encoded(json.dumps(part))


def _encoded(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def _decode(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
