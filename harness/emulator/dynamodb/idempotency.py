"""Calls that a client may send again under the same ClientRequestToken (service model: TransactWriteItems)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from harness.emulator.service import ServiceError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from harness.emulator.clock import Clock
    from harness.emulator.wire import Reply

_OK = 200
_REMEMBERED_SECONDS = 600


class IdempotentCalls:
    """Remembers successful calls for ten minutes by their token."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._done: dict[str, tuple[float, str, Reply]] = {}

    def once(self, token: str | None, params: Mapping[str, Any], perform: Callable[[], Reply]) -> Reply:
        """Return what `perform` answers, or the remembered answer to the same call under the same token.

        Raises IdempotentParameterMismatchException when the token came with another call before.
        """
        if token is None:
            return perform()
        now = self._clock.now()
        self._done = {known: done for known, done in self._done.items() if now - done[0] < _REMEMBERED_SECONDS}
        asked = json.dumps(params, sort_keys=True)
        if token not in self._done:
            reply = perform()
            if reply.status == _OK:
                self._done[token] = (now, asked, reply)
            return reply
        _, before, reply = self._done[token]
        if before != asked:
            message = "Request parameters do not match those of an earlier call with the same ClientRequestToken."
            raise ServiceError("IdempotentParameterMismatchException", message)
        return reply
