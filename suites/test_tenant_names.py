"""Isolation does not depend on what tenants are called: names that somebody may choose tomorrow reach nobody's data.

The names are made from one tenant's by what the design's own patterns and policies put around it. Every name that the
target and the design let somebody have attacks the tenant it resembles, and is attacked by it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.blueprints.registry import BLUEPRINTS
from harness.gathering import PROOF_PROPERTY, packed
from harness.name_proof import prove_between_names, weaknesses_between_names
from harness.report import allure

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.run import ChosenName


def test_a_name_reaches_no_other_tenant(try_name: Callable[[ChosenName], None], chosen_name: ChosenName) -> None:
    """The tenant of the name and the tenant it resembles are each refused what is the other's, or nobody gets it."""
    try_name(chosen_name)


@pytest.fixture
def _place_in_the_report() -> None:
    allure.label_proof("names made to collide", target="embedded")


@pytest.mark.proof
@pytest.mark.usefixtures("_place_in_the_report")
@pytest.mark.parametrize("weakness", weaknesses_between_names())
def test_a_weakness_is_found_by_names(weakness: str, request: pytest.FixtureRequest) -> None:
    """With the hole planted, a colliding name gets through, and the policies alone say the same of every pair."""
    blueprint_name, _, weakness_id = weakness.partition(":")
    blueprint = BLUEPRINTS[blueprint_name]
    hole, disagreement = prove_between_names(blueprint, blueprint.weakness(weakness_id))
    request.node.user_properties.append(packed(PROOF_PROPERTY, hole.as_json()))
    if hole.complaint or disagreement:
        pytest.fail(f"{hole.subject}: {hole.complaint}{disagreement}", pytrace=False)
