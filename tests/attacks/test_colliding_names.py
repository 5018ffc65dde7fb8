"""Names made to collide, and which of them the policies of a design let through."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.attacks.colliding_names import Choice, Name, choices_of, names_to_try
from harness.attacks.predicted_collisions import is_predictable, predicted_collisions
from harness.blueprints.identity_keyed import IDENTITY_KEYED
from harness.blueprints.per_user_principals import PER_USER_PRINCIPALS
from harness.blueprints.project_broker import PROJECT_BROKER
from harness.blueprints.project_groups import PROJECT_GROUPS
from harness.blueprints.registry import BLUEPRINTS
from harness.blueprints.tenant_tagged import TENANT_TAGGED
from harness.named_stage import names_of, persona_of_names

_MEMBER = PROJECT_GROUPS.contract.persona("member")
_IDS = st.from_regex(r"[a-z0-9-]{1,10}", fullmatch=True)


@given(victim=st.text(min_size=1, max_size=12), name=st.sampled_from(sorted(BLUEPRINTS)), further=st.booleans())
def test_no_name_is_the_victims_own_and_none_comes_twice(victim: str, name: str, *, further: bool) -> None:
    blueprint = BLUEPRINTS[name]
    names = names_to_try(blueprint, blueprint.contract.personas[0], victim, further=further)
    assert len({each.id for each in names}) == len(names)
    for choice in choices_of(blueprint):
        (plain,) = (each for each in names if each.choice is choice and not each.beside)
        texts = [each.text for each in names if each.beside == plain.id]
        assert texts or choice is Choice.GIVEN
        assert len(set(texts)) == len(texts)
        assert victim == plain.text
        assert victim not in texts


@given(victim=_IDS)
def test_every_way_of_colliding_is_among_them(victim: str) -> None:
    texts = {each.text for each in names_to_try(PROJECT_GROUPS, _MEMBER, victim)}
    assert {f"{victim}2", f"{victim}-beta", f"{victim}/beta", f"beta-{victim}", f"{victim}-tasks2", "*", ""} <= texts


def test_delimiters_come_from_the_designs_own_patterns() -> None:
    texts = {each.text for each in names_to_try(TENANT_TAGGED, TENANT_TAGGED.contract.persona("founder"), "acme")}
    assert {"acme#beta", "acme#notes2", "acme/beta"} <= texts
    assert not any("#" in each.text for each in names_to_try(PROJECT_GROUPS, _MEMBER, "acme"))


def test_keys_that_a_design_assigns_are_given_with_the_characters_of_such_keys() -> None:
    names = names_of(TENANT_TAGGED, 1)
    given_names = [each for each in names if each.choice is Choice.GIVEN]
    assert {each.id for each in given_names} >= {"given-plain", "given-longer", "given-delimited-by-hyphen"}
    assert all(set(each.text) <= set("abcdefghijklmnopqrstuvwxyz0123456789-") for each in given_names)
    assert {each.tenant.key for each in names if each.choice is Choice.TYPED}.isdisjoint({each.text for each in names})


def test_where_nobody_chooses_a_name_none_is_tried() -> None:
    assert choices_of(IDENTITY_KEYED) == ()
    assert names_of(IDENTITY_KEYED, 1) == ()
    assert choices_of(PER_USER_PRINCIPALS) == (Choice.KEY,)


@given(seed=st.integers(0, 2**16))
def test_whatever_the_seed_the_same_names_are_tried(seed: int) -> None:
    assert [each.id for each in names_of(PROJECT_BROKER, seed)] == [each.id for each in names_of(PROJECT_BROKER, 1)]


@given(attacker=_IDS, victim=_IDS)
def test_a_pattern_without_a_delimiter_lets_through_exactly_what_begins_like_it(attacker: str, victim: str) -> None:
    weakened = PROJECT_GROUPS.weakness("ddb-stringlike-prefix-collision").change(PROJECT_GROUPS)
    names = (Name("plain", victim, Choice.KEY), Name("other", attacker, Choice.KEY, "plain"))
    pairs = {(each.attacker, each.victim) for each in predicted_collisions(weakened, _MEMBER, names)}
    expected = {("other", "plain")} if f"{victim}-tasks".startswith(attacker) else set()
    expected |= {("plain", "other")} if f"{attacker}-tasks".startswith(victim) else set()
    assert pairs == expected


@given(attacker=_IDS, victim=_IDS)
def test_sound_policies_tell_all_ids_apart_that_differ(attacker: str, victim: str) -> None:
    names = (Name("plain", victim, Choice.KEY), Name("other", attacker, Choice.KEY, "plain"))
    expected = [("other", "plain"), ("plain", "other")] if attacker == victim else []
    found = predicted_collisions(PROJECT_GROUPS, _MEMBER, names)
    assert [(each.attacker, each.victim) for each in found] == expected


def test_sound_policies_rest_on_what_aws_refuses_in_names() -> None:
    """Where keys are text in a policy, wildcards and slashes collide: the names of roles and buckets have none."""
    found = predicted_collisions(PROJECT_GROUPS, _MEMBER, names_of(PROJECT_GROUPS, 1))
    assert {(each.attacker, each.victim) for each in found} == {
        ("plain", "delimited-by-slash"),
        ("wildcard", "plain"),
        ("wildcard-of-its-length", "plain"),
        ("wildcard-behind", "plain"),
    }


def test_what_a_function_decides_is_not_predicted() -> None:
    member = PROJECT_BROKER.contract.persona("member")
    assert not is_predictable(PROJECT_BROKER, member)
    assert predicted_collisions(PROJECT_BROKER, member, names_of(PROJECT_BROKER, 1)) == []


@pytest.mark.parametrize("name", [name for name in BLUEPRINTS if names_of(BLUEPRINTS[name], 1)])
def test_names_are_tried_by_somebody_who_owns_something_in_one_tenant(name: str) -> None:
    persona = persona_of_names(BLUEPRINTS[name])
    assert persona is not None
    assert persona.spans == 1
    assert not persona.staff
