"""What a technique is: one way to use an API, declared once, aimed by others."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any, TypeAlias

    from harness.attacks.aim import Aim
    from harness.blueprints.spec import Effect
    from harness.targets.api import ApiRequest
    from harness.targets.target import Capability

    # A request, or what makes one of the answer to the step before.
    Step: TypeAlias = ApiRequest | Callable[[Mapping[str, Any]], ApiRequest]
    Steps: TypeAlias = Callable[[Aim], tuple[Step, ...]]


class Severity(StrEnum):
    """How bad a leak through a technique is, in Allure's words."""

    BLOCKER = "blocker"
    CRITICAL = "critical"
    NORMAL = "normal"
    MINOR = "minor"


class LeakKind(StrEnum):
    """What a leak lets across (design.md, "Vocabulary")."""

    DATA = "data"
    EFFECT = "effect"
    ORACLE = "oracle"
    SESSION = "session"
    PERMISSION = "permission"


class ControlKind(StrEnum):
    """How it is shown that a refusal of this technique means something."""

    OWN = "own"  # the same request, aimed at the caller's own data, is allowed
    WITNESS = "witness"  # the caller's credentials work elsewhere, and the same request works for someone who may


class Victim(StrEnum):
    """Whose assets a technique is aimed at."""

    SOMEBODY = "somebody"
    NOBODY = "nobody"  # a key that belongs to no one, a role, a token that should not exist


@dataclass(frozen=True, slots=True)
class Technique:
    """One way to use an API.

    `steps` maps an aim to the requests to send: the first is the attempt itself, the following ones, sent only when
    it was allowed, fetch what it may have carried off. `control_steps` is what the control sends where turning the
    aim inward is not enough; `operator_steps` what the operator sends as a witness where no user of the design may.
    `actions` are the IAM actions a refusal may name; `refusals` are patterns of the
    messages by which Cognito refuses. `allowed_means` is the kind of leak when the attempt is allowed and nothing
    foreign was seen. `returns_own` tells that getting one's own session back is a sound answer.
    """

    id: str
    title: str
    plane: str
    effect: Effect
    operation: str
    severity: Severity
    documentation: str
    catalogue: tuple[str, ...]
    steps: Steps
    actions: tuple[str, ...] = ()
    refusals: tuple[str, ...] = ()
    control: ControlKind = ControlKind.OWN
    control_steps: Steps | None = None
    operator_steps: Steps | None = None
    victim: Victim = Victim.SOMEBODY
    personas: tuple[str, ...] = ("member", "guest", "admin")
    victim_personas: tuple[str, ...] = ("member", "guest")
    allowed_means: LeakKind = LeakKind.PERMISSION
    needs: frozenset[Capability] = field(default_factory=frozenset)
    cwe: tuple[str, ...] = ("CWE-639",)
    returns_own: bool = False
