"""Tokens -> the conditions of a WHERE clause (DynamoDB pages on PartiQL operators and functions)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.emulator.partiql.operands_parser import OperandParser
from harness.emulator.partiql.statements import (
    And,
    Between,
    Comparison,
    Condition,
    Function,
    In,
    IsType,
    Literal,
    Not,
    Or,
    Path,
    Size,
)
from harness.emulator.partiql.tokens import Kind, PartiqlError, refused
from harness.emulator.partiql.values import is_ordered, type_of

if TYPE_CHECKING:
    from harness.emulator.partiql.statements import Operand

_COMPARATORS = ("=", "<>", "!=", "<", "<=", ">", ">=")
_ORDERING = ("<", "<=", ">", ">=")
_WITH_ARGUMENT = frozenset({"begins_with", "contains", "attribute_type"})
_FUNCTIONS = _WITH_ARGUMENT | {"attribute_exists", "attribute_not_exists"}
_TYPES = ("N", "BS", "L", "B", "NULL", "M", "S", "SS", "NS", "BOOL")
# Of the type names that IS takes, those whose meaning was observed.
_NAMED_TYPES = {"MISSING": "MISSING", "NULL": "NULL", "BOOL": "BOOL", "STRING": "S"}
_MOST_VALUES = 100


class ConditionParser(OperandParser):
    """Reads conditions: OR binds weakest, then AND, then NOT."""

    def condition(self) -> Condition:
        """Read a condition of any shape."""
        with self.deeper():
            parts = [self._conjunction()]
            while self.word("OR"):
                parts.append(self._conjunction())
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def _conjunction(self) -> Condition:
        parts = [self._negation()]
        while self.word("AND"):
            parts.append(self._negation())
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def _negation(self) -> Condition:
        if not self.word("NOT"):
            return self._predicate()
        with self.deeper():
            return Not(self._negation())

    def _predicate(self) -> Condition:
        if self.symbol("("):
            inner = self.condition()
            self.need_symbol(")")
            if self.token.is_symbol(*_COMPARATORS) or self.token.is_word("IS", "IN", "BETWEEN"):
                raise PartiqlError("a parenthesis that is compared")
            return inner
        name = self.token.text.lower()
        if self.token.kind is Kind.WORD and self.next_token.is_symbol("("):
            if name in _FUNCTIONS:
                return self._function(name)
            if name != "size":
                raise PartiqlError(f"the function {name}")
        return self._comparison(self._operand())

    def _comparison(self, left: Operand) -> Condition:
        if self.word("BETWEEN"):
            low = self._ordered("BETWEEN", self._operand())
            if not self.word("AND"):
                raise PartiqlError("BETWEEN without AND")
            return Between(left, low, self._ordered("BETWEEN", self._operand()))
        if self.word("IN"):
            return In(left, self._values())
        if self.word("IS"):
            return self._is(left)
        operator = self.one_symbol(*_COMPARATORS)
        if operator is None:
            raise PartiqlError("a condition without a comparison")
        right = self._operand()
        if isinstance(left, Literal) and isinstance(right, Literal):
            raise PartiqlError("a comparison of two values")
        if operator in _ORDERING:
            left, right = self._ordered(operator, left), self._ordered(operator, right)
        return Comparison("<>" if operator == "!=" else operator, left, right)

    def _is(self, left: Operand) -> Condition:
        negated = self.word("NOT")
        name = _NAMED_TYPES.get(self.token.text.upper()) if self.token.kind is Kind.WORD else None
        if name is None or not isinstance(left, Path):
            raise PartiqlError("this use of IS")
        self.advance()
        found = IsType(left, name)
        return Not(found) if negated else found

    def _values(self) -> tuple[Literal, ...]:
        opening = self.one_symbol("[", "(")
        if opening is None:
            raise PartiqlError("IN without a list")
        values = [Literal(self.value())]
        while self.symbol(","):
            values.append(Literal(self.value()))
        self.need_symbol("]" if opening == "[" else ")")
        if len(values) > _MOST_VALUES:
            raise PartiqlError("IN with more than 100 values")
        return tuple(values)

    def _function(self, name: str) -> Condition:
        self.advance()
        self.need_symbol("(")
        if self.token.kind not in (Kind.WORD, Kind.NAME):
            raise PartiqlError(f"{name} of anything but a path")
        path = self.path()
        argument = None
        if name in _WITH_ARGUMENT:
            self.need_symbol(",")
            argument = Literal(self.value())
        self.need_symbol(")")
        if name == "attribute_type" and argument is not None:
            _check_type_name(argument.value)
        if self.symbol("="):
            # The functions can be compared with true, which changes nothing.
            if not self.word("TRUE"):
                raise PartiqlError("a function compared with anything but true")
        elif self.token.is_symbol(*_COMPARATORS):
            raise PartiqlError("a function that is compared")
        return Function(name, path, argument)

    def _operand(self) -> Operand:
        if self.token.is_word("SIZE") and self.next_token.is_symbol("("):
            self.advance()
            self.need_symbol("(")
            path = self.path()
            self.need_symbol(")")
            operand: Operand = Size(path)
        elif self.begins_path():
            operand = self.path()
        else:
            operand = Literal(self.value())
        if self.token.is_symbol("+", "-", "*"):
            raise PartiqlError("arithmetic in a condition")
        return operand

    @staticmethod
    def _ordered(operator: str, operand: Operand) -> Operand:
        if isinstance(operand, Literal) and not is_ordered(operand.value):
            raise refused(
                "Incorrect operand type for operator or function; "
                f"operator or function: {operator}, operand type: {type_of(operand.value)}"
            )
        return operand


def _check_type_name(value: dict[str, Any]) -> None:
    if type_of(value) != "S":
        raise PartiqlError("attribute_type with anything but the name of a type")
    if value["S"] not in _TYPES:
        raise refused(f"Invalid attribute type name found; type: {value['S']}, valid types: {{{','.join(_TYPES)}}}")
