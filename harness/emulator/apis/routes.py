"""Which route of an API a request means: methods, path templates, and how specific they are."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Iterable

DEFAULT = "$default"
_LABEL = re.compile(r"\{([A-Za-z0-9._:-]+)(\+?)\}")


@dataclass(frozen=True, slots=True)
class Integration:
    """The function behind a route, and the version of the event it is given."""

    function_arn: str
    payload_format: str


@dataclass(frozen=True, slots=True)
class Route:
    """One route or method of an API.

    `method` is a method or ANY. `path` is the template, `$default` for the route that takes what no other takes.
    `key` is how the API calls it (`GET /pets/{id}`), `resource_id` the id of a REST API's resource.
    """

    method: str
    path: str
    key: str
    authorization_type: str
    authorizer_id: str | None
    scopes: tuple[str, ...]
    integration: Integration | None
    resource_id: str = ""


@dataclass(frozen=True, slots=True)
class Match:
    """A route with the values its path template took from a request."""

    route: Route
    parameters: dict[str, str]


def is_template(path: str) -> bool:
    """Tell whether this is a path template: literal segments, `{name}`, and `{name+}` only at the end."""
    if not path.startswith("/"):
        return False
    segments = path[1:].split("/") if path != "/" else []
    for position, segment in enumerate(segments):
        label = _LABEL.fullmatch(segment)
        if not segment or (label is None and ("{" in segment or "}" in segment)):
            return False
        if label is not None and label[2] and position != len(segments) - 1:
            return False
    return True


def match(routes: Iterable[Route], method: str, path: str) -> Match | None:
    """Return the most specific route for a request, or None.

    `path` is as it was sent, with its percent-encoding: an encoded slash separates no segments. Letters are compared
    with their case. Earlier literal segments make a route more specific; then a named method goes before ANY, and
    `$default` comes last.
    """
    best: tuple[list[int], Match] | None = None
    for route in routes:
        if route.method not in (method, "ANY"):
            continue
        found = _matched(route.path, path)
        if found is None:
            continue
        rank, parameters = found
        rank = [*rank, 0 if route.method == method else 1]
        if best is None or rank < best[0]:
            best = rank, Match(route, parameters)
    return None if best is None else best[1]


def _matched(template: str, path: str) -> tuple[list[int], dict[str, str]] | None:
    """Return how general each segment of the template is, and the parameters; None when the path is another."""
    if template == DEFAULT:
        return [3], {}
    segments = path.split("/")[1:]
    expected = template.split("/")[1:]
    rank: list[int] = []
    parameters: dict[str, str] = {}
    for position, part in enumerate(expected):
        if position >= len(segments):
            return None
        label = _LABEL.fullmatch(part)
        if label is not None and label[2]:
            rest = "/".join(segments[position:])
            if not rest:
                return None
            parameters[label[1]] = unquote(rest)
            return [*rank, 2], parameters
        segment = unquote(segments[position])
        if label is not None and segment:
            parameters[label[1]] = segment
        elif label is not None or segment != part:
            return None
        rank.append(0 if label is None else 1)
    return (rank, parameters) if len(segments) == len(expected) else None
