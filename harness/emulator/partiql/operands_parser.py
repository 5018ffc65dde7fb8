"""Tokens -> names, paths and values, and the steps through a statement's tokens that all its parsers take."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from harness.emulator.partiql.statements import Path, Source
from harness.emulator.partiql.tokens import NOT_WELL_FORMED, Kind, PartiqlError, refused
from harness.emulator.partiql.values import bag, number, parameter

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from harness.emulator.partiql.statements import Value
    from harness.emulator.partiql.tokens import Token

_DEEPEST = 32
# Words that the grammar itself uses, and reserved words of SQL-92 of which no statement is known in which DynamoDB
# takes them as an unquoted name. Quoted, every one of them is a name.
_RESERVED = frozenset(
    re.findall(
        r"\w+",
        """
        ALL AND ANY AS ASC AT BAG BEGIN BETWEEN BOOL BOOLEAN BY CASE CAST CHECK COLUMN COMMIT COUNT CREATE CROSS CURRENT
        DEFAULT DELETE DESC DISTINCT DROP ELSE END ESCAPE EXCEPT EXEC EXECUTE EXISTS FALSE FOR FROM FULL GLOBAL GRANT
        GROUP HAVING IN INNER INSERT INTERSECT INTO IS JOIN KEY LEFT LET LIKE LIMIT LIST LOCAL MAX MIN MISSING MODIFIED
        NATURAL NEW NOT NULL OF OFFSET OLD ON OPEN OR ORDER OUTER PIVOT POSITION PRIMARY PRIOR READ REFERENCES REMOVE
        RETURNING REVOKE RIGHT ROWS SELECT SESSION SET SIZE SOME SQL STRUCT SUM TABLE THEN TO TRUE TUPLE UNION UNIQUE
        UNKNOWN UNPIVOT UPDATE USAGE USER USING VALUE VALUES VIEW WHEN WHERE WITH WORK WRITE ZONE
        """,
    )
)
_LITERALS = {"TRUE": {"BOOL": True}, "FALSE": {"BOOL": False}, "NULL": {"NULL": True}}


class OperandParser:
    """Goes through the tokens of one statement, with the parameters that stand for its question marks."""

    def __init__(self, tokens: Sequence[Token], parameters: Sequence[Any]) -> None:
        self._tokens = tokens
        self._position = 0
        self._parameters = parameters
        self._used = 0
        self._depth = 0

    @property
    def token(self) -> Token:
        """The token to be read."""
        return self._tokens[self._position]

    @property
    def next_token(self) -> Token:
        """The one behind it."""
        return self._tokens[min(self._position + 1, len(self._tokens) - 1)]

    def advance(self) -> Token:
        """Go past the token and return it; END is never passed."""
        token = self.token
        self._position = min(self._position + 1, len(self._tokens) - 1)
        return token

    def word(self, *words: str) -> bool:
        """Go past one of the words, if it is there."""
        return bool(self.token.is_word(*words) and self.advance())

    def symbol(self, symbol: str) -> bool:
        """Go past the symbol, if it is there."""
        return self.one_symbol(symbol) is not None

    def one_symbol(self, *symbols: str) -> str | None:
        """Go past one of the symbols and return it; None if there is none."""
        return self.advance().text if self.token.is_symbol(*symbols) else None

    def need_symbol(self, symbol: str) -> None:
        """Go past the symbol. Raises PartiqlError if it is not there."""
        if not self.symbol(symbol):
            raise PartiqlError(f"{self.token.text!r} where {symbol!r} would be read")

    @contextmanager
    def deeper(self) -> Iterator[None]:
        """Count one more level of nesting in the block. Raises PartiqlError beyond what is sure to be read."""
        self._depth += 1
        if self._depth > _DEEPEST:
            raise PartiqlError("a statement nested more than 32 levels deep")
        yield
        self._depth -= 1

    def all_parameters_used(self) -> None:
        """Raise PartiqlError as DynamoDB does unless every parameter stood for a question mark."""
        if self._used != len(self._parameters):
            raise refused("Number of parameters in request and statement don't match.")

    def name(self) -> str:
        """Read one name. Raises PartiqlError for a reserved word that is not quoted."""
        token = self.advance()
        if token.kind is Kind.NAME or (token.kind is Kind.WORD and token.text.upper() not in _RESERVED):
            if not token.text:
                raise PartiqlError("an empty name")
            return token.text
        raise PartiqlError(f"{token.text!r} as a name")

    def source(self) -> Source:
        """Read a table, or an index as `table.index`."""
        table = self.name()
        index = self.name() if self.symbol(".") else None
        if self.token.is_symbol(".", ",", "["):
            raise PartiqlError("more than a table or an index of one")
        return Source(table, index)

    def begins_path(self) -> bool:
        """Tell whether a path comes, rather than a value."""
        return self.token.kind is Kind.NAME or (
            self.token.kind is Kind.WORD and self.token.text.upper() not in _LITERALS
        )

    def path(self) -> Path:
        """Read an attribute or a document path."""
        quoted = self.token.kind is Kind.NAME
        steps: list[str | int] = [self.name()]
        while True:
            if self.symbol("."):
                if self.token.kind is Kind.WORD and self.token.text.upper() in _RESERVED:
                    raise refused(f"{NOT_WELL_FORMED}Invalid path dot component")
                steps.append(self.name())
            elif self.symbol("["):
                if self.token.kind is not Kind.NUMBER or not self.token.text.isdecimal():
                    raise PartiqlError("an index that is no whole number")
                steps.append(int(self.advance().text))
                self.need_symbol("]")
            else:
                return Path(tuple(steps), quoted)

    def value(self, place: str = "root") -> Value:
        """Read a value: a literal or a parameter. `place` is where it stands within a whole value."""
        token = self.advance()
        if token.kind is Kind.STRING:
            return {"S": token.text}
        if token.kind is Kind.NUMBER:
            return number(token.text, place)
        if token.is_symbol("-") and self.token.kind is Kind.NUMBER:
            return number(f"-{self.advance().text}", place)
        if token.kind is Kind.WORD and token.text.upper() in _LITERALS:
            return dict(_LITERALS[token.text.upper()])
        if token.is_symbol("?"):
            return self._parameter()
        if token.is_symbol("[", "{", "<<"):
            with self.deeper():
                return self._collection(token.text, place)
        raise PartiqlError(f"{token.text!r} as a value")

    def members(self, place: str = "root") -> dict[str, Value]:
        """Read what stands in a `{`, which has been read, up to its `}`."""
        found: dict[str, Value] = {}
        while not self.symbol("}"):
            if found:
                self.need_symbol(",")
            key = self.advance()
            if key.kind is not Kind.STRING or key.text in found:
                raise PartiqlError(f"{key.text!r} as the key of an entry")
            self.need_symbol(":")
            found[key.text] = self.value(f"{place}.{key.text}" if place else "root")
        return found

    def _collection(self, opening: str, place: str) -> Value:
        if opening == "{":
            return {"M": self.members(place)}
        closing = "]" if opening == "[" else ">>"
        found: list[Value] = []
        while not self.symbol(closing):
            if found:
                self.need_symbol(",")
            found.append(self.value(f"{place}[{len(found)}]"))
        return {"L": found} if opening == "[" else bag(found)

    def _parameter(self) -> Value:
        if self._used >= len(self._parameters):
            raise refused("Number of parameters in request and statement don't match.")
        self._used += 1
        return parameter(self._parameters[self._used - 1])
