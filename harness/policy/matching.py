"""Wildcard matching over the whole string, in time that does not explode with the number of wildcards.

A pattern is cut at its `*` into segments. The first and the last are anchored, those between are searched leftmost
first, which is enough for `*`: no position is ever revisited. A segment with `?` has a fixed length, so its regular
expression has nothing to backtrack over.
"""

import re
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Final

from harness.policy.requests import Request
from harness.policy.variables import Resolved, Token, Variable, Wildcard, resolve, tokenize, value_of

Glob = Callable[[str], bool]
Matcher = Callable[[str, Request], bool]

ARN_PARTS: Final = 6


def glob(tokens: Sequence[Resolved]) -> Glob:  # noqa: PLR0911 - one return per shape of pattern
    """Return the test whether a whole string fits the tokens."""
    if Wildcard.ONE in tokens:
        return _searching([_Segment(run) for run in _runs(tokens)])
    literals = ["".join(token for token in run if isinstance(token, str)) for run in _runs(tokens)]
    match literals:
        case [text]:
            return lambda value: value == text
        case ["", ""]:
            return lambda _value: True
        case [head, ""]:
            return lambda value: value.startswith(head)
        case ["", tail]:
            return lambda value: value.endswith(tail)
        case [head, tail]:
            shortest = len(head) + len(tail)
            return lambda value: len(value) >= shortest and value.startswith(head) and value.endswith(tail)
    return _finding(literals)


def arn_glob(tokens: Sequence[Resolved]) -> Glob:
    """Return the test whether an ARN fits the tokens, its six parts compared one by one.

    Text with fewer than six parts fits no pattern (IAM page "Condition operators").
    """
    parts = _arn_parts(tokens)
    if len(parts) < ARN_PARTS:
        return lambda _value: False
    globs = [glob(part) for part in parts]

    def matches(value: str) -> bool:
        found = value.split(":", ARN_PARTS - 1)
        return len(found) == ARN_PARTS and all(part(text) for part, text in zip(globs, found, strict=True))

    return matches


def action_glob(pattern: str) -> Glob:
    """Return the test whether a lower-case action name fits the pattern; action names have no case."""
    tokens = tokenize(pattern.lower(), variables=False, wildcards=True)
    return glob([token for token in tokens if not isinstance(token, Variable)])


def matcher(
    tokens: tuple[Token, ...], *, empty_counts: bool, compiled: Callable[[Sequence[Resolved]], Glob]
) -> Matcher:
    """Return the test of a value against tokens whose variables take their values from the request.

    A variable without a value fits nothing. The test raises UnderivableKeyError when it needs such a key.
    """
    resolved = [token for token in tokens if not isinstance(token, Variable)]
    if len(resolved) == len(tokens):
        test = compiled(resolved)
        return lambda value, _request: test(value)
    if compiled is glob:
        match tokens:
            case [Variable() as only]:
                return _around("", only, "", open_ended=False, empty_counts=empty_counts)
            case [str() as head, Variable() as middle, str() as tail]:
                return _around(head, middle, tail, open_ended=False, empty_counts=empty_counts)
            case [str() as head, Variable() as middle, str() as tail, Wildcard.RUN]:
                return _around(head, middle, tail, open_ended=True, empty_counts=empty_counts)
            case [Variable() as first, str() as tail, Wildcard.RUN]:
                return _around("", first, tail, open_ended=True, empty_counts=empty_counts)

    def matches(value: str, request: Request) -> bool:
        values = resolve(tokens, request, empty_counts=empty_counts)
        return values is not None and compiled(values)(value)

    return matches


def _around(head: str, variable: Variable, tail: str, *, open_ended: bool, empty_counts: bool) -> Matcher:
    """Return the matcher for the shapes tenant policies have: text, one variable, text, perhaps a final `*`."""
    key, start = variable.key, len(head)

    def expected(request: Request) -> str | None:
        values = request.known.get(key)
        if values is not None and len(values) == 1 and values[0]:
            return values[0]
        return value_of(variable, request, empty_counts=empty_counts)

    def prefix(value: str, request: Request) -> bool:
        if not value.startswith(head):
            return False
        text = expected(request)
        return text is not None and value.startswith(text + tail, start)

    def exact(value: str, request: Request) -> bool:
        if not value.startswith(head):
            return False
        text = expected(request)
        return text is not None and value == head + text + tail

    return prefix if open_ended else exact


class _Segment:
    """A stretch between two `*` of a pattern that holds a `?` somewhere; its length is fixed."""

    __slots__ = ("_pattern", "length")

    def __init__(self, run: Sequence[Resolved]) -> None:
        self.length = sum(len(token) if isinstance(token, str) else 1 for token in run)
        text = "".join(re.escape(token) if isinstance(token, str) else "." for token in run)
        self._pattern = re.compile(text, re.DOTALL)

    def at(self, value: str, start: int) -> bool:
        return self._pattern.match(value, start) is not None

    def find(self, value: str, start: int, end: int) -> int:
        found = self._pattern.search(value, start, end)
        return -1 if found is None else found.start()


def _searching(segments: list[_Segment]) -> Glob:
    first, *middle = segments
    if not middle:
        return lambda value: len(value) == first.length and first.at(value, 0)
    last = middle.pop()

    def matches(value: str) -> bool:
        position, end = first.length, len(value) - last.length
        if end < position or not first.at(value, 0) or not last.at(value, end):
            return False
        for segment in middle:
            found = segment.find(value, position, end)
            if found < 0:
                return False
            position = found + segment.length
        return True

    return matches


def _finding(literals: list[str]) -> Glob:
    head, *middle, tail = literals

    def matches(value: str) -> bool:
        position, end = len(head), len(value) - len(tail)
        if end < position or not value.startswith(head) or not value.endswith(tail):
            return False
        for text in middle:
            found = value.find(text, position, end)
            if found < 0:
                return False
            position = found + len(text)
        return True

    return matches


def _runs(tokens: Sequence[Resolved]) -> list[Sequence[Resolved]]:
    cuts = [-1, *(index for index, token in enumerate(tokens) if token is Wildcard.RUN), len(tokens)]
    return [tokens[left + 1 : right] for left, right in pairwise(cuts)]


def _arn_parts(tokens: Sequence[Resolved]) -> list[list[Resolved]]:
    parts: list[list[Resolved]] = [[]]
    for token in tokens:
        if not isinstance(token, str):
            parts[-1].append(token)
            continue
        first, *rest = token.split(":", ARN_PARTS - len(parts))
        parts[-1].append(first)
        parts.extend([text] for text in rest)
    return parts
