"""Tokens that no identity provider would issue, assembled by hand because good libraries refuse to make them."""

from __future__ import annotations

import base64
import json
from functools import cache
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from harness.secret import Secret


def claims_of(token: Secret) -> dict[str, Any]:
    """Return the claims of a compact JWT, unverified."""
    decoded: dict[str, Any] = json.loads(_decode(token.reveal().split(".")[1]))
    return decoded


def unsigned(token: Secret, **changes: Any) -> Secret:
    """Return the token with changed claims, the algorithm `none` and an empty signature."""
    return Secret(f"{_encode({'alg': 'none', 'typ': 'JWT'})}.{_encode(claims_of(token) | changes)}.")


def tampered(token: Secret, **changes: Any) -> Secret:
    """Return the token with changed claims under the signature of the genuine one."""
    header, _, signature = token.reveal().split(".")
    return Secret(f"{header}.{_encode(claims_of(token) | changes)}.{signature}")


def signed_with_foreign_key(token: Secret, **changes: Any) -> Secret:
    """Return the token with changed claims, signed with a key of our own under the genuine header's key id."""
    header = token.reveal().split(".")[0]
    body = f"{header}.{_encode(claims_of(token) | changes)}"
    signature = _foreign_key().sign(body.encode(), padding.PKCS1v15(), hashes.SHA256())
    return Secret(f"{body}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}")


@cache
def _foreign_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _encode(part: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


def _decode(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
