"""Measuring: each site is made, its probes are carried out, and whatever was made is destroyed again."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from harness.calibration.calibration import Calibration, Enforced, Measured
from harness.calibration.carrying_out import Patience, carry_out
from harness.calibration.rules import Rule
from harness.calibration.site import Site
from harness.calibration.sites import SITES
from harness.deployment import Deployment
from harness.errors import HarnessError
from harness.marks import Marks
from harness.population import Population
from harness.provisioning.deploy import deploy_into
from harness.provisioning.destruction import PAUSES, destroy
from harness.secret import Secret
from harness.targets.api import ApiResponse
from harness.targets.target import LONGEST_SETTLING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import TypeAlias

    from harness.calibration.probe import Probe
    from harness.calibration.site import SiteDesign
    from harness.provisioning.ledger import Ledger
    from harness.targets.target import Target

    LedgerOf: TypeAlias = Callable[[str, str], Ledger]

_ROUNDS = 4
# What goes wrong where a target leaves out of an answer what the answer is about.
_STRANGE_ANSWERS = (KeyError, TypeError, ValueError, AttributeError, IndexError)


def measure(
    target: Target, rules: Iterable[Rule] = Rule, *, marks: Marks | None = None, ledger_of: LedgerOf | None = None
) -> Calibration:
    """Return which of the rules the target enforces, each seen by a control and an attack on resources of their own.

    Only the sites at which one of the rules is measured are made. Where the target takes its time to see changes of
    IAM (`settling_seconds`), controls are tried until they work, for four times that long after their site was made.
    Everything that was made is deleted again, also when measuring fails; what could not be is named in the result.
    It bears the marks, by default those of a run of its own, and is written down in the ledger that `ledger_of` gives
    for the id and the name of a site.
    """
    wanted, before = set(rules), target.calls
    borne = marks or Marks(secrets.token_hex(4))
    measured: dict[Rule, Measured] = {}
    left: list[str] = []
    for _ in range(_ROUNDS):
        found, undeleted = _round(target, wanted, borne, ledger_of)
        measured |= found
        left += undeleted
        # An answer that got lost leaves a rule unclear; on a site made anew it may be seen.
        wanted = {rule for rule, each in found.items() if each.enforced is Enforced.UNCLEAR}
        if not wanted or not _loses_answers(target):
            break
    ordered = {rule: measured[rule] for rule in Rule if rule in measured}
    return Calibration(target.name, ordered, target.calls - before, tuple(left))


def _loses_answers(target: Target) -> bool:
    """Tell whether answers can get lost between here and the target."""
    return target.disturbance_of(ApiResponse(0, {}, "", "ConnectionClosedError")) is not None


def _round(
    target: Target, wanted: set[Rule], borne: Marks, ledger_of: LedgerOf | None
) -> tuple[dict[Rule, Measured], list[str]]:
    """Return what was found of the rules on sites made for it, and what of the sites could not be deleted."""
    measured: dict[Rule, Measured] = {}
    left: list[str] = []
    for design in SITES:
        probes = tuple(probe for probe in design.probes if probe.rule in wanted)
        if not probes:
            continue
        # Ten characters, because names of buckets are short.
        site_id = borne.run_id + secrets.token_hex(1)
        name = design.blueprint.name
        ledger = None if ledger_of is None else ledger_of(site_id, name)
        deployment = Deployment(name, site_id, target.region, target.account, marks=borne, ledger=ledger)
        try:
            measured |= {each.rule: each for each in _found(target, design, probes, deployment)}
        finally:
            pauses = PAUSES if target.settling_seconds else ()
            left += [str(resource) for resource in destroy(deployment, target, pauses)]
    return measured, left


def _found(target: Target, design: SiteDesign, probes: tuple[Probe, ...], deployment: Deployment) -> list[Measured]:
    secret = Secret(secrets.token_hex(12))
    try:
        deploy_into(deployment, design.blueprint, target, Population(0, secret, (), ()))
        site = Site(target, design.blueprint, deployment, secret)
        design.furnish(site)
    except HarnessError as error:
        return [Measured(probe.rule, Enforced.NOT_AVAILABLE, f"the set-up was refused: {error}") for probe in probes]
    except _STRANGE_ANSWERS as error:
        seen = f"an answer to the set-up lacks what AWS puts there ({type(error).__name__}: {error})"
        return [Measured(probe.rule, Enforced.NOT_AVAILABLE, seen) for probe in probes]
    patience = Patience(target.settling_seconds * LONGEST_SETTLING)
    return [carry_out(probe, site, patience) for probe in probes]
