"""The two public documents of a user pool: its keys, and its OpenID configuration."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from harness.emulator.wire import Reply

if TYPE_CHECKING:
    from harness.emulator.cloud import EmbeddedCloud
    from harness.emulator.signatures.sigv4 import SignedRequest

_PATH = re.compile(
    r"/(?P<pool>(?P<region>[a-z]{2}(?:-[a-z]+)+-\d)_[A-Za-z0-9]+)/\.well-known/(?P<document>jwks\.json|openid-configuration)"
)


@dataclass(frozen=True, slots=True)
class PoolDocument:
    """The document a request asks for: `pool` is the user pool's id, `name` the last part of the path."""

    pool: str
    region: str
    name: str


def document_of(request: SignedRequest) -> PoolDocument | None:
    """Return which document a request asks for, or None if it asks for none."""
    if request.method not in ("GET", "HEAD"):
        return None
    found = _PATH.fullmatch(urlsplit(request.url).path)
    return None if found is None else PoolDocument(found["pool"], found["region"], found["document"])


def pool_document(asked: PoolDocument, request: SignedRequest, cloud: EmbeddedCloud) -> Reply:
    """Return the document. Raises ServiceError ResourceNotFoundException when there is no such pool.

    The keys are said to be where the request was sent, so that a client that follows `jwks_uri` stays on the emulator;
    `issuer` is what the tokens say.
    """
    pool = {"UserPoolId": asked.pool}
    user_pools = cloud.services_meant_by("cognito-idp", pool, asked.region).user_pools
    document = dict(user_pools.jwks(asked.pool))
    if asked.name == "openid-configuration":
        sent_to = urlsplit(request.url)
        keys = f"{sent_to.scheme}://{sent_to.netloc}/{asked.pool}/.well-known/jwks.json"
        document = {**user_pools.openid_configuration(asked.pool), "jwks_uri": keys}
    return Reply(200, {"Content-Type": "application/json"}, json.dumps(document).encode())
