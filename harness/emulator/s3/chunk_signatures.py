"""Signatures of the single chunks of an upload (S3 API reference, "Signature calculations ... multiple chunks").

Every chunk is signed together with the signature before it, the first one with that of the request itself.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.emulator.service import ServiceError

if TYPE_CHECKING:
    from harness.emulator.signatures.sigv4 import VerifiedSignature

SIGNED_STREAMS = frozenset({"STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"})
"""The values of x-amz-content-sha256 that announce chunks with signatures of their own."""

_NOTHING = hashlib.sha256(b"").hexdigest()


@dataclass(frozen=True, slots=True, repr=False)
class ChunkSigner:
    """Checks the chunks of one request in their order. `seed` is the signature of the request."""

    key: bytes
    timestamp: str
    scope: str
    seed: str

    def after_chunk(self, previous: str, given: str, content: bytes) -> str:
        """Return the signature of a chunk, to be passed on to the next; raises ServiceError SignatureDoesNotMatch."""
        return self._checked("AWS4-HMAC-SHA256-PAYLOAD", previous, given, _NOTHING, content)

    def after_trailers(self, previous: str, given: str, trailers: bytes) -> str:
        """Return the signature of the trailers, each of them `name:value` and a line feed; raises as above."""
        return self._checked("AWS4-HMAC-SHA256-TRAILER", previous, given, None, trailers)

    def _checked(self, algorithm: str, previous: str, given: str, headers_hash: str | None, content: bytes) -> str:
        lines = [algorithm, self.timestamp, self.scope, previous]
        lines += [] if headers_hash is None else [headers_hash]
        to_sign = "\n".join([*lines, hashlib.sha256(content).hexdigest()])
        expected = hmac.new(self.key, to_sign.encode(), hashlib.sha256).hexdigest()
        if not hmac.compare_digest(expected.encode(), given.encode()):
            raise ServiceError(
                "SignatureDoesNotMatch",
                "The request signature we calculated does not match the signature you provided. "
                "Check your key and signing method.",
                403,
            )
        return expected


def chunk_signer(verified: VerifiedSignature) -> ChunkSigner:
    """Return the signer of the chunks of a request whose own signature has been verified."""
    key = bytes.fromhex(verified.signing_key.reveal())
    return ChunkSigner(key, verified.timestamp, verified.scope, verified.signature)
