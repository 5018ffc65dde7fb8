from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from harness.attacks.attempts import AttemptKind
from harness.attacks.catalogue import TECHNIQUES
from harness.attacks.features import applicable
from harness.blueprints.identity_keyed import IDENTITY_KEYED
from harness.blueprints.per_user_principals import PER_USER_PRINCIPALS
from harness.blueprints.policies import ACCOUNT, policy
from harness.blueprints.project_broker import PROJECT_BROKER
from harness.blueprints.registry import BLUEPRINTS
from harness.blueprints.tenant_tagged import TENANT_TAGGED
from harness.calibration.bearing import bearing_on
from harness.calibration.calibration import Calibration, Enforced, Measured
from harness.calibration.measuring import measure
from harness.calibration.needs import needed_by, rules_of
from harness.calibration.qualifying import qualified
from harness.calibration.rules import Rule
from harness.emulator.authorization import Enforcement
from harness.proof import attack_everything
from harness.targets.embedded import EmbeddedTarget
from harness.verdicts import Verdict, VerdictName

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from harness.blueprints.spec import Blueprint

_NAMES = (VerdictName.LEAK, VerdictName.ISOLATED, VerdictName.LOCKOUT)


def _calibration(*missing: Rule) -> Calibration:
    found = {rule: Enforced.NO if rule in missing else Enforced.YES for rule in Rule}
    return Calibration("some", {rule: Measured(rule, enforced, "seen") for rule, enforced in found.items()})


@pytest.fixture(scope="module")
def allow_all() -> Iterator[Calibration]:
    target = EmbeddedTarget()
    target.enforce(Enforcement.ALLOW_ALL)
    yield measure(target)
    target.close()


@pytest.mark.parametrize(
    ("blueprint", "technique", "rules"),
    [
        (
            IDENTITY_KEYED,
            "dynamodb.read.batch-get-item",
            {
                Rule.IDENTITY_POLICIES_DYNAMODB,
                Rule.IDENTITY_POLICIES_S3,
                Rule.GROUP_ROLES,
                Rule.IDENTITY_ID_VARIABLE,
                Rule.LEADING_KEYS_BATCH_GET_ITEM,
            },
        ),
        (
            IDENTITY_KEYED,
            "token.session.unsigned",
            {
                Rule.IDENTITY_POLICIES_DYNAMODB,
                Rule.IDENTITY_POLICIES_S3,
                Rule.TOKEN_SIGNATURES,
                Rule.IDENTITY_OWNERSHIP,
            },
        ),
        (
            TENANT_TAGGED,
            "s3.read.list-objects-foreign-prefix",
            {
                Rule.IDENTITY_POLICIES_DYNAMODB,
                Rule.IDENTITY_POLICIES_S3,
                Rule.PRINCIPAL_TAG_MAPS,
                Rule.S3_PREFIX,
            },
        ),
        (
            PER_USER_PRINCIPALS,
            "s3.read.get-object",
            {Rule.IDENTITY_POLICIES_S3, Rule.BUCKET_POLICY_GRANTS},
        ),
        (
            PROJECT_BROKER,
            "s3.read.get-object",
            {
                Rule.IDENTITY_POLICIES_DYNAMODB,
                Rule.IDENTITY_POLICIES_S3,
                Rule.SESSION_POLICIES,
                Rule.TRUST_PRINCIPALS,
            },
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else getattr(value, "name", ""),
)
def test_a_refusal_rests_on_what_keeps_the_caller_out(blueprint: Blueprint, technique: str, rules: set[Rule]) -> None:
    assert needed_by(blueprint, TECHNIQUES[technique]) == rules


def test_what_a_design_adds_of_iam_is_needed_too() -> None:
    def with_role(**changes: object) -> Blueprint:
        first, *others = IDENTITY_KEYED.roles
        return replace(IDENTITY_KEYED, roles=(replace(first, **changes), *others))  # type: ignore[arg-type]

    denial = policy({"Effect": "Deny", "Action": "s3:*", "Resource": "*"})
    variable = policy({"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/${aws:username}"})
    statement = {"Effect": "Deny", "Principal": {"AWS": ACCOUNT}, "Action": "*", "Resource": "*"}
    (table,), (bucket,) = IDENTITY_KEYED.tables, IDENTITY_KEYED.buckets
    for rule, technique, changed in (
        (Rule.EXPLICIT_DENY, "s3.read.get-object", with_role(policies={"p": denial})),
        (Rule.POLICY_VARIABLES, "s3.read.get-object", with_role(policies={"p": variable})),
        (Rule.PERMISSIONS_BOUNDARIES, "s3.read.get-object", with_role(boundary=denial)),
        (
            Rule.BUCKET_POLICY_DENIALS,
            "s3.read.get-object",
            replace(IDENTITY_KEYED, buckets=(replace(bucket, policy=policy(statement)),)),
        ),
        (
            Rule.TABLE_POLICIES,
            "dynamodb.read.get-item",
            replace(IDENTITY_KEYED, tables=(replace(table, policy=policy(statement)),)),
        ),
    ):
        assert rule not in needed_by(IDENTITY_KEYED, TECHNIQUES[technique])
        assert rule in needed_by(changed, TECHNIQUES[technique])


def test_no_technique_is_one_of_which_nothing_is_known() -> None:
    unknown = [
        technique.id
        for blueprint in BLUEPRINTS.values()
        for technique in applicable(blueprint, TECHNIQUES.values())
        if needed_by(blueprint, technique) == set(Rule)
    ]
    assert unknown == []


def test_a_technique_of_cognito_that_is_not_known_rests_on_every_rule() -> None:
    new = replace(TECHNIQUES["token.session.unsigned"], id="token.session.never-seen")
    assert needed_by(IDENTITY_KEYED, new) == set(Rule)


def test_every_rule_that_a_design_rests_on_is_measured() -> None:
    every = rules_of(IDENTITY_KEYED, applicable(IDENTITY_KEYED, TECHNIQUES.values()))
    assert Rule.LEADING_KEYS_TRANSACT_WRITE_ITEMS in every
    assert Rule.PRINCIPAL_TAG_MAPS not in every


@pytest.fixture(scope="module")
def verdicts() -> list[Verdict]:
    return attack_everything(IDENTITY_KEYED)


def test_what_rests_on_a_missing_rule_is_inconclusive_and_names_it(verdicts: list[Verdict]) -> None:
    missing = Rule.LEADING_KEYS_QUERY
    changed = [
        (verdict, after)
        for verdict in verdicts
        if (after := qualified(verdict, IDENTITY_KEYED, _calibration(missing))) != verdict
    ]
    assert {verdict.attempt.technique.id for verdict, _ in changed} == {
        "dynamodb.read.query",
        "dynamodb.read.query-projected",
    }
    for verdict, after in changed:
        assert after.name is VerdictName.INCONCLUSIVE
        assert f"{missing} (not enforced)" in after.reason
        assert f"It would have been a {verdict.name}: {verdict.reason}" in after.reason


@pytest.mark.parametrize("name", VerdictName)
def test_leak_isolated_and_lockout_alike_say_nothing_there_and_what_works_works(
    verdicts: list[Verdict], name: VerdictName
) -> None:
    verdict = replace(next(each for each in verdicts if each.attempt.kind is AttemptKind.ATTACK), name=name)
    after = qualified(verdict, IDENTITY_KEYED, Calibration("some"))
    assert after.name is (VerdictName.INCONCLUSIVE if name in _NAMES else name)
    assert qualified(verdict, IDENTITY_KEYED, _calibration()) == verdict


def _qualified(blueprint: Blueprint, verdicts: Iterable[Verdict], calibration: Calibration) -> set[VerdictName]:
    return {qualified(verdict, blueprint, calibration).name for verdict in verdicts}


@pytest.mark.parametrize("name", ["identity-keyed", "per-user-principals", "pooled-api", "web-identity-broker"])
def test_a_target_that_enforces_nothing_of_iam_yields_no_leak_and_no_isolated(
    name: str, allow_all: Calibration
) -> None:
    blueprint = BLUEPRINTS[name]
    verdicts = attack_everything(blueprint, enforcement=Enforcement.ALLOW_ALL)
    assert VerdictName.INCONCLUSIVE in _qualified(blueprint, verdicts, allow_all)
    assert not _qualified(blueprint, verdicts, allow_all) & set(_NAMES)


@pytest.mark.long
@pytest.mark.parametrize("name", BLUEPRINTS)
def test_no_design_at_all_gets_a_leak_or_an_isolated_from_such_a_target(name: str, allow_all: Calibration) -> None:
    blueprint = BLUEPRINTS[name]
    verdicts = attack_everything(blueprint, enforcement=Enforcement.ALLOW_ALL)
    assert not _qualified(blueprint, verdicts, allow_all) & set(_NAMES)


def test_what_is_missing_is_told_design_by_design() -> None:
    bearings = bearing_on([IDENTITY_KEYED, PER_USER_PRINCIPALS], TECHNIQUES.values(), _calibration(Rule.GROUP_ROLES))
    keyed, per_user = bearings
    assert keyed.missing == (Rule.GROUP_ROLES,)
    assert 0 < keyed.inconclusive < keyed.techniques
    assert (per_user.inconclusive, per_user.missing) == (0, ())


def test_every_design_needs_its_stores_to_be_kept_by_iam() -> None:
    for blueprint in BLUEPRINTS.values():
        for technique in applicable(blueprint, TECHNIQUES.values()):
            assert needed_by(blueprint, technique) & {Rule.IDENTITY_POLICIES_DYNAMODB, Rule.IDENTITY_POLICIES_S3}
