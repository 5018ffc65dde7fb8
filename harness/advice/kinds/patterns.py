"""Patterns that match more than what they were written for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from harness.advice.recogniser import Recogniser
from harness.advice.scopes import bound_resources, patterns, samples
from harness.advice.statements import (
    Condition,
    as_list,
    conditions_on,
    having,
    mapped,
    with_element,
    with_values,
    without,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.advice.case import Case
    from harness.advice.recogniser import Edit

LEADING_KEYS = "dynamodb:LeadingKeys"
PREFIX = "s3:prefix"
# A name or a variable with a wildcard right behind it: what begins alike matches as well.
_ENDS_OPEN = re.compile(r"[\w}]\*$")
_DELIMITER_OF_NAMES = re.compile(r"[-_.]\*$")


def bound_to_keys(case: Case, *dropped: Condition) -> Iterator[Edit]:
    """Yield the statement bound to the partition keys that legitimate requests have in common."""
    for pattern, exact in patterns(samples(case.dependents, LEADING_KEYS.lower())):
        operator = "ForAllValues:StringEquals" if exact else "ForAllValues:StringLike"
        bound = having(without(case.statement, *dropped), operator, LEADING_KEYS, [pattern])
        yield case.stating(having(bound, "Null", LEADING_KEYS, "false"))


def bound_to_prefix(case: Case, *dropped: Condition) -> Iterator[Edit]:
    """Yield the statement bound to the prefixes that legitimate requests have in common."""
    for pattern, exact in patterns(samples(case.dependents, PREFIX)):
        operator = "StringEquals" if exact else "StringLike"
        yield case.stating(having(without(case.statement, *dropped), operator, PREFIX, [pattern]))


def _keys(case: Case) -> list[Condition]:
    return [each for each in conditions_on(case.statement, LEADING_KEYS) if "Like" in each.operator]


def _keys_that(case: Case, pattern: re.Pattern[str]) -> list[Condition]:
    return [each for each in _keys(case) if any(pattern.search(value) for value in each.values)]


def _keys_bound(case: Case) -> Iterator[Edit]:
    yield from bound_to_keys(case, *_keys(case))


def _prefixes(case: Case) -> list[Condition]:
    return [
        each for each in conditions_on(case.statement, PREFIX) if any(_ENDS_OPEN.search(value) for value in each.values)
    ]


def _with_slash(pattern: str) -> str:
    return f"{pattern[:-1]}/*" if _ENDS_OPEN.search(pattern) else pattern


def _prefixes_with_slash(case: Case) -> Iterator[Edit]:
    for condition in _prefixes(case):
        slashed = [_with_slash(value) for value in condition.values]
        yield case.stating(with_values(case.statement, condition, slashed))


def _is_s3(case: Case) -> bool:
    return case.request.action.startswith("s3:")


def _folders_open(case: Case) -> bool:
    return _is_s3(case) and any(
        "/" in resource and _ENDS_OPEN.search(resource) for resource in as_list(case.statement.get("Resource"))
    )


def _folders_with_slash(case: Case) -> Iterator[Edit]:
    yield case.stating(mapped(case.statement, "Resource", lambda value: _with_slash(value) if "/" in value else value))


def _bucket_of(resource: str) -> str:
    return resource.partition(":::")[2].partition("/")[0]


def _buckets_open(case: Case) -> bool:
    buckets = [_bucket_of(resource) for resource in as_list(case.statement.get("Resource"))]
    return _is_s3(case) and any("*" in bucket and bucket != "*" for bucket in buckets)


def _without_wildcard_in_bucket(resource: str) -> str:
    start, colons, rest = resource.partition(":::")
    bucket, slash, path = rest.partition("/")
    return f"{start}{colons}{bucket.removesuffix('*')}{slash}{path}"


def _buckets_named(case: Case) -> Iterator[Edit]:
    yield case.stating(mapped(case.statement, "Resource", _without_wildcard_in_bucket))
    for resources in bound_resources(as_list(case.statement.get("Resource")), case.dependents):
        yield case.stating(with_element(case.statement, "Resource", resources))


PATTERNS = (
    Recogniser(
        "keys-end-open",
        (("*", "ddb-stringlike-prefix-collision"),),
        lambda case: bool(_keys_that(case, _ENDS_OPEN)),
        _keys_bound,
    ),
    Recogniser(
        "keys-end-in-a-delimiter-of-names",
        (("*", "ddb-delimiter-injection-tenant-id"),),
        lambda case: bool(_keys_that(case, _DELIMITER_OF_NAMES)),
        _keys_bound,
    ),
    Recogniser(
        "keys-begin-open",
        (("*", "ddb-partition-key-type-or-encoding-forgery"),),
        lambda case: bool(_keys_that(case, re.compile(r"^\*."))),
        _keys_bound,
    ),
    Recogniser(
        "folder-without-slash",
        (("*", "s3-prefix-no-trailing-slash"),),
        _folders_open,
        _folders_with_slash,
    ),
    Recogniser(
        "prefix-without-slash",
        (("*", "s3-prefix-no-trailing-slash"),),
        lambda case: bool(_prefixes(case)),
        _prefixes_with_slash,
    ),
    Recogniser(
        "buckets-by-pattern",
        (("*", "s3-bucket-name-suffix-match"),),
        _buckets_open,
        _buckets_named,
    ),
)
