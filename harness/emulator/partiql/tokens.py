"""PartiQL text -> tokens, as DynamoDB reads it: case-insensitive words, 'strings', "names", numbers, comments."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

NOT_WELL_FORMED = "Statement wasn't well formed, can't be processed: "

_SPACE = re.compile(r"(?:[ \t\r\n]+|--[^\n]*|/\*.*?\*/)+", re.DOTALL)
_SURROGATE = re.compile("[\ud800-\udfff]")
_NUMBER = re.compile(r"(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_WORD = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*", re.ASCII)
_SYMBOL = re.compile(r"<<|>>|<>|<=|>=|!=|[=<>()\[\]{},.:?*+-]")
_WORD_GOES_ON = re.compile(r"[A-Za-z0-9_$]", re.ASCII)


class PartiqlError(ValueError):
    """A statement that is not read.

    `message` is what DynamoDB says of it; None where it is not certain what DynamoDB makes of it, with the reason as
    the exception's text.
    """

    def __init__(self, reason: str, message: str | None = None) -> None:
        super().__init__(reason)
        self.message = message


def refused(message: str) -> PartiqlError:
    """Return the error of a statement that DynamoDB surely refuses with this message."""
    return PartiqlError(message, message)


class Kind(Enum):
    """What a token is."""

    WORD = "word"
    NAME = "quoted name"
    STRING = "string"
    NUMBER = "number"
    SYMBOL = "symbol"
    END = "end"


@dataclass(frozen=True, slots=True)
class Token:
    """One token: `text` has quotes and doubled quotes resolved; `place` is `line:column:length` as DynamoDB counts."""

    kind: Kind
    text: str
    place: str

    def is_symbol(self, *symbols: str) -> bool:
        """Tell whether the token is one of the symbols."""
        return self.kind is Kind.SYMBOL and self.text in symbols

    def is_word(self, *words: str) -> bool:
        """Tell whether the token is one of the words (upper case), in whatever case it is written."""
        return self.kind is Kind.WORD and self.text.upper() in words


def tokens(statement: str) -> list[Token]:
    """Return the tokens of a statement, comments left out, with one of kind END behind them.

    Raises PartiqlError for a character that begins no token.
    """
    if _SURROGATE.search(statement):
        raise PartiqlError("half a character")
    found: list[Token] = []
    position = 0
    while position < len(statement):
        if space := _SPACE.match(statement, position):
            position = space.end()
            continue
        kind, text, end = _token(statement, position)
        found.append(Token(kind, text, _place(statement, position, end)))
        position = end
    found.append(Token(Kind.END, "", _place(statement, position, position)))
    return found


def _token(statement: str, start: int) -> tuple[Kind, str, int]:
    first = statement[start]
    if first in "'\"":
        text, end = _quoted(statement, start)
        return (Kind.STRING if first == "'" else Kind.NAME), text, end
    if number := _NUMBER.match(statement, start):
        if _WORD_GOES_ON.match(statement, number.end()):
            raise PartiqlError("a number that runs into a word")
        return Kind.NUMBER, number[0], number.end()
    if word := _WORD.match(statement, start):
        return Kind.WORD, word[0], word.end()
    if first == "#" or statement.startswith("/*", start):
        # A comment of another language, or one without an end.
        raise refused(NOT_WELL_FORMED)
    if symbol := _SYMBOL.match(statement, start):
        return Kind.SYMBOL, symbol[0], symbol.end()
    raise PartiqlError(f"the character {first!r}")


def _quoted(statement: str, start: int) -> tuple[str, int]:
    quote = statement[start]
    parts = []
    position = start + 1
    while True:
        closing = statement.find(quote, position)
        if closing < 0:
            raise PartiqlError("a quotation without an end")
        parts.append(statement[position:closing])
        if statement[closing + 1 : closing + 2] != quote:
            return quote.join(parts), closing + 1
        position = closing + 2


def _place(statement: str, start: int, end: int) -> str:
    line = statement.count("\n", 0, start) + 1
    column = start - statement.rfind("\n", 0, start)
    return f"{line}:{column}:{end - start}"
