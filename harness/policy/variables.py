"""Policy text as tokens: literal text, wildcards and policy variables (IAM page "IAM policy elements: Variables")."""

from dataclasses import dataclass
from enum import Enum

from harness.policy.errors import UnderivableKeyError
from harness.policy.requests import Request

_SPECIAL = frozenset({"*", "?", "$"})


class Wildcard(Enum):
    """What stands for other characters in a pattern: any run of them, or exactly one."""

    RUN = "*"
    ONE = "?"


@dataclass(frozen=True, slots=True)
class Variable:
    """A `${key, 'default'}` in a policy, as `text`; `key` is lower-case because key names have no case."""

    key: str
    default: str | None
    text: str


Token = str | Wildcard | Variable
Resolved = str | Wildcard


def tokenize(text: str, *, variables: bool, wildcards: bool) -> tuple[Token, ...]:
    """Return the tokens of a policy value, in which variables and wildcards are text unless asked for."""
    tokens: list[Token] = []
    start = 0
    while variables and (opening := text.find("${", start)) >= 0 and (closing := text.find("}", opening)) >= 0:
        _literal(text[start:opening], tokens, wildcards=wildcards)
        start = closing + 1
        inside = text[opening + 2 : closing]
        tokens.append(inside if inside in _SPECIAL else _variable(inside, text[opening:start]))
    _literal(text[start:], tokens, wildcards=wildcards)
    return _joined(tokens)


def value_of(variable: Variable, request: Request, *, empty_counts: bool) -> str | None:
    """Return what the variable stands for in this request, or None when it has no value.

    Raises UnderivableKeyError when the key is one that could not be derived.
    """
    values = request.known.get(variable.key)
    if values is None:
        if variable.key in request.underivable:
            raise UnderivableKeyError(variable.key)
        return variable.default
    if len(values) == 1:
        return values[0] if values[0] or empty_counts else variable.default
    # Only single-valued keys have a value in a variable; an empty list is an absent key.
    return None if values else variable.default


def resolve(tokens: tuple[Token, ...], request: Request, *, empty_counts: bool) -> tuple[Resolved, ...] | None:
    """Return the tokens with every variable replaced by its value as literal text, or None when one has no value."""
    resolved: list[Resolved] = []
    for token in tokens:
        if isinstance(token, Variable):
            value = value_of(token, request, empty_counts=empty_counts)
            if value is None:
                return None
            resolved.append(value)
        else:
            resolved.append(token)
    return tuple(resolved)


def as_text(tokens: tuple[Token, ...]) -> tuple[Token, ...]:
    """Return the tokens with their wildcards as text, as a person reads them."""
    return _joined([token.value if isinstance(token, Wildcard) else token for token in tokens])


def plain_text(tokens: tuple[Token, ...]) -> str:
    """Return the text of tokens among which there is no variable."""
    return "".join(token for token in as_text(tokens) if isinstance(token, str))


def shown(tokens: tuple[Token, ...], request: Request, *, empty_counts: bool) -> str | None:
    """Return the text a person reads for tokens from `as_text`, or None when a variable has no value."""
    text = ""
    for token in tokens:
        if isinstance(token, Variable):
            value = value_of(token, request, empty_counts=empty_counts)
            if value is None:
                return None
            text += value
        elif isinstance(token, str):
            text += token
    return text


def _variable(inside: str, text: str) -> Variable:
    key, comma, default = inside.partition(",")
    quoted = default.strip()
    if comma and len(quoted) > 1 and quoted[0] == quoted[-1] == "'":
        return Variable(key.strip().lower(), quoted[1:-1], text)
    return Variable(inside.strip().lower(), None, text)


def _literal(text: str, tokens: list[Token], *, wildcards: bool) -> None:
    if not wildcards:
        tokens.append(text)
        return
    start = 0
    for index, character in enumerate(text):
        if character in "*?":
            tokens.extend((text[start:index], Wildcard(character)))
            start = index + 1
    tokens.append(text[start:])


def _joined(tokens: list[Token]) -> tuple[Token, ...]:
    joined: list[Token] = []
    run: list[str] = []
    for token in tokens:
        if isinstance(token, str):
            run.append(token)
            continue
        if text := "".join(run):
            joined.append(text)
        run.clear()
        if not (token is Wildcard.RUN and joined and joined[-1] is Wildcard.RUN):
            joined.append(token)
    if text := "".join(run):
        joined.append(text)
    return tuple(joined)
