"""What a PartiQL statement says, once it is read. Values are attribute values as on the wire, such as {"S": "x"}."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Value = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Path:
    """An attribute, or a place inside one: names and list indexes. `quoted` tells how the first name was written."""

    steps: tuple[str | int, ...]
    quoted: bool = field(default=False, compare=False)

    @property
    def attribute(self) -> str:
        """The top-level attribute."""
        return str(self.steps[0])

    @property
    def is_top_level(self) -> bool:
        """Whether the path is a whole attribute."""
        return len(self.steps) == 1


@dataclass(frozen=True, slots=True)
class Literal:
    """A value written in the statement or given as a parameter."""

    value: Value


@dataclass(frozen=True, slots=True)
class Size:
    """`size(path)`."""

    path: Path


Operand = Path | Literal | Size


@dataclass(frozen=True, slots=True)
class Comparison:
    """`left op right`, with op one of = <> < <= > >=."""

    operator: str
    left: Operand
    right: Operand


@dataclass(frozen=True, slots=True)
class Between:
    """`operand BETWEEN low AND high`."""

    operand: Operand
    low: Operand
    high: Operand


@dataclass(frozen=True, slots=True)
class In:
    """`operand IN [values]`."""

    operand: Operand
    values: tuple[Literal, ...]


@dataclass(frozen=True, slots=True)
class Function:
    """A condition function of a path: begins_with, contains, attribute_type, attribute_exists, ..._not_exists."""

    name: str
    path: Path
    argument: Literal | None = None


@dataclass(frozen=True, slots=True)
class IsType:
    """`path IS name`, with MISSING or the name of an attribute type such as NULL or S."""

    path: Path
    name: str


@dataclass(frozen=True, slots=True)
class Not:
    """`NOT part`."""

    part: Condition


@dataclass(frozen=True, slots=True)
class And:
    """`part AND part ...`."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """`part OR part ...`."""

    parts: tuple[Condition, ...]


Condition = Comparison | Between | In | Function | IsType | Not | And | Or


@dataclass(frozen=True, slots=True)
class Source:
    """The table, or the index of a table, that a statement is about."""

    table: str
    index: str | None = None


@dataclass(frozen=True, slots=True)
class Select:
    """A SELECT. `projection` is None for `*`; `order` holds key attributes, each with whether it descends."""

    source: Source
    projection: tuple[Path, ...] | None
    where: Condition | None
    order: tuple[tuple[Path, bool], ...] = ()


@dataclass(frozen=True, slots=True)
class Insert:
    """An INSERT of one item."""

    source: Source
    item: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Assignment:
    """What SET gives a path: `function` is `=`, `+`, `-`, list_append, set_add or set_delete of the operands."""

    path: Path
    function: str
    operands: tuple[Path | Literal, ...]


@dataclass(frozen=True, slots=True)
class Removal:
    """`REMOVE path`."""

    path: Path


@dataclass(frozen=True, slots=True)
class Update:
    """An UPDATE of one item. `returning` is `ALL OLD` and the like, or None."""

    source: Source
    actions: tuple[Assignment | Removal, ...]
    where: Condition | None
    returning: str | None


@dataclass(frozen=True, slots=True)
class Delete:
    """A DELETE of one item."""

    source: Source
    where: Condition | None
    returning: str | None


@dataclass(frozen=True, slots=True)
class Exists:
    """`EXISTS(SELECT ...)`, the condition check of a transaction."""

    select: Select

    @property
    def source(self) -> Source:
        """The table of the SELECT."""
        return self.select.source


Statement = Select | Insert | Update | Delete | Exists


def paths_of(statement: Statement) -> Iterator[Path]:
    """Return every path that the statement names, as often as it does; the item of an INSERT is not among them."""
    if isinstance(statement, Exists):
        statement = statement.select
    if isinstance(statement, Insert):
        return
    if isinstance(statement, Select):
        yield from statement.projection or ()
        yield from (path for path, _ in statement.order)
    if isinstance(statement, Update):
        for action in statement.actions:
            yield action.path
            if isinstance(action, Assignment):
                yield from (operand for operand in action.operands if isinstance(operand, Path))
    if statement.where is not None:
        yield from paths_in(statement.where)


def paths_in(condition: Condition) -> Iterator[Path]:
    """Return every path in a condition."""
    if isinstance(condition, And | Or):
        for part in condition.parts:
            yield from paths_in(part)
    elif isinstance(condition, Not):
        yield from paths_in(condition.part)
    elif isinstance(condition, Function | IsType):
        yield condition.path
    else:
        operands: list[Operand] = []
        if isinstance(condition, Comparison):
            operands = [condition.left, condition.right]
        elif isinstance(condition, Between):
            operands = [condition.operand, condition.low, condition.high]
        else:
            operands = [condition.operand]
        for operand in operands:
            if isinstance(operand, Size):
                yield operand.path
            elif isinstance(operand, Path):
                yield operand
