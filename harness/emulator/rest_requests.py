"""The REST-JSON protocol, read and written from botocore's service models.

Which operation a request means, with which parameters, and how its answer looks. Nothing that a model does not know is
let through.
"""

from __future__ import annotations

import base64
import json
import re
import time
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

from botocore.loaders import Loader
from botocore.model import ListShape, MapShape, ServiceModel, StructureShape

from harness.emulator.service import NotDerivableError, ServiceError
from harness.emulator.wire import Reply, without_nulls

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from botocore.model import OperationModel, Shape

    from harness.emulator.signatures.sigv4 import SignedRequest

_LABEL = re.compile(r"\{([\w-]+)\}")
_MALFORMED = "SerializationException"
# x-amz headers that belong to signing and to the client, and mean nothing to an operation.
_CLIENT_HEADERS = frozenset({"x-amz-date", "x-amz-security-token", "x-amz-content-sha256", "x-amz-user-agent"})
_BOOLEANS = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class RestRequest:
    """What a REST request means: the operation, its parameters by the model's member names, and where it was sent.

    `path` is as it stands in the URL, not decoded. Parameters are typed as in the model, blobs are bytes.
    """

    operation: str
    params: Mapping[str, Any]
    method: str
    path: str


@dataclass(frozen=True, slots=True)
class _Route:
    operation: str
    method: str
    path: re.Pattern[str]
    labels: tuple[str, ...]
    literals: int


class RestService:
    """One REST-JSON service as its model describes it."""

    def __init__(self, service: str) -> None:
        self._service = service
        self._model = ServiceModel(Loader().load_service_model(service, "service-2"), service)
        self._routes = [_route(self._model.operation_model(name)) for name in self._model.operation_names]

    def read(self, request: SignedRequest) -> RestRequest:
        """Return what the request means.

        Raises NotDerivableError for a path, parameter or header the model does not have, and ServiceError
        SerializationException for a body that is not JSON.
        """
        url = urlsplit(request.url)
        route, labels = self._matching(request.method, url.path)
        shape = self._model.operation_model(route.operation).input_shape
        if shape is None:
            return RestRequest(route.operation, {}, request.method, url.path)
        located = {
            (member.serialization.get("location"), member.serialization.get("name", name)): (name, member)
            for name, member in shape.members.items()
        }
        params = {located["uri", label][0]: unquote(value, errors="strict") for label, value in labels.items()}
        params |= self._query(route.operation, url.query, located)
        params |= _headers(request.headers, located)
        params |= self._body(route.operation, shape, request)
        return RestRequest(route.operation, params, request.method, url.path)

    def sent_as(self, operation: str, params: Mapping[str, Any]) -> tuple[str, str]:
        """Return method and path of a call, the path with its parameters in place and not encoded."""
        model = self._model.operation_model(operation)
        labels = {
            member.serialization.get("name", name): str(params.get(name, ""))
            for name, member in (model.input_shape.members if model.input_shape is not None else {}).items()
            if member.serialization.get("location") == "uri"
        }
        path = _LABEL.sub(lambda label: labels[label[1]], model.http["requestUri"].partition("?")[0])
        return model.http["method"], path

    def render(self, operation: str, result: Mapping[str, Any]) -> Reply:
        """Return the answer of a call that was performed. Times in the result are epoch seconds."""
        model = self._model.operation_model(operation)
        status, headers, shape = int(model.http.get("responseCode", 200)), {}, model.output_shape
        if shape is None:
            return Reply(status, {}, b"")
        body: dict[str, Any] = {}
        for name, member in shape.members.items():
            value, location = result.get(name), member.serialization.get("location")
            if value is None or name == shape.serialization.get("payload"):
                continue
            wire_name = member.serialization.get("name", name)
            if location == "statusCode":
                status = int(value)
            elif location == "header":
                headers[wire_name] = str(value)
            else:
                body[wire_name] = _to_wire(member, value)
        payload = shape.serialization.get("payload")
        if payload is not None:
            return Reply(status, headers, result.get(payload) or b"")
        return Reply(status, {**headers, "Content-Type": "application/json"}, json.dumps(body).encode())

    def _matching(self, method: str, path: str) -> tuple[_Route, dict[str, str]]:
        found = [
            (route, dict(zip(route.labels, matched.groups(), strict=True)))
            for route in self._routes
            if route.method == method and (matched := route.path.fullmatch(path)) is not None
        ]
        if not found:
            raise NotDerivableError(f"the call {method} {path} of {self._service}")
        return max(found, key=lambda each: each[0].literals)

    def _query(
        self, operation: str, query: str, located: Mapping[tuple[str | None, str], tuple[str, Shape]]
    ) -> dict[str, Any]:
        params: dict[str, Any] = {}
        for wire_name, value in parse_qsl(query, keep_blank_values=True, errors="strict"):
            if ("querystring", wire_name) not in located:
                raise NotDerivableError(f"the query parameter {wire_name} of {self._service}:{operation}")
            name, member = located["querystring", wire_name]
            if isinstance(member, ListShape):
                params.setdefault(name, []).append(value)
            elif name in params:
                raise NotDerivableError("a query that gives a parameter twice")
            else:
                params[name] = _scalar(member, value)
        return params

    def _body(self, operation: str, shape: StructureShape, request: SignedRequest) -> dict[str, Any]:
        payload = shape.serialization.get("payload")
        if payload is not None and shape.members[payload].type_name == "blob":
            return {payload: request.body} if request.body else {}
        if "content-encoding" in request.headers:
            raise NotDerivableError("a request body with a Content-Encoding")
        if not request.body:
            return {}
        try:
            decoded = without_nulls(json.loads(request.body.decode("utf-8")))
        except (ValueError, RecursionError):
            raise ServiceError(_MALFORMED, "Could not parse request body into json.") from None
        if not isinstance(decoded, dict):
            raise ServiceError(_MALFORMED, "The request body is not a JSON object.")
        where = f"{self._service}:{operation}"
        if payload is not None:
            return {payload: _from_wire(shape.members[payload], decoded, where)}
        body_only = {
            name: member for name, member in shape.members.items() if member.serialization.get("location") is None
        }
        return _members(body_only, decoded, where)


@cache
def rest_service(service: str) -> RestService:
    """Return the service with its model loaded, which takes a moment the first time."""
    return RestService(service)


def _route(model: OperationModel) -> _Route:
    uri: str = model.http["requestUri"].partition("?")[0].rstrip("/")
    pattern = "".join(
        part if number % 2 == 0 else "([^/]+)"
        for number, part in enumerate(_LABEL.split(re.sub(r"[.+]", r"\\\g<0>", uri)))
    )
    has_query = "?" in model.http["requestUri"]
    literals = len(_LABEL.sub("", uri))
    # Variants of an operation that differ only by their query are not known here; the plain one is meant.
    return _Route(
        model.name,
        model.http["method"],
        re.compile(pattern + "/?"),
        tuple(_LABEL.findall(uri)),
        -1 if has_query else literals,
    )


def _headers(headers: Mapping[str, str], located: Mapping[tuple[str | None, str], tuple[str, Shape]]) -> dict[str, Any]:
    known = {name.lower(): member for (location, name), member in located.items() if location == "header"}
    params = {}
    for header, value in headers.items():
        if header in known:
            name, member = known[header]
            params[name] = _scalar(member, value)
        elif header.startswith("x-amz-") and header not in _CLIENT_HEADERS:
            raise NotDerivableError(f"the header {header}")
    return params


def _scalar(shape: Shape, text: str) -> Any:
    try:
        if shape.type_name in ("integer", "long"):
            return int(text)
        return _BOOLEANS[text] if shape.type_name == "boolean" else text
    except (KeyError, ValueError):
        raise ServiceError(_MALFORMED, f"The parameter value {text!r} is not a {shape.type_name}.") from None


def _members(members: Mapping[str, Shape], decoded: Mapping[str, Any], where: str) -> dict[str, Any]:
    by_wire_name = {member.serialization.get("name", name): name for name, member in members.items()}
    for wire_name in decoded:
        if wire_name not in by_wire_name:
            raise NotDerivableError(f"the parameter {wire_name} of {where}")
    return {
        by_wire_name[wire_name]: _from_wire(members[by_wire_name[wire_name]], value, where)
        for wire_name, value in decoded.items()
    }


def _from_wire(shape: Shape, value: Any, where: str) -> Any:
    def blob(text: Any) -> Any:
        try:
            return base64.b64decode(text, validate=True)
        except (TypeError, ValueError):
            raise ServiceError(_MALFORMED, "A blob is not base64.") from None

    return _mapped(shape, value, lambda structure, members: _members(structure.members, members, where), blob)


def _to_wire(shape: Shape, value: Any) -> Any:
    def written(structure: StructureShape, members: Mapping[str, Any]) -> dict[str, Any]:
        return {
            member.serialization.get("name", name): _to_wire(member, members[name])
            for name, member in structure.members.items()
            if members.get(name) is not None
        }

    def blob(content: bytes) -> str:
        return base64.b64encode(content).decode()

    if shape.type_name == "timestamp" and shape.serialization.get("timestampFormat") == "iso8601":
        return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(value))
    return _mapped(shape, value, written, blob)


def _mapped(
    shape: Shape,
    value: Any,
    structure: Callable[[StructureShape, Mapping[str, Any]], dict[str, Any]],
    blob: Callable[[Any], Any],
) -> Any:
    """Return the value with every structure and blob in it converted; values of another type are left as they are."""

    def again(inner: Shape, item: Any) -> Any:
        return _mapped(inner, item, structure, blob)

    if isinstance(shape, StructureShape) and isinstance(value, dict):
        return structure(shape, value)
    if isinstance(shape, ListShape) and isinstance(value, list | tuple):
        return [again(shape.member, item) for item in value]
    if isinstance(shape, MapShape) and isinstance(value, dict):
        return {key: again(shape.value, item) for key, item in value.items()}
    return blob(value) if shape.type_name == "blob" else value
