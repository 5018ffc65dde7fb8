from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from accounts import RUN, inventory, make_one_of_each
from look_alikes import make_look_alikes

from harness.cli_sweep import sweep, swept
from harness.deployment import Deployment
from harness.marks import Marks
from harness.provisioning.kinds.registry import KINDS
from harness.sweep import Trace, delete_all, search
from harness.targets.api import ApiResponse
from harness.targets.embedded import EmbeddedTarget

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.targets.api import ApiRequest

_EXPIRY = "2026-11-21T23:00:00Z"
_BEFORE, _AFTER = (datetime(2026, 11, 21, hour, 59, 59, tzinfo=UTC) for hour in (22, 23))
_AT = datetime(2026, 11, 21, 23, tzinfo=UTC)


@pytest.fixture
def target() -> Iterator[EmbeddedTarget]:
    target = EmbeddedTarget()
    yield target
    target.close()


def _leave(target: EmbeddedTarget, run: str = RUN, stage: str = RUN) -> None:
    deployment = Deployment("left", stage, target.region, target.account, marks=Marks(run, _EXPIRY))
    make_one_of_each(target, deployment)


def _of(target: EmbeddedTarget, run: str) -> int:
    return sum(tags.get("isolation:run") == run for tags in inventory(target).values())


def test_what_is_ours_may_go_once_it_has_expired(target: EmbeddedTarget) -> None:
    _leave(target)
    for now, reason in ((_BEFORE, "has not expired"), (_AT, ""), (_AFTER, "")):
        found = [trace for trace in search(target, now).traces if trace.run == RUN]
        assert {trace.kind for trace in found} == set(KINDS)
        assert all(trace.ours and trace.expired is not bool(reason) and trace.reason == reason for trace in found)
    before = inventory(target)
    assert delete_all(target, search(target, _BEFORE).traces, pauses=()) == []
    assert inventory(target) == before
    assert delete_all(target, search(target, _AT).traces, pauses=()) == []
    assert _of(target, RUN) == 0
    assert delete_all(target, search(target, _AT).traces, pauses=()) == []


def test_one_run_may_go_before_it_has_expired_and_no_other(target: EmbeddedTarget) -> None:
    _leave(target)
    _leave(target, "other123", "other12301")
    found = search(target, _BEFORE, RUN).traces
    assert {trace.run for trace in found} == {RUN}
    assert delete_all(target, found, pauses=()) == []
    assert (_of(target, RUN), _of(target, "other123")) == (0, len(KINDS))


def test_what_only_looks_like_ours_is_never_touched(target: EmbeddedTarget) -> None:
    make_look_alikes(target, 300)
    before = inventory(target)
    _leave(target)
    found = search(target, _AFTER)
    stays = [trace for trace in found.traces if not trace.may_go]
    assert all(trace.reason for trace in stays)
    assert len(found.traces) - len(stays) == len(KINDS)
    assert delete_all(target, found.traces, pauses=()) == []
    assert inventory(target) == before


@pytest.mark.parametrize(
    ("look", "reason"),
    [
        ("isolation-0ther123-role-", "it has no tag isolation:run; it has no tag isolation:expires"),
        ("billing-role-", "its name is not isolation-RUN-..."),
        ("isolation-fedcba98-role-", "its name is not that of the run in its tag isolation:run"),
    ],
)
def test_what_looks_like_ours_is_listed_with_what_it_lacks(target: EmbeddedTarget, look: str, reason: str) -> None:
    make_look_alikes(target, 1)
    assert reason in {trace.reason for trace in search(target, _AFTER).traces if trace.name.startswith(look)}


def test_who_sweeps_stays(target: EmbeddedTarget) -> None:
    (operator,) = search(target, datetime(2999, 1, 1, tzinfo=UTC)).traces
    assert (operator.name, operator.may_go) == ("isolation-operator", False)
    assert operator.reason.endswith("it is who sweeps")


class _Partly:
    """A target that does not let anybody list functions, nor delete tables."""

    def __init__(self, target: EmbeddedTarget) -> None:
        self._target = target

    def __getattr__(self, name: str) -> Any:
        return getattr(self._target, name)

    def send_as_operator(self, request: ApiRequest) -> ApiResponse:
        if request.operation in ("ListFunctions", "DeleteTable"):
            return ApiResponse(403, {}, "r", "AccessDeniedException", "no")
        return self._target.send_as_operator(request)


def test_what_cannot_be_seen_or_deleted_is_said(target: EmbeddedTarget, capsys: pytest.CaptureFixture[str]) -> None:
    _leave(target)
    partly: Any = _Partly(target)
    assert swept(partly, _AFTER, delete=True, as_json=False) == 1
    said = capsys.readouterr().out
    assert "function: could not be looked through: lambda:ListFunctions on the embedded target failed with" in said
    assert "could not be deleted: dynamodb:DeleteTable on the embedded target failed with AccessDenied" in said
    assert said.splitlines()[-1] == "10 found, 8 deleted, 2 left."
    assert swept(target, _AFTER, delete=True, as_json=False) == 0


def test_the_table_and_the_json_say_the_same(target: EmbeddedTarget, capsys: pytest.CaptureFixture[str]) -> None:
    _leave(target)
    assert swept(target, _AFTER, delete=False, as_json=True) == 0
    told = json.loads(capsys.readouterr().out)
    assert {(each["kind"], each["became"]) for each in told["found"] if each["ours"]} == {
        (kind, "may go") for kind in KINDS
    }
    assert told["not_seen"] == {}
    assert swept(target, _AFTER, delete=False, as_json=False) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split() for line in lines if line.startswith("table")] == [
        ["table", f"isolation-{RUN}-table", RUN, _EXPIRY, "may", "go"]
    ]
    assert lines[-1] == "11 found, 10 may go: add --delete."


@pytest.mark.parametrize(
    ("target", "run", "said"),
    [
        ("embedded", "", "--target embedded cannot be swept: name localstack or sandbox"),
        ("localstack", "My Run", "--run My Run is no id of a run: those are 8 to 20 lower-case letters and digits"),
        ("sandbox", "", "no account may be attacked in us-east-1 (the list is empty)"),
    ],
)
def test_wrong_usage_is_one_sentence(capsys: pytest.CaptureFixture[str], target: str, run: str, said: str) -> None:
    assert sweep(target, "http://127.0.0.1:9", "us-east-1", (), run, delete=True, as_json=False) == 4
    assert f"harness sweep: {said}" in capsys.readouterr().err


def test_a_trace_that_lacks_nothing_may_go() -> None:
    trace = Trace("table", "isolation-abc12345-t", "isolation-abc12345-t")
    assert (trace.may_go, replace(trace, reason="it is who sweeps").may_go) == (True, False)
