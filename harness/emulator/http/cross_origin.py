"""What pages of other origins are told: Cognito and DynamoDB may be called from any, as on AWS.

A preflight is recognized by what it asks leave for: POST to `/` with the header X-Amz-Target, which the calls of these
services have and no other's. Neither the emulator's own paths nor S3 answer one; a bucket would need a CORS
configuration, which is not implemented.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from harness.emulator.endpoints import FORMER_TARGETS, TARGETS
from harness.emulator.wire import Reply

if TYPE_CHECKING:
    from harness.emulator.signatures.sigv4 import SignedRequest

_TARGET = "x-amz-target"
_SERVICES = frozenset({*TARGETS.values(), *FORMER_TARGETS.values()})
# Seen on answers of Cognito (recorded by users of its API); the lifetime is that of amplify-js#4346. The methods are
# remembered, and the headers asked for are allowed whatever they are.
_ANY_ORIGIN = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "x-amzn-RequestId,x-amzn-ErrorType,x-amzn-ErrorMessage,Date",
}
_PREFLIGHT = {"Access-Control-Allow-Methods": "GET,POST,OPTIONS", "Access-Control-Max-Age": "172800"}


def preflight_answer(request: SignedRequest) -> Reply | None:
    """Return the answer to a browser that asks whether a page may send a call of a JSON service; None if it does not.

    It performs nothing and tells nothing about what is stored; the call that follows is authenticated as any.
    """
    asked = request.headers.get("access-control-request-headers", "")
    wanted = {name.strip().lower() for name in asked.split(",")}
    is_preflight = request.method == "OPTIONS" and request.headers.get("access-control-request-method") == "POST"
    if not is_preflight or "origin" not in request.headers or _TARGET not in wanted:
        return None
    if urlsplit(request.url).path not in ("", "/"):
        return None
    return Reply(200, {**_ANY_ORIGIN, **_PREFLIGHT, "Access-Control-Allow-Headers": asked}, b"")


def readable_by_its_page(request: SignedRequest, reply: Reply) -> Reply:
    """Return the answer to a call, with leave for the page that sent it to read it where the service gives that."""
    service = request.headers.get(_TARGET, "").rpartition(".")[0]
    if "origin" not in request.headers or service not in _SERVICES:
        return reply
    return replace(reply, headers={**reply.headers, **_ANY_ORIGIN})
