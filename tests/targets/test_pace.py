"""Requests keep below AWS's rates (aws-semantics 4.6)."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from harness.service_quotas import quotas_of
from harness.targets.pace import Pace

_CALLS = (
    ("cognito-identity", "GetId"),
    ("cognito-idp", "CreateGroup"),
    ("cognito-idp", "InitiateAuth"),
    ("iam", "GetRole"),
)


class Time:
    """A clock that sleeping moves on."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.now += seconds


@given(
    st.lists(st.tuples(st.sampled_from(_CALLS), st.sampled_from(["one", "other", None])), max_size=60),
    st.sampled_from([1.0, 0.8, 0.2]),
)
def test_no_quota_is_exceeded_in_any_second(calls: list[tuple[tuple[str, str], str | None]], share: float) -> None:
    time = Time()
    pace = Pace(share, clock=time, sleep=time.sleep)
    sent: dict[tuple[str, ...], list[float]] = {}
    for (service, operation), pool in calls:
        pace.wait(service, operation, "eu-west-1", pool)
        for quota in quotas_of(service, operation, "eu-west-1", pool):
            times = sent.setdefault(quota.key, [])
            times.append(time.now)
            within = [moment for moment in times if moment > time.now - 1 + 1e-9]
            assert len(within) <= max(1, quota.rate * share) + 1


def test_what_has_no_known_rate_goes_at_once() -> None:
    time = Time()
    pace = Pace(0.1, clock=time, sleep=time.sleep)
    for _ in range(50):
        pace.wait("lambda", "GetFunction", "eu-west-1", None)
    assert time.now == 0
