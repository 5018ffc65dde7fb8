"""PartiQL statement -> what it says (DynamoDB pages on select, insert, update and delete statements)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.emulator.partiql.conditions_parser import ConditionParser
from harness.emulator.partiql.statements import (
    Assignment,
    Condition,
    Delete,
    Exists,
    Insert,
    Literal,
    Path,
    Removal,
    Select,
    Source,
    Statement,
    Update,
)
from harness.emulator.partiql.tokens import NOT_WELL_FORMED, Kind, PartiqlError, refused, tokens
from harness.emulator.partiql.values import type_of

if TYPE_CHECKING:
    from collections.abc import Sequence

_SET_FUNCTIONS = ("SET_ADD", "SET_DELETE")
# Words of PartiQL that begin a clause DynamoDB might know or refuse in its own way.
_OTHER_CLAUSES = ("AT", "BY", "CROSS", "GROUP", "HAVING", "INNER", "JOIN", "LEFT", "LET", "LIMIT", "OFFSET", "ON")
_OTHER_STATEMENTS = ("CREATE", "DROP", "EXEC", "PIVOT", "REMOVE", "SET", "UNDROP", "VALUES", "WITH")


def read_statement(statement: str, parameters: Sequence[Any] = ()) -> Statement:
    """Return what a statement says, parameters put in.

    Raises PartiqlError, and nothing else, for a statement that DynamoDB refuses (then with its message) or of which it
    is not certain what DynamoDB makes.
    """
    parser = _StatementParser(tokens(statement), parameters)
    found = parser.statement()
    parser.end()
    parser.all_parameters_used()
    return found


class _StatementParser(ConditionParser):
    def statement(self) -> Statement:
        if self.word("SELECT"):
            return self._select()
        if self.word("INSERT"):
            return self._insert()
        if self.word("UPDATE"):
            return self._update(self._table())
        if self.word("DELETE"):
            return self._delete()
        if self.word("FROM"):
            return self._update_from_first(self._table())
        if self.token.is_word("EXISTS") and self.next_token.is_symbol("("):
            return self._exists()
        if self.token.kind is Kind.WORD and not self.token.is_word(*_OTHER_STATEMENTS):
            raise refused(f"{NOT_WELL_FORMED}Expected data manipulation")
        raise PartiqlError("a statement of another kind")

    def end(self) -> None:
        """Raise PartiqlError unless the statement ends here."""
        if self.token.kind is Kind.END:
            return
        surely_left_over = self.token.is_symbol(")") or self.token.kind is Kind.WORD
        if surely_left_over and not self.token.is_word(*_OTHER_CLAUSES, "RETURNING"):
            raise refused(f"{NOT_WELL_FORMED}Unexpected token after expression")
        raise PartiqlError(f"{self.token.text!r} behind the statement")

    def _table(self) -> Source:
        source = self.source()
        plain = self.token.kind is Kind.NAME or (
            self.token.kind is Kind.WORD
            and not self.token.is_word("WHERE", "ORDER", "SET", "REMOVE", "RETURNING", *_OTHER_CLAUSES)
        )
        if plain:
            raise refused("Aliasing is not supported")
        return source

    def _where(self) -> Condition | None:
        return self.condition() if self.word("WHERE") else None

    def _select(self) -> Select:
        projection = None if self.symbol("*") else self._projection()
        if not self.word("FROM"):
            raise PartiqlError("a SELECT without FROM behind a list of paths")
        return Select(self._table(), projection, self._where(), self._order())

    def _projection(self) -> tuple[Path, ...]:
        paths = [self.path()]
        while self.symbol(","):
            paths.append(self.path())
        return tuple(paths)

    def _order(self) -> tuple[tuple[Path, bool], ...]:
        if not self.word("ORDER"):
            return ()
        if not self.word("BY"):
            raise PartiqlError("ORDER without BY")
        terms = [self._term()]
        while self.symbol(","):
            terms.append(self._term())
        return tuple(terms)

    def _term(self) -> tuple[Path, bool]:
        path = self.path()
        return path, not self.word("ASC") and self.word("DESC")

    def _insert(self) -> Insert:
        if not self.word("INTO"):
            raise PartiqlError("INSERT without INTO")
        source = self.source()
        if not self.word("VALUE"):
            if self.token.kind is Kind.NAME or (self.token.kind is Kind.WORD and not self.token.is_word("VALUES")):
                raise refused(f"{NOT_WELL_FORMED}Unexpected token after expression")
            raise PartiqlError("INSERT without VALUE")
        if not self.symbol("{"):
            raise PartiqlError("an INSERT of anything but one item")
        return Insert(source, self.members(""))

    def _update(self, source: Source) -> Update:
        if not self.token.is_word("SET", "REMOVE"):
            if self.token.is_symbol("-"):
                # Such as an unquoted table name with a hyphen.
                raise refused(f"{NOT_WELL_FORMED}Expected data manipulation")
            raise PartiqlError("an UPDATE without SET or REMOVE")
        actions = self._actions()
        return Update(source, actions, self._where(), self._returning())

    def _update_from_first(self, source: Source) -> Update:
        where = self._where()
        if where is None or not self.token.is_word("SET", "REMOVE"):
            raise PartiqlError("a statement that begins with FROM and is no update")
        return Update(source, self._actions(), where, self._returning())

    def _actions(self) -> tuple[Assignment | Removal, ...]:
        actions: list[Assignment | Removal] = []
        while True:
            if self.word("SET"):
                actions.append(self._assignment())
                while self.symbol(","):
                    actions.append(self._assignment())
            elif self.word("REMOVE"):
                actions.append(Removal(self.path()))
            else:
                return tuple(actions)

    def _assignment(self) -> Assignment:
        path = self.path()
        self.need_symbol("=")
        if self.token.kind is Kind.WORD and self.next_token.is_symbol("("):
            return self._call(path)
        first = self._operand_of_set()
        sign = self.one_symbol("+", "-")
        if sign is None:
            return Assignment(path, "=", (first,))
        return Assignment(path, sign, (first, self._operand_of_set()))

    def _call(self, path: Path) -> Assignment:
        function = self.advance()
        self.need_symbol("(")
        place = self.token.place
        first = self._operand_of_set()
        self.need_symbol(",")
        second = self._operand_of_set()
        self.need_symbol(")")
        name = function.text.upper()
        if name == "LIST_APPEND":
            return Assignment(path, "list_append", (first, second))
        if name not in _SET_FUNCTIONS:
            raise PartiqlError(f"the function {name}")
        if first != path:
            raise refused(f"The first argument to {name} must equal the assignment value at {function.place}")
        if not isinstance(second, Literal) or type_of(second.value) not in ("SS", "NS", "BS"):
            raise refused(f"The second argument to {name} must be a value with type SET at {place}")
        return Assignment(path, name.lower(), (second,))

    def _operand_of_set(self) -> Path | Literal:
        return self.path() if self.begins_path() else Literal(self.value())

    def _delete(self) -> Delete:
        if not self.word("FROM"):
            raise PartiqlError("DELETE without FROM")
        source, where, returning = self._table(), self._where(), self._returning()
        if returning not in (None, "ALL OLD"):
            raise refused("Only RETURNING ALL OLD * is allowed in DELETE statements")
        return Delete(source, where, returning)

    def _returning(self) -> str | None:
        if not self.word("RETURNING"):
            return None
        which, when = self.advance(), self.advance()
        if not which.is_word("ALL", "MODIFIED") or not when.is_word("OLD", "NEW") or not self.symbol("*"):
            raise PartiqlError("this RETURNING")
        return f"{which.text} {when.text}".upper()

    def _exists(self) -> Exists:
        self.advance()
        self.need_symbol("(")
        if not self.word("SELECT"):
            raise PartiqlError("EXISTS of anything but a SELECT")
        select = self._select()
        self.need_symbol(")")
        return Exists(select)
