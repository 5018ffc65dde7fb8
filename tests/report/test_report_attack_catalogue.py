from __future__ import annotations

import re

from harness.attacks.catalogue import TECHNIQUES
from harness.attacks.entries import LAYERS, Entry, entries
from harness.blueprints.registry import BLUEPRINTS
from harness.exhibits import exhibits
from harness.report.attack_catalogue import render_attack_catalogue, technique_in_words

PAGE = render_attack_catalogue(entries(), TECHNIQUES, exhibits())


def test_every_entry_and_technique_has_its_place_and_every_link_leads_to_one() -> None:
    ids = re.findall(r' id="([^"]+)"', PAGE)
    assert len(ids) == len(set(ids))
    assert {*entries(), *TECHNIQUES, *(f"layer-{layer}" for layer in LAYERS)} <= set(ids)
    assert set(re.findall(r'href="#([^"]+)"', PAGE)) <= set(ids)
    assert "<script" not in PAGE


def test_a_technique_is_told_with_what_it_does_and_where_it_must_leak() -> None:
    words = technique_in_words(TECHNIQUES["dynamodb.read.scan"], exhibits())
    assert "Scan of the whole table" in words
    assert "identity-keyed:ddb-scan-vacuous-forallvalues" in words
    assert "ddb-scan-vacuous-forallvalues" in PAGE


def test_every_technique_is_aimed_at_some_design() -> None:
    assert set(exhibits().aimed_at) == set(TECHNIQUES)
    assert {design for designs in exhibits().aimed_at.values() for design in designs} == set(BLUEPRINTS)


def test_an_entry_that_nothing_shows_says_why_and_hostile_text_stays_text() -> None:
    hostile = Entry(
        id="x-hostile",
        layer="method",
        evidence="D+I",
        weak="<script>alert(1)</script> `<b>`",
        sound="s",
        attack="a",
        when_sound="r",
        when_weak="w",
        sources="o",
        not_exhibited="there is nothing to attack",
    )
    page = render_attack_catalogue({hostile.id: hostile}, {}, exhibits())
    assert "there is nothing to attack" in page
    assert "documented by AWS, inferred from documented rules" in page
    assert "<script" not in page
    assert "<code>&lt;b&gt;</code>" in page
