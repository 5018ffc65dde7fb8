"""Hostile requests by the thousand: nothing fails, nobody without a signature is served, no canary comes across."""

from __future__ import annotations

import logging
import random
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from fuzz_requests import Case, Fuzzer
from fuzz_world import CANARY, build_world

from harness.emulator.http.messages import request_of
from harness.emulator.http.routes import HttpRoutes
from harness.emulator.service import NOT_DERIVABLE, ServiceError
from harness.emulator.wire import Protocol, Reply, error_reply

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from fuzz_world import World

_LOG = logging.getLogger(__name__)
_PER_WORLD = 1000
_NOT_IMPLEMENTED = 501
_SERVER_ERRORS = 500
_REDIRECTS = 300


def _by_http(routes: HttpRoutes, case: Case) -> Reply:
    """Answer as the server does with what it has read from a socket: on loopback, or under the AWS host."""
    parts = urlsplit(case.request.url)
    headers = {"host": parts.netloc, **case.request.headers}
    scope: dict[str, Any] = {
        "method": case.request.method,
        "raw_path": (parts.path or "/").encode("ascii", "replace"),
        "query_string": parts.query.encode("ascii", "replace"),
        "headers": [(name.encode(), value.encode("utf-8", "replace")) for name, value in headers.items()],
    }
    try:
        return routes.answer(request_of(scope, case.request.body), "request-id")
    except ServiceError as error:
        return error_reply(Protocol.JSON_1_1, "unknown", error, "request-id")


def _wrong(case: Case, reply: Reply) -> str | None:
    """Return what is wrong with an answer, or None."""
    text = reply.body.decode("utf-8", "replace")
    shown = f"{text}{dict(reply.headers)}"
    if reply.status >= _SERVER_ERRORS and not (reply.status == _NOT_IMPLEMENTED and NOT_DERIVABLE in shown):
        return "an error of the server"
    if "Traceback" in text:
        return "a traceback"
    if case.caller == "tenant" and CANARY in shown:
        return "the victim's canary"
    if reply.status < _REDIRECTS and not case.authenticated and not (case.kind == "unsigned" and case.public):
        return "an answer to a request without a valid signature"
    return None


def _run(seed: int, count: int, caller: str) -> dict[str, int]:
    """Return how many requests of each kind were sent, and how many were `served`."""
    counted: dict[str, int] = {}
    done = 0
    while done < count:
        world = build_world()
        try:
            asked = min(_PER_WORLD, count - done)
            seeded = random.Random(f"{seed} {done}")  # noqa: S311  the seed makes a failure repeatable
            for number, (case, reply) in enumerate(_answered(world, seeded, asked, caller)):
                wrong = _wrong(case, reply)
                assert wrong is None, f"{wrong}: seed {seed}, world {done}, number {number}: {case}\n{reply}"
                counted[case.kind] = counted.get(case.kind, 0) + 1
                counted["served"] = counted.get("served", 0) + (reply.status < _REDIRECTS)
            assert caller == "root" or world.damage() is None
        finally:
            world.target.close()
        done += asked
    return counted


def _answered(world: World, seeded: random.Random, count: int, caller: str) -> Iterator[tuple[Case, Reply]]:
    gateway, routes = world.target.cloud.gateway, HttpRoutes(world.target.cloud)
    for case in Fuzzer(seeded, world).cases(count, caller):
        try:
            yield case, gateway.answer(case.request, "r") if seeded.random() < 0.5 else _by_http(routes, case)
        except Exception as error:
            error.add_note(f"answering {case}")
            raise


@pytest.mark.parametrize("caller", ["tenant", "root"])
def test_no_hostile_request_is_served_or_fails(caller: str) -> None:
    _assert_tried(_run(20261121, 1000, caller), 1000)


@pytest.mark.long
@pytest.mark.timeout(3000)
@pytest.mark.parametrize("caller", ["tenant", "root"])
def test_no_hostile_request_is_served_or_fails_for_long(
    caller: str,
) -> None:
    seed = random.SystemRandom().randrange(2**32)
    counted = _run(seed, 50_000, caller)
    _LOG.info("seed %s as %s: %s", seed, caller, counted)
    _assert_tried(counted, 50_000)


def _assert_tried(counted: Mapping[str, int], count: int) -> None:
    # Not all may end at the signature, and not all may be refused, or nothing was tried.
    assert sum(counted[kind] for kind in ("parameters", "wire", "tampered", "presigned")) >= count / 2
    assert counted["served"] > count / 50
