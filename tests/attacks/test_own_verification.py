from __future__ import annotations

from harness.attacks.catalogue import matching
from harness.attacks.plan import Pairs, plan
from harness.blueprints.own_verification import WEAKNESSES, verifying
from harness.blueprints.registry import BLUEPRINTS
from harness.blueprints.spec import Weakness
from harness.stage import set_up
from harness.verdicts import VerdictName

BROKER = BLUEPRINTS["project-broker"]


def test_a_handler_that_verifies_tokens_well_gives_nothing_away() -> None:
    forged = {technique for weakness in WEAKNESSES for technique in weakness.leaks}
    planned = plan(BROKER, matching(sorted(forged)), BROKER.minimum_tenants, Pairs.RING)
    whole = Weakness("none", "the handler verifies tokens itself, and leaves nothing out", verifying, ())
    stage = set_up(BROKER, planned, tenants=BROKER.minimum_tenants, seed=1, weakness=whole)
    try:
        verdicts = [stage.execution.judge(attempt) for attempt in planned]
    finally:
        stage.close()
    assert {verdict.name for verdict in verdicts} == {VerdictName.WORKS, VerdictName.ISOLATED}
