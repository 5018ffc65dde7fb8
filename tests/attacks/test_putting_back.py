"""What is put back after an attempt of which nobody knows how far it came."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.attacks.catalogue import TECHNIQUES
from harness.attacks.plan import Pairs, plan
from harness.attacks.putting_back import PuttingBack
from harness.blueprints.registry import BLUEPRINTS
from harness.stage import set_up

if TYPE_CHECKING:
    from harness.blueprints.spec import Blueprint


@pytest.mark.parametrize("blueprint", BLUEPRINTS.values(), ids=lambda blueprint: blueprint.name)
def test_whatever_was_attempted_can_be_put_back_though_nothing_was_done(blueprint: Blueprint) -> None:
    tenants = max(2, blueprint.minimum_tenants)
    planned = plan(blueprint, TECHNIQUES.values(), tenants, Pairs.RING)
    stage = set_up(blueprint, planned, tenants=tenants, seed=1)
    putting_back = PuttingBack(stage.target)
    firsts = {attempt.technique.id: attempt for attempt in planned if not attempt.is_control}
    by_staff = {attempt.technique.id: attempt for attempt in planned if attempt.attacker.tenant == "staff"}
    for attempt in (*firsts.values(), *by_staff.values()):
        if not attempt.is_control:
            putting_back.in_doubt(attempt.technique, stage.execution.aiming.at(attempt))
    stage.close()
