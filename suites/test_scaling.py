"""How far the designs go: they isolate, and they do not scale. A limit that cannot be found fails.

Each test here measures on an embedded target of its own, whatever --target says, and is left out of altered runs.
"""

from __future__ import annotations

import pytest

from harness.gathering import LIMIT_PROPERTY, packed
from harness.report import allure
from harness.scaling import MEASUREMENTS
from harness.targets.embedded import EmbeddedTarget

pytestmark = pytest.mark.proof

_BY_ID = {measurement.id: measurement for measurement in MEASUREMENTS}


@pytest.fixture(autouse=True)
def _place_in_the_report() -> None:
    allure.label_limits(target="embedded")


@pytest.mark.parametrize("measurement", _BY_ID)
def test_limit_is_measured(measurement: str, request: pytest.FixtureRequest) -> None:
    """One more is added until it is refused, and the refusal is that of the limit."""
    target = EmbeddedTarget()
    try:
        limit = _BY_ID[measurement].on(target)
    finally:
        target.close()
    request.node.user_properties.append(packed(LIMIT_PROPERTY, limit.as_json()))
    allure.attach_limit(limit)
    assert limit.measured > 0
