from __future__ import annotations

from typing import Any

from harness.report.calls import CallCounts

_COUNTED: tuple[dict[str, Any], ...] = (
    {"verdict": 1, "users": [5, 7], "operations": {"s3:GetObject": 1}},
    {"verdict": 4, "users": [], "operations": {"s3:GetObject": 3, "s3:PutObject": 1}},
)


def test_mean_and_maximum_are_those_of_all_verdicts_and_users() -> None:
    counts = CallCounts()
    for counted in _COUNTED:
        counts.add(counted)
    assert counts.as_json() == {
        "per_verdict": {"count": 2, "total": 5, "mean": 2.5, "max": 4},
        "per_user": {"count": 2, "total": 12, "mean": 6.0, "max": 7},
        "by_operation": {"s3:GetObject": 4, "s3:PutObject": 1},
    }


def test_the_counts_of_shards_add_up_to_those_of_the_run() -> None:
    whole, parts = CallCounts(), (CallCounts(), CallCounts())
    for number, counted in enumerate(_COUNTED):
        whole.add(counted)
        parts[number].add(counted)
    assert CallCounts.together(CallCounts.from_json(part.as_json()) for part in parts) == whole


def test_a_run_without_verdicts_has_no_figures() -> None:
    assert CallCounts().as_json() == {"per_verdict": None, "per_user": None, "by_operation": {}}
