"""How the time of a run grows with the number of tenants, each attacking the next one in the ring.

    python benchmarks/bench_tenants.py [BLUEPRINT]

For 4, 8, 16 and 32 tenants: provisioning and judging in processor seconds, per tenant, and as a ratio to the figure
before. Linear growth keeps the seconds per tenant where they are and the ratios at two.
"""

from __future__ import annotations

import sys
import time

from harness.attacks.catalogue import TECHNIQUES
from harness.attacks.plan import Pairs, plan
from harness.blueprints.registry import BLUEPRINTS
from harness.stage import set_up

_TENANTS = (4, 8, 16, 32)


def main() -> None:
    """Measure and print."""
    blueprint = BLUEPRINTS[sys.argv[1] if len(sys.argv) > 1 else "identity-keyed"]
    before = 0.0
    print(f"{blueprint.name}: processor seconds")
    for tenants in _TENANTS:
        start = time.process_time()
        planned = plan(blueprint, TECHNIQUES.values(), tenants, Pairs.RING)
        stage = set_up(blueprint, planned, tenants=tenants, seed=1)
        provisioned = time.process_time()
        for attempt in planned:
            stage.execution.judge(attempt)
        judged = time.process_time()
        stage.close()
        seconds = judged - start
        ratio = f", {seconds / before:.2f} times the row above" if before else ""
        print(
            f"{tenants:3} tenants, {len(planned):5} attempts: provisioned in {provisioned - start:.2f}, judged in "
            f"{judged - provisioned:.2f}; {seconds / tenants:.3f} per tenant{ratio}"
        )
        before = seconds


if __name__ == "__main__":
    main()
