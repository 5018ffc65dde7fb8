"""Where in a request an authorizer finds the credentials: its identity sources."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from harness.emulator.service import NotDerivableError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from harness.emulator.apis.route_calls import RouteCall

# `$request.header.X` in HTTP APIs and `method.request.header.X` in REST APIs mean the same.
_SOURCE = re.compile(
    r"(?:(?:\$|method\.)request\.(?P<in_request>header|querystring)|\$?(?P<beside>context|stageVariables))"
    r"\.(?P<name>[\w.-]+)"
)

_CONTEXT: dict[str, Callable[[RouteCall], str]] = {
    "routeKey": lambda call: call.match.route.key,
    "path": lambda call: call.full_path,
    "httpMethod": lambda call: call.sent.method,
    "stage": lambda call: call.stage.name,
    "resourcePath": lambda call: call.match.route.path,
}


def check_identity_sources(sources: Sequence[str]) -> None:
    """Return when every source is one that is known; raise NotDerivableError otherwise."""
    for source in sources:
        found = _SOURCE.fullmatch(source)
        if found is None or (found["beside"] == "context" and found["name"] not in _CONTEXT):
            raise NotDerivableError(f"the identity source {source}")


def identity_values(sources: Sequence[str], call: RouteCall) -> tuple[str, ...] | None:
    """Return what stands in the request at each source, or None when one of them is missing or empty."""
    values = tuple(_value(source, call) for source in sources)
    present = tuple(value for value in values if value)
    return present if len(present) == len(values) else None


def _value(source: str, call: RouteCall) -> str | None:
    found = _SOURCE.fullmatch(source)
    if found is None:
        raise NotDerivableError(f"the identity source {source}")
    name = found["name"]
    if found["in_request"] == "header":
        return call.sent.headers.get(name.lower())
    if found["in_request"] == "querystring":
        values = call.query.get(name, [])
        return values[0] if values else None
    if found["beside"] == "stageVariables":
        return call.stage.variables.get(name)
    return _CONTEXT[name](call)
