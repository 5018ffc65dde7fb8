"""What a probe is: one rule with requests that must work and requests that must be refused, declared once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.outcome import Observation, Outcome, observe

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from harness.calibration.rules import Rule
    from harness.calibration.site import Site
    from harness.targets.api import ApiRequest, ApiResponse, AwsCredentials
    from harness.targets.http import RouteCall

    Caller: TypeAlias = Callable[[Site], AwsCredentials | None]
    Asked: TypeAlias = Callable[[Site], ApiRequest | RouteCall]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request by one caller, and the words in which a refusal of it is one.

    `by` answers with the credentials to sign with, None for calls that take no signature. `actions` are the IAM actions
    that a refusal may name, `refusals` patterns of the messages by which Cognito refuses, `codes` error codes that
    are a refusal by themselves. `passes` are patterns of `Code: message` that are met only behind authorization.
    `reads` says of the answer whether it is a refusal, where success and failure do not tell.
    """

    by: Caller
    asks: Asked
    actions: tuple[str, ...] = ()
    refusals: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    passes: tuple[str, ...] = ()
    operation: str = "the request"
    reads: Callable[[ApiResponse], Outcome | None] | None = None

    def read(self, request: ApiRequest | RouteCall, answer: ApiResponse) -> Observation:
        """Return what the answer means, read as the answers to attacks are."""
        if answer.error_code is not None and answer.error_code in self.codes:
            return Observation(Outcome.REFUSED, f"{answer.error_code}: {answer.message}")
        return observe(self, request.service, answer, control=False)


@dataclass(frozen=True, slots=True)
class Probe:
    """How one rule is measured: every control must be allowed, and then every attack refused."""

    rule: Rule
    controls: tuple[Call, ...]
    attacks: tuple[Call, ...]
