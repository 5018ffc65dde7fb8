"""Conditions that do not say what was meant."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from harness.advice.recogniser import Recogniser
from harness.advice.statements import (
    Condition,
    conditions,
    having,
    with_key,
    with_operator,
    with_values,
    without,
)
from harness.emulator.condition_keys import keys_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.advice.case import Case
    from harness.advice.recogniser import Edit

_VERSION = "2012-10-17"
_FOR_ALL, _FOR_ANY, _IF_EXISTS, _IGNORE_CASE = "ForAllValues:", "ForAnyValue:", "IfExists", "IgnoreCase"
# As policies spell them; their case means nothing to IAM.
_SPELT = {name.lower(): name for name in ("dynamodb:LeadingKeys", "dynamodb:Attributes", "dynamodb:Select")}
_ANY = "*"


def _misspelt(case: Case) -> list[tuple[Condition, str]]:
    """Return conditions on keys that no request of the action carries, with the key that is spelt most alike."""
    known = keys_of(case.request.action)
    found = []
    for condition in conditions(case.statement):
        key = condition.key.lower()
        if not known.defines(key):
            alike = get_close_matches(key, [*known.always, *known.sometimes], n=1)
            found += [(condition, _SPELT.get(name, name)) for name in alike]
    return found


def _spelt_right(case: Case) -> Iterator[Edit]:
    for condition, key in _misspelt(case):
        yield case.stating(with_key(case.statement, condition, key))


def _any_value(case: Case) -> list[Condition]:
    # What the session brings, such as amr, is compared by ForAnyValue with good reason.
    return [
        condition
        for condition in conditions(case.statement)
        if condition.operator.startswith(_FOR_ANY) and condition.key.lower().startswith("dynamodb:")
    ]


def _all_values(case: Case) -> Iterator[Edit]:
    for condition in _any_value(case):
        operator = _FOR_ALL + condition.operator.removeprefix(_FOR_ANY)
        all_of_them = with_operator(case.statement, condition, operator)
        yield case.stating(having(all_of_them, "Null", condition.key, "false"))


def _vacuous(case: Case) -> list[Condition]:
    """Return the conditions that are true because the request has no such key."""
    checked = {condition.key.lower() for condition in conditions(case.statement) if condition.operator == "Null"}
    return [
        condition
        for condition in conditions(case.statement)
        if condition.operator.startswith(_FOR_ALL)
        and condition.key.lower() not in checked
        and not case.request.known.get(condition.key.lower())
    ]


def _null_checked(case: Case) -> Iterator[Edit]:
    for condition in _vacuous(case):
        yield case.stating(having(case.statement, "Null", condition.key, "false"))


def _without_case(case: Case) -> list[Condition]:
    return [each for each in conditions(case.statement) if each.operator.endswith(_IGNORE_CASE)]


def _with_case(case: Case) -> Iterator[Edit]:
    for condition in _without_case(case):
        operator = condition.operator.removesuffix(_IGNORE_CASE)
        yield case.stating(with_operator(case.statement, condition, operator))


def _if_exists(case: Case) -> list[Condition]:
    return [each for each in conditions(case.statement) if each.operator.endswith(_IF_EXISTS)]


def _existing(case: Case) -> Iterator[Edit]:
    for condition in _if_exists(case):
        operator = condition.operator.removesuffix(_IF_EXISTS)
        yield case.stating(with_operator(case.statement, condition, operator))


def _without_version(case: Case) -> bool:
    return case.document.get("Version") != _VERSION and "${" in case.policy.document


def _versioned(case: Case) -> Iterator[Edit]:
    yield {"Version": _VERSION, **{name: part for name, part in case.document.items() if name != "Version"}}


def _empty_values(case: Case) -> list[Condition]:
    return [each for each in conditions(case.statement) if each.key.lower() == "s3:prefix" and "" in each.values]


def _without_empty_value(case: Case) -> Iterator[Edit]:
    for condition in _empty_values(case):
        if values := [value for value in condition.values if value]:
            yield case.stating(with_values(case.statement, condition, values))


def _tag_of_the_object(case: Case) -> list[Condition]:
    return [each for each in conditions(case.statement) if each.key.lower().startswith("s3:existingobjecttag/")]


def _without_tag_of_the_object(case: Case) -> Iterator[Edit]:
    if _tag_of_the_object(case):
        yield case.without_statement()
    for condition in _tag_of_the_object(case):
        yield case.stating(without(case.statement, condition))


CONDITIONS = (
    Recogniser(
        "misspelt-key",
        ((_ANY, "ddb-condition-key-typo-vacuous"),),
        lambda case: bool(_misspelt(case)),
        _spelt_right,
    ),
    Recogniser(
        "any-value-suffices",
        (("dynamodb:PartiQL*", "ddb-partiql-not-covered"), (_ANY, "ddb-foranyvalue-batch-smuggle")),
        lambda case: bool(_any_value(case)),
        _all_values,
    ),
    Recogniser(
        "true-without-the-key",
        (
            ("dynamodb:Scan", "ddb-scan-vacuous-forallvalues"),
            ("dynamodb:PartiQL*", "ddb-partiql-not-covered"),
            (_ANY, "ddb-table-level-actions-via-wildcard"),
        ),
        lambda case: bool(_vacuous(case)),
        _null_checked,
    ),
    Recogniser(
        "case-is-ignored",
        ((_ANY, "ddb-tenant-normalisation-collision"),),
        lambda case: bool(_without_case(case)),
        _with_case,
    ),
    Recogniser(
        "without-version",
        ((_ANY, "ddb-policy-version-2008"),),
        _without_version,
        _versioned,
    ),
    Recogniser(
        "prefix-may-be-absent",
        (("s3:ListBucket*", "s3-list-empty-prefix-allowed"), ("s3:ListBucket", "s3-missing-key-oracle")),
        lambda case: any(each.key.lower() == "s3:prefix" for each in _if_exists(case)),
        _existing,
    ),
    Recogniser(
        "claim-may-be-absent",
        ((_ANY, "idp-missing-claim-fail-open"),),
        lambda case: any(each.key.lower() != "s3:prefix" for each in _if_exists(case)),
        _existing,
    ),
    Recogniser(
        "empty-prefix",
        ((_ANY, "s3-list-empty-prefix-allowed"),),
        lambda case: bool(_empty_values(case)),
        _without_empty_value,
    ),
    Recogniser(
        "tag-of-the-object-decides",
        ((_ANY, "s3-object-tag-self-assign"),),
        lambda case: bool(_tag_of_the_object(case)),
        _without_tag_of_the_object,
    ),
)
