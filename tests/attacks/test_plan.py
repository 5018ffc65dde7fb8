from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.attacks.catalogue import TECHNIQUES, matching
from harness.attacks.plan import Pairs, attacks, controls, declared_boundaries, plan
from harness.blueprints.contract import Effect
from harness.blueprints.registry import BLUEPRINTS
from harness.errors import UsageError
from harness.named_stage import techniques_between_names
from harness.population import STAFF, Caller

if TYPE_CHECKING:
    from harness.blueprints.contract import Contract

ALL = tuple(TECHNIQUES.values())
BLUEPRINT = BLUEPRINTS["identity-keyed"]


@given(tenants=st.integers(2, 8))
def test_a_ring_grows_linearly_and_all_pairs_do_not(tenants: int) -> None:
    # Staff attack what is nobody's once, however many tenants there are.
    two, three = (len(attacks(BLUEPRINT, ALL, number, Pairs.RING)) for number in (2, 3))
    assert len(attacks(BLUEPRINT, ALL, tenants, Pairs.RING)) == two + (tenants - 2) * (three - two)
    assert len(attacks(BLUEPRINT, ALL, tenants, Pairs.ALL)) >= len(attacks(BLUEPRINT, ALL, tenants, Pairs.RING))


@given(tenants=st.integers(2, 6), pairs=st.sampled_from(Pairs))
def test_nobody_attacks_themselves_and_every_id_is_unique(tenants: int, pairs: Pairs) -> None:
    planned = plan(BLUEPRINT, ALL, tenants, pairs)
    assert len({attempt.id for attempt in planned}) == len(planned)
    for attempt in planned:
        if not attempt.is_control and attempt.victim is not None:
            assert attempt.attacker.tenant != attempt.victim.tenant


def test_every_declared_boundary_is_attacked() -> None:
    attacked = {("identity-keyed", attempt.boundary) for attempt in attacks(BLUEPRINT, ALL, 2, Pairs.RING)}
    assert attacked == set(declared_boundaries(BLUEPRINT, ALL))


def test_what_the_contract_allows_is_never_an_attack() -> None:
    reads = [a for a in attacks(BLUEPRINT, ALL, 3, Pairs.ALL) if a.technique.effect is Effect.READ]
    assert reads
    assert all(attempt.attacker.tenant != STAFF for attempt in reads)


def test_ids_name_the_direction() -> None:
    ids = {attempt.id for attempt in attacks(BLUEPRINT, matching(["dynamodb.read.get-item"]), 2, Pairs.RING)}
    assert "identity-keyed-dynamodb.read.get-item-member-on-guest-t1-to-t2" in ids


def test_a_pattern_that_selects_nothing_is_wrong_usage() -> None:
    with pytest.raises(UsageError, match="selects no technique"):
        matching(["dynamodb.read.*", "nope"])


@pytest.mark.parametrize("technique", ALL, ids=lambda technique: technique.id)
def test_techniques_are_named_by_plane_and_effect(technique: object) -> None:
    named = next(known for known in ALL if known is technique)
    plane, effect, trick = named.id.split(".")
    assert (plane, effect) == (named.plane, named.effect)
    assert trick == trick.lower()
    assert named.catalogue
    assert named.documentation.startswith("https://docs.aws.amazon.com/")


def _promised(contract: Contract) -> Contract:
    # What the application passes when it assumes a role is part of the design, and may be what is weak about it. So are
    # attributes that it fills beside those by which the contract tells tenants apart.
    return replace(contract, personas=tuple(replace(each, session_policy=None) for each in contract.personas))


def _without_more_attributes(weakened: Contract, sound: Contract) -> Contract:
    told = {each.name: each.attributes.keys() for each in sound.personas}
    personas = (
        replace(each, attributes={key: value for key, value in each.attributes.items() if key in told[each.name]})
        for each in weakened.personas
    )
    return replace(weakened, personas=tuple(personas))


def test_weaknesses_and_faults_name_known_techniques() -> None:
    for blueprint in BLUEPRINTS.values():
        for weakness in blueprint.weaknesses:
            assert set(weakness.leaks) <= TECHNIQUES.keys()
            assert weakness.leaks or weakness.leaks_between_names
            between = {technique.id for technique in techniques_between_names(blueprint, TECHNIQUES.values())}
            assert set(weakness.leaks_between_names) <= between
            weakened = weakness.change(blueprint)
            assert weakened != blueprint
            promised = _promised(_without_more_attributes(weakened.contract, blueprint.contract))
            assert promised == _promised(blueprint.contract)


_SWITCHING = BLUEPRINTS["project-groups"]


def test_a_session_for_one_tenant_is_aimed_at_the_users_other_tenants_too() -> None:
    planned = attacks(_SWITCHING, matching(["s3.read.get-object"]), 4, Pairs.RING)
    aimed = {
        attempt.victim.tenant
        for attempt in planned
        if attempt.attacker == Caller("t1", "switcher") and attempt.victim is not None
    }
    assert aimed == {"t2", "t3"}  # the other one of its own two, and the next that is not its own


def test_who_is_in_several_groups_may_ask_for_each_role_and_assume_none() -> None:
    asked, assumed = (
        {attempt.id for attempt in controls(_SWITCHING, matching([technique]), 3)}
        for technique in ("identity-pool.session.custom-role-arn-of-another", "sts.session.assume-role-of-another")
    )
    assert any("switcher-allowed-on-member-t1-to-t2" in attempt for attempt in asked)
    assert assumed == {"project-groups-sts.session.assume-role-of-another-operator-allowed"}


def test_who_reaches_several_tenants_in_one_session_shows_it() -> None:
    shown = {attempt.id for attempt in controls(BLUEPRINTS["project-attributes"], matching(["s3.read.get-object"]), 3)}
    assert "project-attributes-s3.read.get-object-consultant-allowed-on-consultant-t1-to-t2" in shown
    assert not any("switcher-allowed-on" in attempt.id for attempt in controls(_SWITCHING, matching(["s3.*"]), 3))
