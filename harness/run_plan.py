"""What a run on a remote target will make and call, found out by making it all on the embedded target first."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from harness.provisioning.destruction import destroy
from harness.remote_run import twin_of
from harness.service_quotas import quotas_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from harness.run import Run

# What an answer of AWS takes on the average, functions that start cold included.
_SECONDS_PER_CALL = 0.1


@dataclass(frozen=True)
class DesignPlan:
    """What one design takes: resources by kind, users, attempts, and calls by `service:Operation`."""

    blueprint: str
    resources: Mapping[str, int]
    users: int
    attempts: int
    calls: Counter[str]


@dataclass(frozen=True)
class RunPlan:
    """What a whole run takes at most. `settle` are the seconds that each design waits until its policies are seen."""

    designs: tuple[DesignPlan, ...]
    settle: float
    workers: int
    share_of_rates: float
    region: str
    calls: Counter[str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "calls", sum((design.calls for design in self.designs), Counter()))

    @property
    def requests(self) -> int:
        """Return how many requests that is in all."""
        return self.calls.total()

    @property
    def by_service(self) -> dict[str, int]:
        """Return the requests by service, the most first."""
        counted: Counter[str] = Counter()
        for operation, calls in self.calls.items():
            counted[operation.partition(":")[0]] += calls
        return dict(counted.most_common())

    @property
    def minutes(self) -> float:
        """Return how long the run may take: what calls and waiting take by each process, or AWS's rates in all."""
        working = self.requests * _SECONDS_PER_CALL + self.settle * len(self.designs)
        families: Counter[tuple[tuple[str, ...], float]] = Counter()
        for operation, calls in self.calls.items():
            service, _, name = operation.partition(":")
            for quota in quotas_of(service, name, self.region, None):
                families[quota.key, quota.rate] += calls
        paced = max((calls / (rate * self.share_of_rates) for (_, rate), calls in families.items()), default=0.0)
        return max(working / min(self.workers, max(1, len(self.designs))), paced) / 60


def plan_run(run: Run, *, share_of_rates: float) -> RunPlan:
    """Return the plan of a run on a remote target; takes as long as the run would on the embedded one."""
    settle = 0.0 if run.options.remote is None else run.options.remote.settle
    designs = tuple(_design_plans(run))
    return RunPlan(designs, settle, run.workers, share_of_rates, run.options.region)


def _design_plans(run: Run) -> Iterator[DesignPlan]:
    options = run.options
    for blueprint in options.blueprints:
        planned = [attempt for attempt in run.planned if attempt.blueprint == blueprint.name]
        if not planned:
            continue
        stage = twin_of(options, blueprint, planned)
        for attempt in planned:
            stage.judge(attempt)
        resources = Counter(resource.kind for resource in stage.deployment.resources)
        destroy(stage.deployment, stage.target)
        calls = Counter(stage.target.log.by_operation())
        stage.close()
        yield DesignPlan(blueprint.name, resources, len(stage.population.users), len(planned), calls)


def plan_lines(plan: RunPlan) -> list[str]:
    """Return the plan as lines for a terminal."""
    lines = ["isolation: this run will make and call, at most:"]
    for design in plan.designs:
        made = ", ".join(
            f"{count} {kind}{'s' if count > 1 else ''}" for kind, count in sorted(design.resources.items())
        )
        lines.append(
            f"  {design.blueprint}: {made}, {design.users} users; {design.attempts} attempts, "
            f"{design.calls.total()} requests"
        )
    requests = ", ".join(f"{service} {calls}" for service, calls in plan.by_service.items())
    lines.append(f"  in all {plan.requests} requests ({requests}), about {max(1, round(plan.minutes))} minutes")
    return lines
