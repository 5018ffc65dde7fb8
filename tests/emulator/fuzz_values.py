"""Hostile values, and mutations of texts and of decoded parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from random import Random

_TEXTS = (
    "",
    " ",
    "*",
    "?",
    "/",
    "..",
    "../foreign/k",
    "%2e%2e%2f",
    "\x00",
    "\x1f\x7f",
    "\ud800",
    "é\u202e\U0001f600",
    "${aws:username}",
    "${*}",
    "own' OR '1'='1",
    "<x>&]]>",
    "a" * 3000,
    "1" * 400,
    "-1",
    "1e999",
    "NaN",
    "null",
    "true",
    "arn:aws:iam::*:role/*",
    "arn:aws:s3:::*",
    "arn:aws:dynamodb:us-east-1:000000000000:table/fuzz",
    "us-east-1:00000000-0000-0000-0000-000000000000",
    "eyJhbGciOiJub25lIn0.e30.",
    "a.b.c",
    "foreign",
    "victim",
    "{}",
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}',
    "SET #a = :b REMOVE c",
    "((((((((((",
    "PK = :a AND begins_with(SK, :b)",
)
_DEEP = 200


def nasty_text(random: Random) -> str:
    """Return a text that somebody may stumble over."""
    return random.choice(_TEXTS)


def _deep() -> Any:
    value: Any = "x"
    for _ in range(_DEEP):
        value = [value]
    return value


def nasty_value(random: Random, names: Mapping[str, str]) -> Any:
    """Return a value of any JSON type: hostile, or one that means something to another parameter."""
    plain: tuple[Any, ...] = (
        *(nasty_text(random) for _ in range(4)),
        *(random.choice(tuple(names.values())) for _ in range(3)),
        None,
        True,
        0,
        -1,
        1.5,
        10**30,
        2**63,
        [],
        {},
        [None],
        [{}],
        {"": ""},
        {"S": "foreign"},
        {"M": {}},
        {"NULL": False},
        {"N": "1e500"},
        {"B": "!"},
        {"SS": []},
        {"S": "a", "N": "1"},
        {"L": [{"S": 1}]},
    )
    return _deep() if random.random() < 0.01 else random.choice(plain)


def mutated_text(random: Random, text: str) -> str:
    """Return the text with something put in, left out or doubled."""
    spot = random.randrange(len(text) + 1)
    return random.choice((text[:spot] + nasty_text(random) + text[spot:], text[:spot], text[spot:], text + text))


def mutated_tree(random: Random, tree: dict[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """Return the parameters with one node changed, removed, renamed or added. The tree given is changed."""
    holders = list(_holders(tree))
    holder = random.choice(holders)
    if isinstance(holder, list):
        _mutate_list(random, holder, names)
        return tree
    action = random.randrange(5)
    if not holder or action == 0:
        name = random.choice((*_member_names(tree), nasty_text(random), "NextToken", "ReturnValues", "Select", "Limit"))
        holder[name] = nasty_value(random, names)
        return tree
    name = random.choice(list(holder))
    if action == 1:
        del holder[name]
    elif action == 2:
        holder[random.choice((name.lower(), name + "s", nasty_text(random)))] = holder.pop(name)
    elif action == 3 and isinstance(holder[name], str):
        holder[name] = mutated_text(random, holder[name])
    else:
        holder[name] = nasty_value(random, names)
    return tree


def _mutate_list(random: Random, holder: list[Any], names: Mapping[str, str]) -> None:
    action = random.randrange(3)
    if holder and action == 0:
        holder.pop()
    elif holder and action == 1:
        holder.extend(holder * random.choice((1, 1, 30)))
    else:
        holder.append(nasty_value(random, names))


def _holders(node: Any) -> Any:
    if isinstance(node, dict | list):
        yield node
        for child in node.values() if isinstance(node, dict) else node:
            yield from _holders(child)


def _member_names(tree: dict[str, Any]) -> list[str]:
    return [name for holder in _holders(tree) if isinstance(holder, dict) for name in holder]
