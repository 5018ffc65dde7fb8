from __future__ import annotations

import pytest

from harness.attacks.catalogue import TECHNIQUES
from harness.attacks.entries import LAYERS, entries
from harness.blueprints.registry import BLUEPRINTS


def _exhibited() -> frozenset[str]:
    of_techniques = {entry for technique in TECHNIQUES.values() for entry in technique.catalogue}
    of_weaknesses = {weakness.entry for blueprint in BLUEPRINTS.values() for weakness in blueprint.weaknesses}
    mistakes = {mistake.id for blueprint in BLUEPRINTS.values() for mistake in blueprint.misconfigurations}
    return frozenset(of_techniques | of_weaknesses | mistakes)


def test_every_layer_has_entries_that_are_complete() -> None:
    assert {entry.layer for entry in entries().values()} == set(LAYERS)
    for entry in entries().values():
        assert all((entry.evidence, entry.weak, entry.sound, entry.attack, entry.when_sound, entry.when_weak))


def test_techniques_and_weaknesses_name_entries_that_there_are() -> None:
    assert sorted(_exhibited() - entries().keys()) == []


@pytest.mark.parametrize("entry_id", entries())
def test_an_entry_is_exhibited_or_says_why_not(entry_id: str) -> None:
    if entries()[entry_id].not_exhibited:
        assert entry_id not in _exhibited(), "it says that nothing exhibits it, and something does"
    else:
        assert entry_id in _exhibited(), "no technique and no weakness exhibits it; plant it, or write not_exhibited"
