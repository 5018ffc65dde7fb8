"""What a verdict is worth on a target that does not enforce what it rests on: nothing, and it says so."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from harness.calibration.needs import needed_by
from harness.verdicts import VerdictName

if TYPE_CHECKING:
    from harness.attacks.technique import Technique
    from harness.blueprints.spec import Blueprint
    from harness.calibration.calibration import Calibration
    from harness.verdicts import Verdict

# What works has been seen to work, and what is inconclusive already says why.
_UNTOUCHED = (VerdictName.WORKS, VerdictName.INCONCLUSIVE)


def qualified(verdict: Verdict, blueprint: Blueprint, calibration: Calibration) -> Verdict:
    """Return the verdict, or INCONCLUSIVE naming the rules that it rests on and that the target does not enforce.

    A refusal there may be an accident and a leak the target's own doing, so LEAK, ISOLATED and LOCKOUT alike go.
    """
    if verdict.name in _UNTOUCHED:
        return verdict
    reason = why_not_judged(blueprint, verdict.attempt.technique, calibration)
    if reason is None:
        return verdict
    told = f"{reason}. It would have been a {verdict.name}: {verdict.reason}"
    return replace(verdict, name=VerdictName.INCONCLUSIVE, kind=None, reason=told)


def why_not_judged(blueprint: Blueprint, technique: Technique, calibration: Calibration) -> str | None:
    """Return why a refusal of the technique would mean nothing on the target, None where it would."""
    missing = calibration.missing(needed_by(blueprint, technique))
    if not missing:
        return None
    named = ", ".join(f"{rule} ({calibration.enforced(rule)})" for rule in missing)
    return f"this target cannot tell: what the verdict rests on was not seen to be enforced here: {named}"
