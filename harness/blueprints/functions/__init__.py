"""The handlers of the designs' functions: each module is deployed as it stands, and never imported here."""

from __future__ import annotations

from importlib.resources import files


def source_of(name: str) -> str:
    """Return the source of a handler's module. Raises FileNotFoundError when there is none of that name."""
    return files(__name__).joinpath(f"{name}.py").read_text(encoding="utf-8")
