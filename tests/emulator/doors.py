"""The two doors of the emulator, with real botocore clients for each: what conformance tests reach a cloud through.

A test that takes `door`, itself or by way of a fixture, runs twice: in process, and over HTTP on loopback. Clouds,
clocks and faults are made in this process either way, so a test may look into the cloud behind an HTTP door too.
"""

from __future__ import annotations

import http.client
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

import botocore.session
from botocore import UNSIGNED
from botocore.config import Config
from botocore.credentials import Credentials, ReadOnlyCredentials

from harness.emulator.cloud import EmbeddedCloud
from harness.emulator.http.door import HttpDoor
from harness.emulator.http.routes import HttpRoutes
from harness.emulator.wire import Reply, to_botocore

if TYPE_CHECKING:
    from collections.abc import Callable

    from botocore.awsrequest import AWSPreparedRequest, AWSResponse

    from harness.emulator.signatures.sigv4 import SignedRequest


class Door(Protocol):
    """A way to clouds."""

    def client(
        self, cloud: EmbeddedCloud, service: str, region: str, credentials: ReadOnlyCredentials | None, **config: Any
    ) -> Any:
        """Return a botocore client of a cloud that signs with the credentials (None: not at all)."""

    def send(self, cloud: EmbeddedCloud, request: AWSPreparedRequest) -> AWSResponse:
        """Return the answer to a request that is ready to be sent to an AWS host, or to where a client would send."""


@dataclass
class _Call:
    """Whose call to which cloud is being made. Clients are dear, so all callers share those of a service."""

    cloud: EmbeddedCloud
    credentials: ReadOnlyCredentials | None = None


class _Callers(Credentials):
    """Credentials that are looked up when a request is signed."""

    def __init__(self, current: Callable[[], _Call]) -> None:
        super().__init__("-", "-")
        self._current = current

    def get_frozen_credentials(self) -> ReadOnlyCredentials:
        found = self._current().credentials
        assert found is not None
        return found


class _Client:
    """A client of one cloud that signs as one caller. What it offers is the shared client's.

    Pages of a paginator are fetched as whoever called last: nobody else may call while they are gone through.
    """

    def __init__(self, made: Any, enter: Callable[[], None]) -> None:
        self._made, self._enter = made, enter

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._made, name)
        if not callable(found):
            return found

        def call(*args: Any, **params: Any) -> Any:
            self._enter()
            return found(*args, **params)

        return call


class _Clients:
    """The clients of a door, made when they are first asked for."""

    def __init__(self) -> None:
        self._current: _Call | None = None
        self._made: dict[Any, Any] = {}

    def client(
        self, cloud: EmbeddedCloud, service: str, region: str, credentials: ReadOnlyCredentials | None, **config: Any
    ) -> Any:
        config.setdefault("parameter_validation", False)
        if credentials is None:
            config["signature_version"] = UNSIGNED
        key = (service, region, repr(sorted(config.items())))
        if key not in self._made:
            settings = Config(retries={"total_max_attempts": 1}, **config)
            self._made[key] = self._make(service, region_name=region, config=settings)

        def enter() -> None:
            self._current = _Call(cloud, credentials)

        return _Client(self._made[key], enter)

    def _call(self) -> _Call:
        assert self._current is not None
        return self._current

    def _make(self, service: str, **settings: Any) -> Any:
        made = _session().create_client(service, aws_access_key_id="-", aws_secret_access_key="-", **settings)
        made._request_signer._credentials = _Callers(self._call)
        return made


class InProcess(_Clients):
    """Clients whose requests are answered instead of being sent."""

    def send(self, cloud: EmbeddedCloud, request: AWSPreparedRequest) -> AWSResponse:
        return cloud.gateway.before_send(request)

    def _make(self, service: str, **settings: Any) -> Any:
        made = super()._make(service, **settings)
        made.meta.events.register("before-send", lambda request, **_: self.send(self._call().cloud, request))
        return made


class OverHttp(_Clients):
    """Clients of one server on loopback, behind which stands the cloud whose client was called last."""

    def __init__(self) -> None:
        super().__init__()
        self._server: HttpDoor | None = None

    def send(self, cloud: EmbeddedCloud, request: AWSPreparedRequest) -> AWSResponse:
        self._current = _Call(cloud)
        parts = urlsplit(request.url)
        connection = http.client.HTTPConnection(self._url().removeprefix("http://"), timeout=10)
        # botocore leaves some header values as bytes, whatever its types say.
        values: dict[str, Any] = dict(request.headers.items())
        headers = {name: value.decode() if isinstance(value, bytes) else str(value) for name, value in values.items()}
        path = f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"
        body: Any = request.body
        connection.request(request.method, path, body, {"Host": parts.netloc, **headers})
        response = connection.getresponse()
        reply = Reply(response.status, dict(response.getheaders()), response.read())
        connection.close()
        return to_botocore(request.url, reply, "")

    def close(self) -> None:
        """Stop the server, where there is one."""
        for client in self._made.values():
            client.close()
        if self._server is not None:
            self._server.stop()

    def _url(self) -> str:
        if self._server is None:
            # Starting a server takes longer than most tests, so one serves all clouds of the session in turn.
            self._server = HttpDoor(EmbeddedCloud(), answers=self._answer)
            self._server.start()
        return self._server.url

    def _answer(self, request: SignedRequest, request_id: str) -> Reply:
        return HttpRoutes(self._call().cloud).answer(request, request_id)

    def _make(self, service: str, **settings: Any) -> Any:
        return super()._make(service, endpoint_url=self._url(), **settings)


@cache
def _session() -> Any:
    # Its loader keeps the service models, which take most of the time of making a client.
    return botocore.session.Session()
