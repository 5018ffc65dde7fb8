from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import pytest

from harness.deployment import Resource
from harness.errors import UsageError
from harness.provisioning.ledger import Ledger, LedgerFacts, ledgers, read_ledger

if TYPE_CHECKING:
    from pathlib import Path

_FACTS = LedgerFacts("abc12345", "w1", "d", "localstack", "123456789012", "us-east-1", "2026-11-21T23:00:00Z")
_POOL, _TABLE = Resource("user-pool", "isolation-abc12345-d"), Resource("table", "isolation-abc12345-items")
_MADE = Resource("user-pool", "isolation-abc12345-d", "us-east-1_abcdefghi")


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger.begin(tmp_path, _FACTS)


def test_a_ledger_says_what_is_left_and_where(ledger: Ledger, tmp_path: Path) -> None:
    assert ledgers(tmp_path, "abc12345") == [tmp_path / "deployments" / "abc12345-w1.jsonl"]
    assert ledgers(tmp_path, "abc1234") == []
    ledger.about_to_make(_POOL)
    assert read_ledger(ledger.path).left == [_POOL]
    ledger.made(_MADE)
    ledger.about_to_make(_TABLE)
    recorded = read_ledger(ledger.path)
    assert (recorded.facts, recorded.left) == (_FACTS, [_MADE, _TABLE])
    ledger.not_made(_TABLE)
    assert read_ledger(ledger.path).left == [_MADE]
    ledger.gone(_MADE)
    assert read_ledger(ledger.path).left == []


def test_a_line_is_on_the_disk_when_the_call_goes_out(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[bytes] = []
    monkeypatch.setattr("os.fsync", lambda _: synced.append(ledger.path.read_bytes()))
    ledger.about_to_make(_POOL)
    assert json.loads(synced[-1].splitlines()[-1]) == {"event": "about to make", **asdict(_POOL)}


def test_a_ledger_can_be_read_wherever_it_was_cut_off(ledger: Ledger) -> None:
    ledger.about_to_make(_POOL)
    ledger.made(_MADE)
    whole = ledger.path.read_bytes()
    announced = whole.index(b'{"event": "about to make"')
    made = whole.index(b'{"event": "made"')
    for length in range(len(whole)):
        ledger.path.write_bytes(whole[:length])
        recorded = read_ledger(ledger.path)
        assert recorded.facts == (_FACTS if length >= announced - 1 else None)
        known = [] if length < made - 1 else [_POOL] if length < len(whole) - 1 else [_MADE]
        assert recorded.left == known


def test_what_is_written_after_a_line_that_was_cut_off_stands_on_a_line_of_its_own(ledger: Ledger) -> None:
    ledger.about_to_make(_POOL)
    with ledger.path.open("ab") as file:
        file.write(b'{"event": "ma')
    ledger.gone(_POOL)
    assert read_ledger(ledger.path).left == []


@pytest.mark.parametrize("text", ['{"event": "made", "other": 1}', '{"event": "begun"}', '{"no": "ledger"}'])
def test_another_file_is_no_ledger(tmp_path: Path, text: str) -> None:
    (tmp_path / "x.jsonl").write_text(text + "\n")
    with pytest.raises(UsageError, match="is no ledger"):
        read_ledger(tmp_path / "x.jsonl")
    with pytest.raises(UsageError, match="cannot be read"):
        read_ledger(tmp_path / "none.jsonl")
