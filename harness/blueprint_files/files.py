"""Blueprints as files: JSON or TOML in, JSON out, and the JSON Schema by which editors check them while they are typed.

A file holds the fields of `Design` (spec.py) under their own names. Weaknesses are changes of a blueprint and no data,
so that no file has any.
"""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from pydantic import ConfigDict, TypeAdapter, ValidationError, with_config

from harness.blueprint_files.references import problems
from harness.blueprints.spec import Blueprint, Design
from harness.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from pathlib import Path

SUFFIXES = (".json", ".toml")
_SHOWN_PROBLEMS = 5
_PLAINER = {"unexpected_keyword_argument": "there is no such field", "missing": "is missing"}


@with_config(ConfigDict(extra="forbid", strict=True))
@dataclass(frozen=True)
class BlueprintFile(Design):
    """What stands in a file: the fields of a design and no other, each of its own type."""


_FILE = TypeAdapter(BlueprintFile)


def load_blueprint(path: Path, techniques: Collection[str]) -> Blueprint:
    """Return the blueprint that stands in a JSON or TOML file.

    `techniques` are the ids that declared leaks may name. Raises UsageError, one line that names the file and the paths
    in it (`roles[0].trust: ...`), for a file that cannot be read, does not fit the schema, or names what it does not
    define.
    """
    try:
        written = _FILE.validate_json(json.dumps(_parsed(path)))
    except ValidationError as error:
        mistakes = error.errors(include_url=False, include_context=False, include_input=False)
        wrong = [(_place(entry["loc"]), _PLAINER.get(entry["type"], entry["msg"])) for entry in mistakes]
        raise _refused(path, wrong) from None
    blueprint = Blueprint(**{field.name: getattr(written, field.name) for field in fields(Design)})
    if wrong := list(problems(blueprint, techniques)):
        raise _refused(path, wrong)
    return blueprint


def dump_blueprint(blueprint: Blueprint) -> str:
    """Return the design as the JSON text of a file; what is as it is by default is left out."""
    written = BlueprintFile(**{field.name: getattr(blueprint, field.name) for field in fields(Design)})
    return _FILE.dump_json(written, indent=2, exclude_defaults=True).decode() + "\n"


def blueprint_schema() -> dict[str, Any]:
    """Return the JSON Schema of blueprint files, as it is committed in `blueprint.schema.json`."""
    schema = _FILE.json_schema()
    # Editors find the schema by this field; it says nothing about the design.
    schema["properties"] = {"$schema": {"type": "string"}, **schema["properties"]}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def _parsed(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "is not UTF-8"
        raise UsageError(f"the blueprint file {path} cannot be read: {reason}") from None
    try:
        if path.suffix == ".toml":
            found = tomllib.loads(text)
            _refuse_dates(path, found)
        else:
            found = json.loads(text, object_pairs_hook=_once, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"the blueprint file {path} is not {path.suffix[1:].upper() or 'JSON'}: {error}") from None
    if not isinstance(found, dict):
        raise UsageError(f"the blueprint file {path} does not hold an object")
    found.pop("$schema", None)
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"{key!r} occurs twice in one object")
        found[key] = value
    return found


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def _refuse_dates(path: Path, found: Any, at: tuple[str | int, ...] = ()) -> None:
    """Raise UsageError for a value that JSON does not know; a policy's Version is a text in quotes."""
    if isinstance(found, dict):
        for key, value in found.items():
            _refuse_dates(path, value, (*at, key))
    elif isinstance(found, list):
        for number, value in enumerate(found):
            _refuse_dates(path, value, (*at, number))
    elif not isinstance(found, str | int | float):
        raise _refused(path, [(_place(at), "is a date or a time; put it into quotes")])


def _refused(path: Path, wrong: Iterable[tuple[str, str]]) -> UsageError:
    lines = [f"{place}: {complaint}" if place else complaint for place, complaint in wrong]
    more = len(lines) - _SHOWN_PROBLEMS
    shown = "; ".join(lines[:_SHOWN_PROBLEMS]) + (f"; and {more} more" if more > 0 else "")
    return UsageError(f"the blueprint file {path}: {shown}")


def _place(steps: Iterable[str | int]) -> str:
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)
    return text.removeprefix(".")
