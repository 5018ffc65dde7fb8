"""The catalogue of attacks as a page: what can go wrong, how it is mended, how it is tried, and where it is planted."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from harness.attacks.entries import LAYERS, sources
from harness.report.markup import STYLE, text, with_code

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from harness.attacks.entries import Entry
    from harness.attacks.technique import Technique
    from harness.exhibits import Exhibits

ATTACKS: Final = "attacks.html"
_EVIDENCE: Final = {
    "D": "documented by AWS",
    "R": "public research or an issue",
    "I": "inferred from documented rules",
}
_PAGE_STYLE: Final = """
h1{font-size:1.5rem;margin:0 0 .75rem}
h2{font-size:1.25rem;margin:2.5rem 0 .5rem;padding-top:.5rem;border-top:1px solid var(--line)}
h3{font-size:1rem;margin:1.5rem 0 .25rem}h3 code{font-size:1rem}
dl{display:grid;grid-template-columns:minmax(6rem,max-content) 1fr;gap:.15rem 1rem;margin:.3rem 0 1rem}
dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}
:target{outline:3px solid var(--link);outline-offset:2px}nav ul{columns:3 14rem;padding-left:1.2rem}
@media (max-width:40rem){dl{display:block}dd{margin:0 0 .4rem}}
"""


def render_attack_catalogue(
    entries: Mapping[str, Entry], techniques: Mapping[str, Technique], exhibits: Exhibits
) -> str:
    """Return the page: the entries layer by layer, then the techniques; every name is a link to its place."""
    covering: dict[str, list[str]] = {}
    for technique in techniques.values():
        for entry in technique.catalogue:
            covering.setdefault(entry, []).append(technique.id)
    layers = "".join(_layer(layer, entries.values(), covering, exhibits) for layer in LAYERS)
    by_plane = Counter(technique.plane for technique in techniques.values())
    planes = "".join(
        f'<h2 id="plane-{text(plane)}">Techniques: {text(plane)} ({number})</h2>'
        + "".join(_technique(each, exhibits) for each in techniques.values() if each.plane == plane)
        for plane, number in by_plane.items()
    )
    contents = "".join(f'<li><a href="#layer-{layer}">{text(name)}</a></li>' for layer, name in LAYERS.items())
    contents += "".join(f'<li><a href="#plane-{text(plane)}">techniques: {text(plane)}</a></li>' for plane in by_plane)
    contents += '<li><a href="#sources">names of sources</a></li>'
    shown = sum(not entry.not_exhibited for entry in entries.values())
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Attack catalogue</title><style>{STYLE}{_PAGE_STYLE}</style></head>\n"
        f"<body><h1>Attack catalogue</h1><p>{len(entries)} entries, of which {shown} are shown by techniques and "
        f"planted weaknesses and the others say why not; {len(techniques)} techniques. Made from the code.</p>"
        f"<nav><ul>{contents}</ul></nav>{layers}{planes}{_sources()}</body></html>\n"
    )


def technique_in_words(technique: Technique, exhibits: Exhibits) -> str:
    """Return what the page says of a technique as lines for a terminal."""
    facts = {
        "operation": technique.operation,
        "severity": technique.severity.value,
        "weakness": ", ".join(technique.cwe),
        "entries": ", ".join(technique.catalogue),
        "needs": ", ".join(sorted(feature.value for feature in technique.requires)),
        "aimed at": ", ".join(exhibits.aimed_at.get(technique.id, ())),
        "must leak under": ", ".join(exhibits.leaks_under.get(technique.id, ())),
        "documentation": technique.documentation,
    }
    lines = [f"  {name + ':':17}{value}" for name, value in facts.items() if value]
    return "\n".join([technique.id, f"  {technique.title}", *lines])


def _layer(layer: str, entries: Iterable[Entry], covering: Mapping[str, Iterable[str]], exhibits: Exhibits) -> str:
    own = [entry for entry in entries if entry.layer == layer]
    return f'<h2 id="layer-{layer}">{text(LAYERS[layer])} ({len(own)})</h2>' + "".join(
        _entry(entry, covering.get(entry.id, ()), exhibits) for entry in own
    )


def _entry(entry: Entry, techniques: Iterable[str], exhibits: Exhibits) -> str:
    evidence = ", ".join(_EVIDENCE[letter] for letter in entry.evidence.split("+"))
    return f'<h3 id="{text(entry.id)}"><code>{text(entry.id)}</code></h3>' + _facts(
        {
            "Weak": with_code(entry.weak),
            "Sound": with_code(entry.sound),
            "Attack": with_code(entry.attack),
            "Sound answer": with_code(entry.when_sound),
            "Weak answer": with_code(entry.when_weak),
            "Tried by": _links(techniques),
            "Planted in": _codes(exhibits.planted.get(entry.id, ())),
            "Not shown": text(entry.not_exhibited),
            "Evidence": text(evidence),
            "Sources": with_code(entry.sources),
        }
    )


def _technique(technique: Technique, exhibits: Exhibits) -> str:
    address = text(technique.documentation)
    return f'<h3 id="{text(technique.id)}"><code>{text(technique.id)}</code></h3>' + _facts(
        {
            "What it does": text(technique.title),
            "Operation": _codes([technique.operation]),
            "Severity": text(technique.severity.value),
            "Weakness": text(", ".join(technique.cwe)),
            "Entries": _links(technique.catalogue),
            "Needs": text(", ".join(sorted(feature.value for feature in technique.requires))),
            "Aimed at": text(", ".join(exhibits.aimed_at.get(technique.id, ()))),
            "Must leak under": _codes(exhibits.leaks_under.get(technique.id, ())),
            "Documentation": f'<a href="{address}">{address}</a>',
        }
    )


def _sources() -> str:
    named = {text(names): with_code(said) for names, said in sources().items()}
    return '<h2 id="sources">What the names of sources stand for</h2>' + _facts(named)


def _facts(facts: Mapping[str, str]) -> str:
    return "<dl>" + "".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in facts.items() if value) + "</dl>"


def _links(ids: Iterable[str]) -> str:
    return ", ".join(f'<a href="#{text(each)}"><code>{text(each)}</code></a>' for each in ids)


def _codes(names: Iterable[str]) -> str:
    return ", ".join(f"<code>{text(name)}</code>" for name in names)
