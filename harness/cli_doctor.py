"""The command `harness doctor`: which rules a target enforces, and what that means for verdicts on it."""

from __future__ import annotations

import json
import secrets
import sys
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from harness.attacks.catalogue import TECHNIQUES
from harness.blueprints.registry import BLUEPRINTS
from harness.calibration.bearing import bearing_on
from harness.calibration.calibration import Enforced
from harness.calibration.measuring import measure
from harness.cli_sweep import connection_to
from harness.deployment import Deployment
from harness.errors import UsageError
from harness.marks import IAM_PATH, Marks
from harness.options import SETTLING_SECONDS
from harness.provisioning.destruction import destroy
from harness.targets.embedded import EmbeddedTarget
from harness.targets.operator import make_operator

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.calibration.bearing import Bearing
    from harness.calibration.calibration import Calibration
    from harness.targets.target import Target

_SOMETHING_MISSING = 6
_STYLES = {Enforced.YES: "green", Enforced.NO: "red", Enforced.NOT_AVAILABLE: "yellow", Enforced.UNCLEAR: "yellow"}


@dataclass(frozen=True, slots=True)
class Place:
    """Which target to examine, as the command line says it."""

    target: str
    endpoint_url: str
    region: str
    sandbox: tuple[str, ...] = ()
    settle: float | None = None


def examine(place: Place, *, as_json: bool) -> int:
    """Measure the target, say what was found, and return the exit status: 0 when every rule is enforced, else 6.

    Raises UsageError for a target that does not exist, and TargetError for one that does not answer.
    """
    with _target(place) as target:
        calibration = measure(target)
    bearings = bearing_on(BLUEPRINTS.values(), TECHNIQUES.values(), calibration)
    if as_json:
        document = {**calibration.as_json(), "designs": [bearing.as_json() for bearing in bearings]}
        sys.stdout.write(json.dumps(document, indent=1) + "\n")
    else:
        _show(calibration, bearings)
    return _SOMETHING_MISSING if calibration.missing(calibration.measured) else 0


@contextmanager
def _target(place: Place) -> Iterator[Target]:
    """Let the block use the target that the command line means: this is where targets are made of options."""
    if place.target == "embedded":
        if place.endpoint_url:
            raise UsageError("--endpoint-url is for --target localstack; the embedded target is inside this process")
        embedded = EmbeddedTarget(place.region)
        try:
            yield embedded
        finally:
            embedded.close()
    elif place.target in SETTLING_SECONDS:
        with _remote(place) as remote:
            yield remote
    else:
        raise UsageError(f"--target is embedded, localstack or sandbox, not {place.target}")


@contextmanager
def _remote(place: Place) -> Iterator[Target]:
    """Let the block use a remote target, as a user of its own where only the root user's keys are given."""
    connection = connection_to(place.target, place.endpoint_url, place.region, place.sandbox)
    settle = SETTLING_SECONDS[place.target] if place.settle is None else place.settle
    root = connection.target(settling_seconds=settle)
    if not connection.is_root:
        yield root
        root.close()
        return
    marks = Marks(secrets.token_hex(4))
    made = Deployment("doctor", marks.run_id, place.region, connection.place.account, marks=marks)
    name = made.name_of("operator")
    made.record("iam-user", name)
    try:
        keys = make_operator(root.send_as_operator, name, IAM_PATH, marks.tags)
        arn = f"arn:aws:iam::{made.account}:user{IAM_PATH}{name}"
        target = replace(connection, operator=lambda: keys, operator_arn=arn).target(settling_seconds=settle)
        yield target
        target.close()
    finally:
        for left in destroy(made, root, ()):
            Console(stderr=True).print(f"left behind: {left}", markup=False, highlight=False)
        root.close()


def _show(calibration: Calibration, bearings: list[Bearing]) -> None:
    console = Console(emoji=False, highlight=False)
    rules = Table(box=None, pad_edge=False)
    rules.add_column("rule", no_wrap=True)
    rules.add_column("", no_wrap=True)
    rules.add_column("what AWS does, and what was seen here", overflow="fold")
    for rule, measured in calibration.measured.items():
        said = rule.meaning if measured.enforced is Enforced.YES else f"{rule.meaning}\n{measured.seen}"
        rules.add_row(rule.value, f"[{_STYLES[measured.enforced]}]{measured.enforced}[/]", _plain(said))
    console.print(rules)
    missing = calibration.missing(calibration.measured)
    console.print(
        f"\n{len(calibration.measured) - len(missing)} of {len(calibration.measured)} rules are enforced by the "
        f"{calibration.target} target ({calibration.calls} calls)."
    )
    for left in calibration.left:
        console.print(f"[red]left behind:[/] {_plain(left)}")
    if missing:
        _show_bearings(console, bearings)


def _show_bearings(console: Console, bearings: list[Bearing]) -> None:
    console.print("Techniques that stay INCONCLUSIVE here, because they rest on rules that are not enforced:\n")
    table = Table(box=None, pad_edge=False)
    table.add_column("design", no_wrap=True)
    table.add_column("techniques", justify="right")
    table.add_column("for want of", overflow="fold")
    for bearing in bearings:
        table.add_row(
            bearing.blueprint,
            f"{bearing.inconclusive} of {bearing.techniques}",
            ", ".join(rule.value for rule in bearing.missing),
        )
    console.print(table)


def _plain(text: str) -> str:
    """Return the text as it is, without meaning to the console."""
    return text.replace("[", r"\[")
