"""What legitimate requests have in common: the part of a key, a prefix or a path that a statement could be bound to."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from harness.advice.rulings import Ruling
    from harness.policy import Request

# Condition keys that tell users or tenants apart and that are the same for a whole session, as policies spell them.
_VARIABLES = ("cognito-identity.amazonaws.com:sub", "aws:PrincipalTag/", "aws:username")


class Sample(NamedTuple):
    """A text of a legitimate request, and the request."""

    text: str
    request: Request


def samples(rulings: Sequence[Ruling], key: str) -> list[Sample]:
    """Return the values of a condition key in legitimate requests; none if one of them lacks the key."""
    if any(not ruling.request.known.get(key) for ruling in rulings):
        return []
    return [Sample(value, ruling.request) for ruling in rulings for value in ruling.request.known[key]]


def patterns(found: Sequence[Sample]) -> Iterator[tuple[str, bool]]:
    """Yield patterns that fit all samples, the best first, and whether one is exact, that is has no wildcard.

    A pattern begins with a policy variable whose value all samples begin with, or it is what they have in common.
    """
    if not found:
        return
    for variable in variables(found[0].request):
        rests = {_after(variable, sample) for sample in found}
        if None in rests:
            continue
        first = {(rest or "")[:1] for rest in rests}
        if rests == {""}:
            yield f"${{{variable}}}", True
        elif len(first) == 1 and not (delimiter := first.pop()).isalnum():
            yield f"${{{variable}}}{delimiter}*", False
        elif len(rests) == 1:
            yield f"${{{variable}}}{rests.pop()}", True
    texts = sorted({sample.text for sample in found})
    if len(texts) == 1 and not texts[0].endswith("/"):
        yield texts[0], True
    folders = {text.rpartition("/")[0] for text in texts}
    if len(folders) == 1 and (folder := folders.pop()):
        yield f"{folder}/*", False


def variables(request: Request) -> list[str]:
    """Return the policy variables that have a value in a request and tell users or tenants apart."""
    return [name + key[len(name) :] for key in request.known for name in _VARIABLES if key.startswith(name.lower())]


def value_of(variable: str, request: Request) -> str:
    """Return the value of a policy variable in a request, empty where it has none."""
    values = request.known.get(variable.lower(), ())
    return values[0] if len(values) == 1 else ""


def bound_resources(patterns_held: Sequence[str], rulings: Sequence[Ruling]) -> Iterator[list[str]]:
    """Yield lists of resources that fit all legitimate requests, bound to one more part of the path than those held."""
    paths = [(ruling.request.resource.split("/"), ruling.request) for ruling in rulings]
    longest = max((len(path) for path, _ in paths), default=0)
    for place in range(longest):
        deep = [(path, request) for path, request in paths if len(path) > place]
        shallow = {"/".join(path) for path, _ in paths if len(path) <= place}
        if any("*" in text for text in shallow) or (place and len(shallow) > 1):
            continue
        for part in _parts([(path[place], request) for path, request in deep]):
            bound = {_bound(patterns_held, path, place, part) for path, _ in deep}
            yield sorted({*bound, *shallow})


def _parts(held: Sequence[tuple[str, Request]]) -> Iterator[str]:
    for variable in variables(held[0][1]):
        if all(text == value_of(variable, request) for text, request in held):
            yield f"${{{variable}}}"
    if len({text for text, _ in held}) == 1:
        yield held[0][0]


def _bound(patterns_held: Sequence[str], path: Sequence[str], place: int, part: str) -> str:
    """Return a pattern for a path: as before what is held, then the part, then anything."""
    held = next((each.split("/") for each in patterns_held if len(each.split("/")) > place), list(path))
    behind = ["*"] if len(path) > place + 1 else []
    return "/".join([*held[:place], part, *behind])


def _after(variable: str, sample: Sample) -> str | None:
    value = value_of(variable, sample.request)
    return sample.text[len(value) :] if value and sample.text.startswith(value) else None
