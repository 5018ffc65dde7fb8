"""What answers a request that came in over HTTP: the route table of the HTTP door.

| where | what |
| --- | --- |
| an AWS host in the Host header | the gateway, exactly as in process |
| any other host that is not loopback | refused: a browser page may have been led here by its own name |
| a preflight for a call of Cognito or DynamoDB | leave for any origin (cross_origin.py) |
| `GET /_isolation/health` | that the emulator is up |
| `POST /_isolation/reset` with the header `X-Isolation-Reset: yes` | everything is dropped |
| `/_aws/execute-api/{api}/{path}`, `/_aws/lambda-url/{id}/{path}` | an API or a function URL (raw_http.py) |
| anything else | the gateway, with service and Region read as loopback.py says |

No other path means anything; all reach the gateway, which authenticates and authorizes.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from harness import __version__
from harness.emulator.http.cross_origin import preflight_answer, readable_by_its_page
from harness.emulator.http.loopback import address_on_loopback, is_loopback
from harness.emulator.http.raw_http import raw_call_by_path
from harness.emulator.service import ServiceError
from harness.emulator.wire import Protocol, Reply, error_reply

if TYPE_CHECKING:
    from harness.emulator.cloud import EmbeddedCloud
    from harness.emulator.signatures.sigv4 import SignedRequest

_OWN_PATHS = "/_isolation/"
_AWS_HOSTS = (".amazonaws.com", ".on.aws")


class HttpRoutes:
    """Answers what the HTTP door received, for one embedded cloud."""

    def __init__(self, cloud: EmbeddedCloud) -> None:
        self._cloud = cloud

    def answer(self, request: SignedRequest, request_id: str) -> Reply:
        """Return the answer; `request.url` is absolute, with the host of the Host header."""
        try:
            reply = self._answer(request, request_id)
        except ServiceError as error:
            reply = error_reply(Protocol.JSON_1_1, "unknown", error, request_id)
        return readable_by_its_page(request, reply)

    def _answer(self, request: SignedRequest, request_id: str) -> Reply:
        parts = urlsplit(request.url)
        host = _without_port(parts.netloc).lower()
        is_aws = host.endswith(_AWS_HOSTS)
        if not is_aws and not is_loopback(host):
            raise ServiceError("MisdirectedRequest", "This emulator answers for loopback and for AWS hosts only.", 421)
        preflight = preflight_answer(request)
        if preflight is not None:
            return preflight
        if is_aws:
            query = f"?{parts.query}" if parts.query else ""
            meant = f"https://{host}{parts.path}{query}"
            return self._cloud.gateway.answer(replace(request, url=meant), request_id)
        if parts.path.startswith(_OWN_PATHS):
            return self._own(request, parts.path)
        raw = raw_call_by_path(request)
        if raw is not None:
            return self._cloud.gateway.answer_raw(raw, request_id)
        address = address_on_loopback(request, host, self._cloud.region)
        return self._cloud.gateway.answer_at(address, request, request_id)

    def _own(self, request: SignedRequest, path: str) -> Reply:
        if path == "/_isolation/health" and request.method in ("GET", "HEAD"):
            return _json(200, {"status": "ok", "version": __version__, "region": self._cloud.region})
        if path == "/_isolation/reset" and request.method == "POST":
            # A page in a browser cannot send this header without being asked for leave first, which nobody gives.
            if request.headers.get("x-isolation-reset") != "yes":
                return _json(403, {"message": "Send the header X-Isolation-Reset: yes to drop everything."})
            with self._cloud.gateway.turn.taken():
                self._cloud.reset()
            return _json(200, {"status": "reset"})
        return _json(404, {"message": "There are GET /_isolation/health and POST /_isolation/reset."})


def _json(status: int, body: object) -> Reply:
    return Reply(status, {"Content-Type": "application/json"}, json.dumps(body).encode())


def _without_port(netloc: str) -> str:
    host, _, port = netloc.rpartition(":")
    return host if host and port.isdecimal() else netloc
