"""The open connections of the HTTP door, so that one of them can be reset."""

from __future__ import annotations

import socket
import struct
from typing import TYPE_CHECKING, Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

if TYPE_CHECKING:
    import asyncio

# Lingering for no time at all makes closing send a reset instead of an end.
_NO_LINGER = struct.pack("ii", 1, 0)


class Connections:
    """Knows connections by the address of their client."""

    def __init__(self) -> None:
        self._open: dict[Any, asyncio.Transport] = {}
        known = self._open

        class Protocol(HttpToolsProtocol):
            """HTTP/1.1 as the server speaks it, known here from its first to its last moment."""

            def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
                super().connection_made(transport)
                known[self.client] = transport

            def connection_lost(self, exc: Exception | None) -> None:
                known.pop(self.client, None)
                super().connection_lost(exc)

        self.protocol: type[HttpToolsProtocol] = Protocol

    def reset(self, client: Any) -> None:
        """Reset the connection of the client at this address."""
        transport = self._open.get(client)
        if transport is None:
            return
        sock: socket.socket | None = transport.get_extra_info("socket")
        if sock is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        transport.abort()
