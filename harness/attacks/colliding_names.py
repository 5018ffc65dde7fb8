"""Names that somebody will choose tomorrow: tenant ids that a design may take for a part of another tenant's.

All of them are made from one name and from what stands around the tenant in the design's own patterns and policies.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from harness.blueprints.contract import SignIn
from harness.blueprints.spec import TenantKeys
from harness.placeholders import TENANT, USER
from harness.population import Tenant, user_label

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.blueprints.contract import Persona
    from harness.blueprints.spec import Blueprint, Place

_BESIDE = "beta"
_FULL_WIDTH = 0xFEE0  # from a letter of ASCII to its double of full width, which NFKC turns back
# Letters of Cyrillic that nobody tells from their Latin doubles; no normal form makes them equal.
_LOOK_ALIKE = str.maketrans("aeopcxyi", "\u0430\u0435\u043e\u0440\u0441\u0445\u0443\u0456")
_SIGNS = {"-": "hyphen", "#": "hash", "/": "slash", ".": "dot", "_": "underscore", ":": "colon", "|": "bar", "@": "at"}
_FURTHER_DELIMITERS = "._:|@+=,~"
# What stands directly behind the tenant in a pattern or a policy, where that is a sign.
_BEHIND = re.compile(r"(?:\{tenant\}|\{user\}|\$\{aws:[^}]*\})([^\w\s*?\"'\\{}$@])")
# The keys that an application assigns have these characters, however long they are.
_ASSIGNABLE = re.compile(r"[a-z0-9-]+")


class Choice(StrEnum):
    """How a name comes into a design."""

    KEY = "key"  # people choose the key of a tenant, or the name of a user, itself
    TYPED = "typed"  # people type a name when they sign up, and the design assigns a key
    GIVEN = "given"  # the operator gives a key to somebody who has signed up, in place of the design


@dataclass(frozen=True, slots=True)
class Name:
    """One name: `id` says how it was made, as test ids do; `beside` is the id of the name that it is made from.

    The name that others are made from is beside none.
    """

    id: str
    text: str
    choice: Choice
    beside: str = ""

    @property
    def tenant(self) -> Tenant:
        """Return the tenant that has chosen the name."""
        if self.choice is Choice.TYPED:
            return Tenant(self.id, f"not-yet-assigned-{self.id}", self.text)
        return Tenant(self.id, self.text, self.text, chosen=True)


def choices_of(blueprint: Blueprint) -> tuple[Choice, ...]:
    """Return how people choose names in the design; empty where nobody chooses any by which tenants are told apart."""
    told_apart = "".join(place.store + place.partition + place.path for place in blueprint.places)
    if USER in told_apart and any(persona.sign_in is SignIn.IAM_USER for persona in blueprint.contract.personas):
        return (Choice.KEY,)
    if TENANT not in told_apart:
        return ()
    if blueprint.tenant_keys is TenantKeys.ASSIGNED:
        return (Choice.TYPED, Choice.GIVEN)
    return (Choice.KEY,) if blueprint.tenant_keys is TenantKeys.NAME else ()


def names_to_try(blueprint: Blueprint, persona: Persona, victim: str, *, further: bool = False) -> tuple[Name, ...]:
    """Return the names that the design is tried with, for every way of choosing the victim's own first.

    `further` adds names with signs that the design itself does not use, which are many and cheap to decide about.
    """
    found = []
    for choice in choices_of(blueprint):
        start = "" if choice is Choice.KEY else f"{choice}-"
        plain = f"{start}plain"
        found.append(Name(plain, victim, choice))
        seen = {victim}
        for how, text in _variations(blueprint, persona, victim, further=further):
            if text in seen or (choice is Choice.GIVEN and not _ASSIGNABLE.fullmatch(text)):
                continue
            seen.add(text)
            found.append(Name(f"{start}{how}", text, choice, plain))
    return tuple(found)


def _variations(blueprint: Blueprint, persona: Persona, victim: str, *, further: bool) -> Iterator[tuple[str, str]]:
    delimiters = dict.fromkeys("-" + _delimiters(blueprint))
    yield "longer", f"{victim}2"
    yield from ((f"delimited-by-{_named(sign)}", f"{victim}{sign}{_BESIDE}") for sign in delimiters)
    yield "preceded", f"{_BESIDE}{victim}"
    yield from ((f"preceded-by-{_named(sign)}", f"{_BESIDE}{sign}{victim}") for sign in delimiters)
    for number, rest in enumerate(dict.fromkeys(_rests(blueprint, persona)), 1):
        yield f"continued-{number}", f"{victim}{rest}2"
    yield "wildcard", "*"
    yield "wildcard-of-its-length", "?" * len(victim)
    yield "wildcard-behind", f"{victim[:1]}*"
    yield "capitals", victim.swapcase()
    yield "spaced", f"{victim[:1]} {victim[1:]}"
    yield "full-width", "".join(_widened(letter) for letter in victim)
    yield "look-alike", victim.translate(_LOOK_ALIKE)
    yield "traversing", f"{_BESIDE}/../{victim}"
    yield "percent-encoded", "".join(f"%{byte:02X}" for byte in victim[:1].encode()) + victim[1:]
    yield "empty", ""
    if further:
        for sign in _FURTHER_DELIMITERS:
            yield f"delimited-by-{_named(sign)}", f"{victim}{sign}{_BESIDE}"
            yield f"preceded-by-{_named(sign)}", f"{_BESIDE}{sign}{victim}"
        yield from ((f"shortened-to-{length}", victim[:length]) for length in range(1, len(victim)))


def _delimiters(blueprint: Blueprint) -> str:
    patterns = [f"{place.store} {place.path} {place.partition}{_behind(place)}" for place in blueprint.places]
    documents = [policy for role in blueprint.roles for policy in role.policies.values()]
    documents += [bucket.policy for bucket in blueprint.buckets if bucket.policy is not None]
    documents += [persona.session_policy or {} for persona in blueprint.contract.personas]
    text = " ".join((*patterns, *(json.dumps(document) for document in documents)))
    # The names of placeholders (`@{bucket.NAME.arn}`) go on behind the tenant as well, and are no pattern.
    return "".join(_BEHIND.findall(text.replace("}.arn}", "}").replace("}.name}", "}")))


def _rests(blueprint: Blueprint, persona: Persona) -> Iterator[str]:
    """Yield what stands behind the tenant in a pattern, whole, where that is more than one sign."""
    for place in blueprint.places:
        pattern = place.partition.replace(USER, user_label(TENANT, persona.name)) or place.store
        rest = pattern.partition(TENANT)[2]
        if len(rest) > 1:
            yield rest


def _behind(place: Place) -> str:
    return "/" if place.plane == "s3" and place.partition else ""


def _named(sign: str) -> str:
    return _SIGNS.get(sign, f"u{ord(sign):04x}")


def _widened(letter: str) -> str:
    return chr(ord(letter) + _FULL_WIDTH) if letter.isascii() and letter.isalnum() else letter
