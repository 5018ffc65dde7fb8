from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from harness.blueprints.identity_keyed import IDENTITY_KEYED
from harness.blueprints.project_groups import PROJECT_GROUPS
from harness.population import NOBODYS_ENDING, Tenant, populate, populate_with
from harness.secret import Secret

BLUEPRINT = IDENTITY_KEYED


@given(seed=st.integers(0, 2**31), tenants=st.integers(2, 12))
def test_the_same_seed_makes_the_same_people(seed: int, tenants: int) -> None:
    first, second = (populate(BLUEPRINT, seed=seed, tenants=tenants, run_secret=Secret(run)) for run in ("a", "b"))
    assert first.tenants == second.tenants
    assert [user.username for user in first.users] == [user.username for user in second.users]
    assert len({user.username for user in first.users}) == len(first.users) == tenants * 2 + 1


@given(seed=st.integers(0, 2**31))
def test_markers_and_passwords_of_two_runs_differ(seed: int) -> None:
    first, second = (populate(BLUEPRINT, seed=seed, tenants=2, run_secret=Secret(run)) for run in ("a", "b"))
    owner = first.users[0].caller
    assert first.marker(owner, "private") != second.marker(owner, "private")
    assert first.users[0].password != second.users[0].password


def test_every_owner_and_asset_has_a_marker_of_its_own() -> None:
    population = populate(BLUEPRINT, seed=1, tenants=4, run_secret=Secret("a"))
    names = ("private", "listing", "s3.write.put-object/own")
    markers = {population.marker(user.caller, name) for user in population.users for name in names}
    assert len(markers) == len(population.users) * len(names)


@given(seed=st.integers(0, 2**31), tenants=st.integers(2, 12))
def test_behind_the_key_of_a_tenant_the_ending_makes_nobodys_key(seed: int, tenants: int) -> None:
    people = populate(PROJECT_GROUPS, seed=seed, tenants=tenants, run_secret=Secret("a"))
    keys = {tenant.key for tenant in people.tenants}
    assert not {key + NOBODYS_ENDING for key in keys} & keys


def test_chosen_keys_call_the_users_after_them() -> None:
    tenants = (Tenant("plain", "acme", "acme", chosen=True), Tenant("other", "not-yet-assigned", "Acme"))
    population = populate_with(tenants, BLUEPRINT.contract.persona("member"), seed=1, run_secret=Secret("a"))
    assert [user.label for user in population.users] == ["acme-member", "other-member"]
    assert [user.caller.tenant for user in population.users] == ["plain", "other"]


@given(seed=st.integers(0, 2**31))
def test_keys_that_people_choose_begin_alike(seed: int) -> None:
    population = populate(PROJECT_GROUPS, seed=seed, tenants=8, run_secret=Secret("a"))
    keys = [tenant.key for tenant in population.tenants]
    assert len(set(keys)) == len(keys)
    for first in (0, 4):
        assert keys[first : first + 4] == [keys[first] + end for end in ("", "2", "-2", "-beta")]
