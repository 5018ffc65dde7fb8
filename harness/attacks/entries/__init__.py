"""The catalogue of what can go wrong: each entry a technique or a misconfiguration, its weak and its sound form.

The entries stand in the TOML files beside this module, one file for each layer, under their ids. Techniques and
weaknesses name the entries that they exhibit; an entry that no disposable copy of a design can exhibit says why.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

LAYERS = {
    "user_pool": "User pool",
    "token": "Token",
    "identity_pool": "Identity pool",
    "sts": "STS",
    "dynamodb": "DynamoDB",
    "s3": "S3",
    "api": "Broker and API",
    "method": "Across the layers",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the catalogue.

    `evidence` is made of D (documented by AWS), R (public research or an issue) and I (inferred from documented
    rules). `weak` is the misconfiguration and `sound` its mend; `attack` is the request with the parameter that
    matters, `when_sound` and `when_weak` what it is answered. `not_exhibited` is the reason why no technique and no
    weakness shows the entry, empty for those that are shown.
    """

    id: str
    layer: str
    evidence: str
    weak: str
    sound: str
    attack: str
    when_sound: str
    when_weak: str
    sources: str
    not_exhibited: str = ""


@cache
def entries() -> dict[str, Entry]:
    """Return all entries by id, layer by layer. Raises ValueError for an id that stands in two files."""
    found: dict[str, Entry] = {}
    for layer in LAYERS:
        for entry_id, fields in _read(layer).items():
            if entry_id in found:
                raise ValueError(f"{entry_id} stands in the files of {found[entry_id].layer} and {layer}")
            found[entry_id] = Entry(id=entry_id, layer=layer, **fields)
    return found


@cache
def sources() -> dict[str, str]:
    """Return what the short names in the sources of entries stand for, one or several names to a text."""
    return _read("sources")


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads(files(__name__).joinpath(f"{name}.toml").read_text(encoding="utf-8"))
