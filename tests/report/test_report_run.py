import pytest
from report_samples import control, expected_leak, inconclusive, isolated, leak, lockout

from harness.report.records import AttemptRecord
from harness.report.run import Summary, exit_status, headline, summarise

READ = ("identity-keyed", "member: dynamodb.read")
WRITE = ("identity-keyed", "member: dynamodb.write")
GONE = expected_leak(id="gone", verdict="ISOLATED", outcome="refused", kind=None)
OPEN = expected_leak(id="open", boundary=WRITE[1])


def _summary(*records: AttemptRecord, declared: tuple[tuple[str, str], ...] = (READ,)) -> Summary:
    return summarise(records, declared)


@pytest.mark.parametrize(
    ("records", "narrowed", "allow_inconclusive", "status"),
    [
        pytest.param([isolated(), control()], False, False, 0, id="all-refused"),
        pytest.param([isolated(), expected_leak(id="x")], False, False, 0, id="expected-leak"),
        pytest.param([isolated(), OPEN], False, False, 0, id="boundary-open-as-declared"),
        pytest.param([isolated(), leak(id="x")], False, False, 1, id="leak"),
        pytest.param([isolated(), lockout()], False, False, 1, id="lockout"),
        pytest.param([isolated(), GONE], False, False, 1, id="expected-leak-gone"),
        pytest.param([isolated(), leak(id="x"), inconclusive(id="y")], True, True, 1, id="leak-is-never-forgiven"),
        pytest.param([isolated(), inconclusive(id="x")], False, False, 6, id="inconclusive"),
        pytest.param([isolated(), inconclusive(id="x")], False, True, 0, id="inconclusive-allowed"),
        pytest.param([isolated(), inconclusive(id="x", boundary=WRITE[1])], False, True, 0, id="unproved-allowed"),
        pytest.param([isolated(), inconclusive(id="x", boundary=WRITE[1])], True, False, 6, id="unproved"),
        pytest.param([inconclusive()], False, True, 6, id="nothing-isolated-is-never-forgiven"),
        pytest.param([expected_leak()], True, True, 6, id="only-expected-leaks"),
        pytest.param([control()], True, False, 6, id="only-controls"),
        pytest.param([isolated(boundary=WRITE[1])], False, False, 6, id="declared-not-attacked"),
        pytest.param([isolated(boundary=WRITE[1])], True, False, 0, id="declared-not-attacked-narrowed"),
        pytest.param([isolated(boundary=WRITE[1])], False, True, 6, id="not-attacked-is-never-forgiven"),
        pytest.param([], False, False, 6, id="empty"),
    ],
)
def test_exit_status(
    records: list[AttemptRecord],
    narrowed: bool,  # noqa: FBT001  # a column of the table above
    allow_inconclusive: bool,  # noqa: FBT001  # a column of the table above
    status: int,
) -> None:
    assert exit_status(_summary(*records), narrowed=narrowed, allow_inconclusive=allow_inconclusive) == status


def test_a_declared_leak_that_stayed_inconclusive_is_not_gone() -> None:
    summary = _summary(isolated(), expected_leak(id="x", verdict="INCONCLUSIVE", outcome="trouble", kind=None))
    assert not summary.vanished_leaks
    assert len(summary.inconclusive) == 1


def test_counts_tell_attacks_from_controls_and_declared_leaks_from_others() -> None:
    summary = _summary(isolated(), leak(id="b"), expected_leak(id="c"), control(), lockout(id="e"))
    assert (summary.attacks, summary.controls) == (3, 2)
    assert summary.counts == {"ISOLATED": 1, "LEAK": 2, "LOCKOUT": 1, "WORKS": 1, "INCONCLUSIVE": 0}
    assert [record.id for record in summary.leaks] == ["b"]
    assert [record.id for record in summary.expected_leaks] == ["c"]


def test_boundaries_are_proved_not_proved_or_not_attacked() -> None:
    third = ("identity-keyed", "member: s3.read")
    summary = _summary(
        isolated(), isolated(id="b", boundary=WRITE[1]), leak(id="c", boundary=WRITE[1]), declared=(third,)
    )
    assert {boundary.name: boundary.status for boundary in summary.boundaries} == {
        READ[1]: "proved",
        WRITE[1]: "not proved",
        third[1]: "not attacked",
    }


def test_a_control_does_not_prove_a_boundary() -> None:
    assert _summary(control()).boundaries[0].status == "not attacked"


def test_reasons_are_counted_and_the_commonest_comes_first() -> None:
    summary = _summary(
        inconclusive(id="a", reason="rare"),
        inconclusive(id="b", reason="common"),
        inconclusive(id="c", reason="common"),
    )
    assert summary.inconclusive_reasons == [("common", 2), ("rare", 1)]


@pytest.mark.parametrize(
    ("records", "sentence"),
    [
        ([isolated()], "The wall stands: 1 attack, all refused."),
        ([isolated(), expected_leak(id="b")], "The wall stands: 2 attacks, 1 refused, 1 expected leak."),
        ([leak(), leak(id="b")], "The wall does not stand: 2 LEAKS in 2 attacks and 0 controls."),
        ([isolated(), lockout()], "The design does not keep its contract: 1 LOCKOUT in 1 attack and 1 control."),
        ([isolated(), inconclusive(id="b")], "Not proved: 2 attacks, 1 refused. 1 attempt stayed INCONCLUSIVE."),
        ([], "Nothing was attacked, so nothing is proved."),
    ],
)
def test_headline(records: list[AttemptRecord], sentence: str) -> None:
    assert headline(_summary(*records), narrowed=False) == sentence


def test_the_headline_of_a_blind_harness_does_not_say_that_the_wall_stands() -> None:
    summary = _summary(isolated())
    assert headline(summary, narrowed=False).startswith("The wall stands")
    assert headline(summary, narrowed=False, holes_missed=2) == (
        "Not proved: 1 attack, 1 refused. 2 planted holes not found by the attacks that had to."
    )


def test_the_headline_of_a_narrowed_run_says_so() -> None:
    assert headline(_summary(isolated()), narrowed=True).endswith("it attacked only a part of the contract.")
