"""The proof itself: a hole counts as found only for what was planted, whatever it is called."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.blueprints.difference import changes
from harness.blueprints.edit import also
from harness.blueprints.identity_keyed import IDENTITY_KEYED
from harness.blueprints.policies import allow
from harness.blueprints.registry import BLUEPRINTS
from harness.blueprints.spec import Blueprint, Weakness
from harness.proof import attack_everything, prove_weakness

_EVERY_WEAKNESS = [(blueprint, weakness) for blueprint in BLUEPRINTS.values() for weakness in blueprint.weaknesses]
_ONE_OF_EACH = [(blueprint, blueprint.weaknesses[0]) for blueprint in BLUEPRINTS.values()]


def _ids(cases: list[tuple[Blueprint, Weakness]]) -> list[str]:
    return [f"{blueprint.name}:{weakness.id}" for blueprint, weakness in cases]


@pytest.mark.parametrize(("blueprint", "weakness"), _EVERY_WEAKNESS, ids=_ids(_EVERY_WEAKNESS))
def test_every_weakness_changes_what_is_deployed(blueprint: Blueprint, weakness: Weakness) -> None:
    assert changes(blueprint, weakness.change(blueprint))


def test_a_blueprint_does_not_differ_from_itself() -> None:
    assert changes(IDENTITY_KEYED, replace(IDENTITY_KEYED, title="Another title", weaknesses=())) == ()


def test_a_leak_through_another_statement_than_the_planted_one_does_not_prove_the_weakness() -> None:
    hole = IDENTITY_KEYED.weakness("ddb-leadingkeys-absent-on-one-action")
    already_open = hole.change(IDENTITY_KEYED)
    harmless = Weakness(
        id="harmless",
        title="a statement that opens nothing",
        change=also(("member",), "own-data", allow("Harmless", "dynamodb:ListTables", "*")),
        leaks=hole.leaks,
    )
    proof = prove_weakness(already_open, harmless)
    assert proof.wrong_reason == hole.leaks
    assert not proof.held


@pytest.mark.parametrize(("blueprint", "weakness"), _ONE_OF_EACH, ids=_ids(_ONE_OF_EACH))
def test_renaming_a_weakness_changes_no_verdict(blueprint: Blueprint, weakness: Weakness) -> None:
    renamed = replace(weakness, id="renamed", title="Something else altogether", leaks=(), breaks=())
    as_it_is = [(verdict.attempt.id, verdict.name) for verdict in attack_everything(blueprint, weakness=weakness)]
    assert [
        (verdict.attempt.id, verdict.name) for verdict in attack_everything(blueprint, weakness=renamed)
    ] == as_it_is
