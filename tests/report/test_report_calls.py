from __future__ import annotations

from harness.report.calls import CallCounts


def test_mean_and_maximum_are_those_of_all_verdicts_and_users() -> None:
    counts = CallCounts()
    counts.add({"verdict": 1, "users": [5, 7]})
    counts.add({"verdict": 4, "users": []})
    assert counts.as_json() == {
        "per_verdict": {"count": 2, "total": 5, "mean": 2.5, "max": 4},
        "per_user": {"count": 2, "total": 12, "mean": 6.0, "max": 7},
    }


def test_the_counts_of_shards_add_up_to_those_of_the_run() -> None:
    whole, parts = CallCounts(), (CallCounts(), CallCounts())
    for number, counted in enumerate(({"verdict": 1, "users": [5, 7]}, {"verdict": 4, "users": []})):
        whole.add(counted)
        parts[number].add(counted)
    assert CallCounts.together(CallCounts.from_json(part.as_json()) for part in parts) == whole


def test_a_run_without_verdicts_has_no_figures() -> None:
    assert CallCounts().as_json() == {"per_verdict": None, "per_user": None}
