from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from harness.marks import Marks, expiry_after, is_run_id, read_expiry


def test_marks_are_two_tags() -> None:
    marks = Marks("abc12345", "2026-11-21T23:00:00Z")
    assert marks.tags == {"isolation:run": "abc12345", "isolation:expires": "2026-11-21T23:00:00Z"}
    assert marks.tag_list[0] == {"Key": "isolation:run", "Value": "abc12345"}


def test_the_expiry_is_in_utc_whatever_the_clock_says() -> None:
    berlin = datetime(2026, 11, 21, 23, 30, tzinfo=timezone(timedelta(hours=1)))
    assert expiry_after(timedelta(minutes=30), berlin) == "2026-11-21T23:00:00Z"
    assert read_expiry("2026-11-21T23:00:00Z") == datetime(2026, 11, 21, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    ["", "soon", "2026-11-21", "2026-11-21T23:00:00", "2026-11-21T23:00:00+00:00", "2026-13-21T23:00:00Z",
     "2026-11-21 23:00:00Z", "2026-11-21T23:00:00Z ", "1795302000", "\uff12026-11-21T23:00:00Z"],
)  # fmt: skip
def test_another_way_of_writing_times_is_not_ours(text: str) -> None:
    assert read_expiry(text) is None
    with pytest.raises(ValueError, match="is no time"):
        Marks("abc12345", text)


@pytest.mark.parametrize("text", ["", "abc", "ABC12345", "abc-1234", "abc12345é", "a" * 21])
def test_not_everything_is_the_id_of_a_run(text: str) -> None:
    assert not is_run_id(text)
    with pytest.raises(ValueError, match="is no id of a run"):
        Marks(text)
