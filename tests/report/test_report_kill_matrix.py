from __future__ import annotations

import json

import pytest
from report_samples import FACTS, TOKEN, expected_leak, hole

from harness.attacks.catalogue import TECHNIQUES
from harness.planted_holes import PlantedHole, holes_missed
from harness.report.kill_matrix import kill_matrix_document, render_kill_matrix

FAULT = hole(
    subject="fault skip-token-signature on group-roles",
    planted=("identity pools accept a token whatever its signature says",),
    attacked=("token.session.unsigned",),
    must_leak=("token.session.unsigned",),
    leaked=("token.session.unsigned",),
    decided_by={"token.session.unsigned": ""},
)


def test_a_hole_survives_the_way_from_a_worker() -> None:
    there_and_back = PlantedHole.from_json(json.loads(json.dumps(hole().as_json())))
    assert there_and_back == hole()


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"leaked": ()}, "no attack found: dynamodb.read.get-item"),
        (
            {"wrong_reason": ("dynamodb.read.get-item",)},
            "leaked for another reason than what was planted: dynamodb.read.get-item",
        ),
        ({"controls_failed": ("some-control",)}, "controls that changed: some-control"),
        ({"unclear": ("some-attack",)}, "attacks that became unclear: some-attack"),
    ],
)
def test_a_hole_holds_only_when_nothing_is_wrong_with_it(changes: dict[str, object], complaint: str) -> None:
    assert hole().held
    assert not hole(**changes).held
    assert hole(**changes).complaint == complaint
    assert holes_missed([hole(), hole(**changes)]) == 1


def test_a_hole_knows_its_design() -> None:
    assert (hole().design, FAULT.design) == ("identity-keyed", "group-roles")


def test_the_document_says_under_what_each_attack_leaks_and_what_is_not_proved() -> None:
    declared = expected_leak(id="a", technique="sts.session.web-identity-wider-policy", blueprint="web-identity-broker")
    document = kill_matrix_document([declared], [hole(), FAULT], TECHNIQUES)
    leaks_under = {name: technique["leaks_under"] for name, technique in document["techniques"].items()}
    assert leaks_under["dynamodb.read.query"] == ["weakness identity-keyed:no-leading-keys"]
    assert leaks_under["sts.session.web-identity-wider-policy"] == ["declared by web-identity-broker"]
    assert set(document["techniques_not_proved"]) == {name for name, under in leaks_under.items() if not under}
    assert document["holes_not_found"] == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "dynamodb.read.get-item had to leak there, and did"),
        ({}, "dynamodb.read.query leaked there as well"),
        ({"leaked": ()}, "dynamodb.read.get-item had to leak there, and did not"),
        ({"wrong_reason": ("dynamodb.read.get-item",)}, "dynamodb.read.get-item leaked, but not for what was planted"),
        ({"unclear": ("identity-keyed-dynamodb.read.scan-member-t1",)}, "dynamodb.read.scan ended INCONCLUSIVE"),
    ],
)
def test_every_cell_says_what_became_of_the_attack(changes: dict[str, object], words: str) -> None:
    page = render_kill_matrix(FACTS, [], [hole(**changes), FAULT], TECHNIQUES)
    assert f'title="{words}"' in page


def test_a_refused_attack_is_a_dot_whose_meaning_stands_above() -> None:
    page = render_kill_matrix(FACTS, [], [hole()], TECHNIQUES)
    assert page.count("<td>\N{MIDDLE DOT}</td>") == 1
    assert "<li>\N{MIDDLE DOT} was refused</li>" in page


def test_the_page_names_what_was_planted_and_what_let_the_attack_through_and_needs_nothing_else() -> None:
    page = render_kill_matrix(FACTS, [], [hole(planted=(f"<b>{TOKEN}</b>",)), FAULT], TECHNIQUES)
    assert "own-data OwnItems Allow" in page
    assert "2 of 2 planted holes found" in page
    assert TOKEN not in page
    assert "<script" not in page
    assert "<b>" not in page.replace("<body>", "")
    assert "http" not in page
