"""Whether a request's parameters keep to the service model: the constraints AWS checks before it does anything.

The models are botocore's, so the limits are those AWS publishes; only the wording is written here.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

from botocore.loaders import Loader
from botocore.model import ListShape, MapShape, ServiceModel, StringShape, StructureShape

from harness.emulator.service import NotDerivableError, ServiceError
from harness.emulator.unconfirmed import calls as unconfirmed
from harness.secret import redact_text

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from botocore.model import Shape

    from harness.emulator.service import Call

# Java's property classes, as Python's `re` can express them. The first is how the Cognito models write "printable".
_JAVA_CLASSES = (
    (r"\p{L}\p{M}\p{S}\p{N}\p{P}", "\\x21-\\x7e\\xa1-\\u1fff\\u2010-\\u2027\\u2030-\\u2fff\\u3001-\\U0010ffff"),
    (r"\w", "A-Za-z0-9_"),
    (r"\p{L}", r"\w"),
    (r"\p{N}", r"\w"),
    (r"\p{Z}", "\\x20\\xa0\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000"),
)
_PYTHON_TYPES: dict[str, type | tuple[type, ...]] = {
    "structure": dict,
    "list": (list, tuple),
    "map": dict,
    "string": str,
    "boolean": bool,
    "integer": int,
    "long": int,
}


def is_known(service: str, operation: str) -> bool:
    """Whether the service has an operation of this name at all."""
    return operation in _model(service).operation_names


def check_constraints(service: str, operation: str, params: Mapping[str, Any]) -> None:
    """Return when the parameters keep to the model of the operation.

    Raises ServiceError worded as AWS words it (aws-semantics 3.7): `1 validation error detected: Value ... at ...
    failed to satisfy constraint: ...`. Values of sensitive members, and of members inside maps, are left out.
    """
    shape = _input_shape(service, operation)
    failures = list(_failures(shape, dict(params), "", in_map=False)) if shape is not None else []
    if failures:
        count = f"{len(failures)} validation error{'s' if len(failures) > 1 else ''} detected: "
        raise ServiceError(unconfirmed.CONSTRAINT_CODES[service], count + "; ".join(failures))


def refuse_unsupported(operation: str, params: Mapping[str, Any], accepts: Collection[str]) -> None:
    """Return when every parameter is one the operation implements.

    `accepts` holds dotted paths; a path stands for everything below it. Raises NotDerivableError for any other
    parameter, because ignoring it could change what the caller is told.
    """
    for path in _paths(params, accepts):
        raise NotDerivableError(f"parameter {path} of {operation}")


def decoded_query(service: str, call: Call) -> dict[str, Any]:
    """Return the parameters of a call of the query protocol with the structure and types of the model.

    `Tags.member.1.Key` becomes an entry of a list, digits and `true` become numbers and Booleans where the model has
    them; parameters that are structured already stay as they are. `Action` and `Version` belong to the protocol and
    are left out.
    Raises ServiceError when the names do not fit together.
    """
    params = {name: value for name, value in call.params.items() if name not in ("Action", "Version")}
    shape = _input_shape(service, call.operation) if is_known(service, call.operation) else None
    try:
        nested = _nested(params)
        return {**_typed(shape, nested)} if shape is not None else nested
    except (AttributeError, TypeError, ValueError):
        raise ServiceError(unconfirmed.MALFORMED_QUERY_CODE, unconfirmed.MALFORMED_QUERY_MESSAGE) from None


def _nested(params: Mapping[str, Any]) -> dict[str, Any]:
    nested: dict[str, Any] = {}
    for name, value in params.items():
        *parents, last = name.split(".")
        holder = nested
        for parent in parents:
            holder = holder.setdefault(parent, {})
        holder[last] = value
    return nested


def _typed(shape: Shape, value: Any) -> Any:
    if isinstance(shape, StructureShape) and isinstance(value, dict):
        return {
            name: _typed(shape.members[name], item) if name in shape.members else item for name, item in value.items()
        }
    if isinstance(shape, ListShape) and isinstance(value, dict):
        members = value.get("member", {})
        return [_typed(shape.member, members[number]) for number in sorted(members, key=int)]
    if isinstance(shape, ListShape) and value == "":
        # How clients write a list that is empty (Smithy, "AWS Query protocol", collections).
        return []
    if shape.type_name in ("integer", "long") and isinstance(value, str) and value.isdecimal():
        return int(value)
    if shape.type_name == "boolean" and value in ("true", "false"):
        return bool(value == "true")
    return value


def _paths(params: Mapping[str, Any], accepts: Collection[str], prefix: str = "") -> Iterator[str]:
    for name, value in params.items():
        path = prefix + name
        if value is None or path in accepts:
            continue
        if isinstance(value, dict) and any(known.startswith(path + ".") for known in accepts):
            yield from _paths(value, accepts, path + ".")
        else:
            yield path


@cache
def _model(service: str) -> ServiceModel:
    return ServiceModel(Loader().load_service_model(service, "service-2"), service)


@cache
def _input_shape(service: str, operation: str) -> StructureShape | None:
    shape: StructureShape | None = _model(service).operation_model(operation).input_shape
    return shape


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    for java, python in _JAVA_CLASSES:
        pattern = pattern.replace(java, python)
    return re.compile(pattern)


def _failures(shape: Shape, value: Any, path: str, *, in_map: bool) -> Iterator[str]:
    expected = _PYTHON_TYPES.get(shape.type_name)
    is_mistaken_bool = isinstance(value, bool) and shape.type_name != "boolean"
    if expected is not None and (not isinstance(value, expected) or is_mistaken_bool):
        raise ServiceError(unconfirmed.WRONG_TYPE_CODE, unconfirmed.WRONG_TYPE_MESSAGE.format(path=path))
    for rule in _broken_rules(shape, value):
        shown = "" if in_map or shape.metadata.get("sensitive") else f" '{redact_text(str(value))}'"
        yield f"Value{shown} at '{path}' failed to satisfy constraint: {rule}"
    if isinstance(shape, StructureShape):
        yield from _structure_failures(shape, value, path, in_map=in_map)
    elif isinstance(shape, ListShape):
        for number, item in enumerate(value, start=1):
            yield from _failures(shape.member, item, f"{path}.{number}.member", in_map=in_map)
    elif isinstance(shape, MapShape):
        for key, item in value.items():
            yield from _failures(shape.key, key, path, in_map=True)
            yield from _failures(shape.value, item, path, in_map=True)


def _structure_failures(shape: StructureShape, value: dict[str, Any], path: str, *, in_map: bool) -> Iterator[str]:
    prefix = path + "." if path else ""
    for name, member in shape.members.items():
        member_path = prefix + name[:1].lower() + name[1:]
        if value.get(name) is not None:
            yield from _failures(member, value[name], member_path, in_map=in_map)
        elif name in shape.required_members:
            yield f"Value null at '{member_path}' failed to satisfy constraint: Member must not be null"


def _broken_rules(shape: Shape, value: Any) -> Iterator[str]:
    rules = shape.metadata
    is_number = shape.type_name in ("integer", "long")
    measure, noun = (value, "value") if is_number else (len(value) if hasattr(value, "__len__") else 0, "length")
    if not isinstance(shape, StructureShape):
        if "min" in rules and measure < rules["min"]:
            yield f"Member must have {noun} greater than or equal to {rules['min']}"
        if "max" in rules and measure > rules["max"]:
            yield f"Member must have {noun} less than or equal to {rules['max']}"
    if isinstance(shape, StringShape):
        if rules.get("enum") and value not in rules["enum"]:
            yield f"Member must satisfy enum value set: [{', '.join(rules['enum'])}]"
        if "pattern" in rules and not _compiled(rules["pattern"]).fullmatch(value):
            yield f"Member must satisfy regular expression pattern: {rules['pattern']}"
