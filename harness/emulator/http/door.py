"""The HTTP door: one embedded cloud as a server on loopback, for AWS clients in any language."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Self

import uvicorn

from harness.emulator.http.connections import Connections
from harness.emulator.http.messages import body_event, read_body, request_of, start_event
from harness.emulator.http.routes import HttpRoutes
from harness.emulator.injection import InjectedResetError
from harness.emulator.service import ServiceError
from harness.emulator.wire import Protocol, Reply, error_reply, new_request_id
from harness.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from harness.emulator.cloud import EmbeddedCloud
    from harness.emulator.signatures.sigv4 import SignedRequest

_LOG = logging.getLogger(__name__)
# Calls are performed one at a time; threads that wait for a function handler have given their turn away.
_THREADS = 256
_BODY_LIMIT = 256 * 1024 * 1024
_BACKLOG = 512
_SECONDS_TO_FINISH = 1


class HttpDoor:
    """Serves one cloud on a loopback address, in a thread of its own, from `start` to `stop` or as a context manager.

    Port 0 takes a free one. `url` is the address clients are pointed to, without a slash at its end. Raises UsageError
    when the host is not loopback or the port is taken.
    """

    def __init__(
        self,
        cloud: EmbeddedCloud,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        body_limit: int = _BODY_LIMIT,
        answers: Callable[[SignedRequest, str], Reply] | None = None,
    ) -> None:
        """`answers` stands in for `HttpRoutes.answer`, for a door that watches what it answers."""
        self._cloud = cloud
        self._answers = answers or HttpRoutes(cloud).answer
        self._connections = Connections()
        self._body_limit = body_limit
        self._socket = _bound(_loopback_address(host), port)
        address, bound_port = self._socket.getsockname()[:2]
        self.url = f"http://[{address}]:{bound_port}" if ":" in address else f"http://{address}:{bound_port}"
        self._threads = ThreadPoolExecutor(_THREADS, "http-door")
        settings = uvicorn.Config(
            self._serve,
            http=self._connections.protocol,
            loop="asyncio",
            ws="none",
            lifespan="off",
            interface="asgi3",
            log_config=None,
            log_level="critical",
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=60,
            timeout_graceful_shutdown=_SECONDS_TO_FINISH,
        )
        self._server = uvicorn.Server(settings)
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],), name="http-door", daemon=True)

    def start(self) -> None:
        """Answer from now on. A client that connects at once waits in the queue of the socket."""
        self._thread.start()

    def stop(self) -> None:
        """Finish the calls being performed and close every connection."""
        self._server.should_exit = True
        self._thread.join()
        self._threads.shutdown()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    async def _serve(
        self,
        scope: Mapping[str, Any],
        receive: Callable[[], Awaitable[Mapping[str, Any]]],
        send: Callable[[Mapping[str, Any]], Awaitable[None]],
    ) -> None:
        request_id = new_request_id()
        close = False
        try:
            body = await read_body(receive, self._body_limit)
            if body is None:
                return
            request = request_of(scope, body)
        except ServiceError as error:
            reply, close = error_reply(Protocol.JSON_1_1, "unknown", error, request_id), True
        else:
            loop = asyncio.get_running_loop()
            try:
                reply = await loop.run_in_executor(self._threads, self._answers, request, request_id)
            except InjectedResetError:
                self._connections.reset(scope["client"])
                while (await receive())["type"] != "http.disconnect":
                    pass
                return
            except Exception as error:  # noqa: BLE001  a fault of ours is answered as one and told in the log
                reply = _internal_failure(error, request_id)
        injector = self._cloud.gateway.injector
        if injector is not None and (latency := injector.latency()):
            await asyncio.sleep(latency)
        await send(start_event(reply, request_id, close=close))
        await send(body_event(reply))


def _internal_failure(error: Exception, request_id: str) -> Reply:
    # Neither log nor answer has the text of the error, which may quote the request.
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    where = "" if place is None else f" at {place.tb_frame.f_code.co_qualname}, line {place.tb_lineno}"
    _LOG.error("request %s: %s%s", request_id, type(error).__name__, where)
    failure = ServiceError("InternalFailure", "The emulator failed; its log says where.", 500)
    return error_reply(Protocol.JSON_1_1, "unknown", failure, request_id)


def _loopback_address(host: str) -> str:
    """Return the numeric address of a loopback host."""
    address = "127.0.0.1" if host == "localhost" else host
    try:
        is_loopback = ipaddress.ip_address(address).is_loopback
    except ValueError:
        is_loopback = False
    if not is_loopback:
        raise UsageError(f"The emulator answers on loopback only, not on {host}: try --host 127.0.0.1")
    return address


def _bound(address: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    # Only of a socket that says it speaks TCP does asyncio switch off Nagle's algorithm, which costs 40 ms an answer.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((address, port))
        listening.listen(_BACKLOG)
    except (OSError, OverflowError) as error:
        listening.close()
        raise UsageError(f"Port {port} of {address} cannot be used ({error}): try --port 0 for a free one") from None
    return listening
