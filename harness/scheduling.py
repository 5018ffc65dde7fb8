"""How the attempts of a run are dealt to its workers: those that rest on the same controls stay together.

Every worker carries out the controls behind its own attacks, and sets up a stage of every design it attacks. Dealt one
by one, the attempts of a technique would be spread over all workers, and each would carry out nearly every control.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xdist.scheduler import LoadScopeScheduling

from harness.gathering import parameter_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    import pytest
    from xdist.remote import Producer
    from xdist.workermanage import WorkerController

    from harness.attacks.attempts import Attempt

# Where there are so many designs to a worker, whole designs are dealt, and hardly one is set up twice.
_DESIGNS_PER_WORKER = 3
_NAMES = "test_tenant_names.py::test_a_name"


class AttemptScheduling(LoadScopeScheduling):  # type: ignore[misc]  # xdist's class is untyped for mypy
    """Deals tests by the group that `group_of` gives to their ids."""

    def __init__(self, config: pytest.Config, log: Producer | None, group_of: Callable[[str], str]) -> None:
        super().__init__(config, log)
        self._group_of = group_of

    def _split_scope(self, nodeid: str) -> str:
        return self._group_of(nodeid)

    def remove_node(self, node: WorkerController) -> str | None:
        """Take back what a worker has left, and return the test at which it died, None where it had none left.

        That test is not tried again: xdist's own way hands it to one worker after the other, and all of them die.
        """
        workload = self.assigned_work.pop(node)
        left: list[str] = [test for unit in workload.values() for test, ended in unit.items() if not ended]
        if not left:
            return None
        for unit in workload.values():
            unit.update({test: True for test in unit if test == left[0]})
        self.workqueue.update({group: unit for group, unit in workload.items() if not all(unit.values())})
        for other in self.assigned_work:
            self._reschedule(other)
        return left[0]

    def _reschedule(self, node: WorkerController) -> None:
        super()._reschedule(node)
        # A worker keeps its last test until it hears what comes after it, and xdist tells it so only when a test has
        # ended: one that takes over a single test from a worker that died would wait for ever.
        if not self.workqueue and not node.shutting_down:
            node.shutdown()


def groups(planned: Iterable[Attempt], workers: int, *, whole_designs: bool = False) -> Callable[[str], str]:
    """Return the function that tells the group of a test by its id.

    Attempts are grouped by design where that is asked for or there are designs enough for the workers, and by technique
    where there are not;
    names that are tried on a design stay together; every other test is a group of its own.
    """
    attempts = {attempt.id: attempt for attempt in planned}
    designs = {attempt.blueprint for attempt in attempts.values()}
    by_design = whole_designs or len(designs) >= _DESIGNS_PER_WORKER * workers

    def group_of(nodeid: str) -> str:
        parameter = parameter_of(nodeid)
        attempt = attempts.get(parameter)
        if attempt is not None:
            return attempt.blueprint if by_design else f"{attempt.blueprint} {attempt.technique.id}"
        if _NAMES in nodeid:
            return f"names {_design_of(parameter, designs)}"
        return nodeid

    return group_of


def in_order_of_designs(tests: Iterable[str], designs: Collection[str]) -> list[str]:
    """Return the ids of tests with those of a design beside each other, and those of none at the end.

    A job that is given a part of the tests (pytest-split) deploys every design of which it has a test, so what is cut
    into parts should be in this order.
    """
    known = sorted(designs)
    order = {design: number for number, design in enumerate(known)}
    return sorted(tests, key=lambda test: order.get(_design_of(parameter_of(test), known), len(order)))


def _design_of(parameter: str, designs: Iterable[str]) -> str:
    # The longest, because the name of one design may begin like another's.
    fitting = (
        design for design in designs if parameter == design or parameter.startswith((f"{design}-", f"{design}:"))
    )
    return max(fitting, key=len, default=parameter)
