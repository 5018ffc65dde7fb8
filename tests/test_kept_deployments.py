"""What runs have left on purpose, and when it must not be taken up: its verdicts would be on something else."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from harness.blueprints.order_book import ORDER_BOOK
from harness.deployment import Deployment
from harness.errors import UsageError
from harness.kept_deployments import KeptDeployments
from harness.options import OPTIONS, check_options
from harness.targets.remote import Place

if TYPE_CHECKING:
    from pathlib import Path

    from harness.options import RunOptions

_RUN = "0badc0de"
_PLACE = Place("localstack", "us-east-1", "000000000000", "http://localhost:4566")


@pytest.fixture
def options(tmp_path: Path) -> RunOptions:
    values = {option.name: [] if option.repeatable else option.default for option in OPTIONS}
    return check_options({**values, "target": "localstack", "blueprint": ["order-book"], "reports": str(tmp_path)})


@pytest.fixture
def kept(options: RunOptions) -> KeptDeployments:
    deployments = KeptDeployments.of(options)
    deployments.folder.mkdir()
    deployments.keep(_RUN, Deployment("order-book", _RUN, "us-east-1", _PLACE.account), options, _PLACE)
    return deployments


def test_a_deployment_is_taken_up_as_it_was_left(kept: KeptDeployments, options: RunOptions) -> None:
    assert kept.take_up(_RUN, "order-book", options, _PLACE).run_id == _RUN


def test_a_design_that_was_changed_since_is_not_taken_up(kept: KeptDeployments, options: RunOptions) -> None:
    opened = tuple(replace(role, policies={}) for role in ORDER_BOOK.roles)
    changed = replace(options, blueprints=(replace(ORDER_BOOK, roles=opened),))
    with pytest.raises(UsageError, match="with the design as it was"):
        kept.take_up(_RUN, "order-book", changed, _PLACE)


@pytest.mark.parametrize(
    "elsewhere",
    [replace(_PLACE, account="111111111111"), replace(_PLACE, endpoint="http://localhost:4567")],
    ids=["account", "endpoint"],
)
def test_what_stands_elsewhere_is_not_taken_up(kept: KeptDeployments, options: RunOptions, elsewhere: Place) -> None:
    with pytest.raises(UsageError, match="has made order-book with"):
        kept.take_up(_RUN, "order-book", options, elsewhere)
