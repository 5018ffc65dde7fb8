"""What a whole run says: its facts, its counts, which boundaries it proved and the exit status that follows."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal, Self

from harness.report.completeness import Completeness
from harness.report.records import VERDICTS, AttemptRecord, Verdict, in_order

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

BoundaryStatus = Literal["proved", "not proved", "not attacked"]

# How the headline of a run opens that shows no gap.
WALL_STANDS: Final = "The wall stands"

EXIT_AS_THE_CONTRACT_SAYS: Final = 0
EXIT_LEAKS_OR_LOCKOUTS: Final = 1
EXIT_NOT_PROVED: Final = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFacts:
    """Where and with what a run was made, so that a reader can judge it and repeat it.

    `alias` and `endpoint` are those of a remote target; `not_attempted` are the techniques that need what no target of
    that kind can do.
    """

    target: str
    region: str
    account: str
    seed: int
    tenants: int
    pairs: str
    blueprints: tuple[str, ...]
    started: str
    narrowed: bool = False
    enforcement: str | None = None
    faults: tuple[str, ...] = ()
    weaknesses: tuple[str, ...] = ()
    versions: Mapping[str, str] = field(default_factory=dict)
    blueprint_files: Mapping[str, str] = field(default_factory=dict)
    alias: str = ""
    endpoint: str = ""
    not_attempted: tuple[str, ...] = ()

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """Return the facts that `as_json` wrote; a TypeError names what is missing or unknown."""
        values: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in document.items()
        }
        return cls(**values)

    def as_json(self) -> dict[str, Any]:
        """Return the facts as plain JSON, lists for tuples."""
        document = asdict(self)
        return {name: list(value) if isinstance(value, tuple) else value for name, value in document.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Boundary:
    """One boundary of one blueprint's contract and how the attacks on it ended."""

    blueprint: str
    name: str
    declared: bool
    attacks: int
    isolated: int
    leaks: int
    expected_leaks: int
    inconclusive: int

    @property
    def status(self) -> BoundaryStatus:
        """`proved` takes at least one ISOLATED attack and no leak that the blueprint does not declare."""
        if not self.attacks:
            return "not attacked"
        return "proved" if self.isolated and not self.leaks else "not proved"

    @property
    def open_as_declared(self) -> bool:
        """True where every attack leaked and the blueprint says, with its reason, that it does: a known gap."""
        return 0 < self.attacks == self.expected_leaks

    def as_json(self) -> dict[str, Any]:
        """Return the boundary with its status as plain JSON."""
        return {**asdict(self), "status": self.status, "open_as_declared": self.open_as_declared}


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The records of a run sorted into what a reader asks about.

    `differing` are the attempts that the target judged otherwise than the policy engine.
    """

    attacks: int
    controls: int
    counts: Mapping[Verdict, int]
    leaks: tuple[AttemptRecord, ...]
    expected_leaks: tuple[AttemptRecord, ...]
    vanished_leaks: tuple[AttemptRecord, ...]
    lockouts: tuple[AttemptRecord, ...]
    inconclusive: tuple[AttemptRecord, ...]
    boundaries: tuple[Boundary, ...]
    differing: tuple[AttemptRecord, ...] = ()
    completeness: Completeness = field(default_factory=Completeness)

    @property
    def failed(self) -> bool:
        """True when something contradicts the contract: a leak, a lockout, or a declared leak that is gone."""
        return bool(self.leaks or self.vanished_leaks or self.lockouts)

    @property
    def inconclusive_reasons(self) -> list[tuple[str, int]]:
        """Each reason for which attempts stayed INCONCLUSIVE with its number of attempts, the commonest first."""
        counted = Counter(record.reason for record in self.inconclusive)
        return sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))

    def boundaries_that_are(self, status: BoundaryStatus) -> tuple[Boundary, ...]:
        """Return the boundaries with that status, in the order of blueprint and name."""
        return tuple(boundary for boundary in self.boundaries if boundary.status == status)


def summarise(
    records: Iterable[AttemptRecord],
    declared_boundaries: Iterable[tuple[str, str]] = (),
    completeness: Completeness | None = None,
) -> Summary:
    """Return the counts and boundaries of a run; `declared_boundaries` are (blueprint, boundary) of the contracts.

    Without `completeness` the run is taken to have come to its end.
    """
    ordered = in_order(records)
    declared = set(declared_boundaries)
    attacks = [record for record in ordered if not record.control]
    by_boundary: dict[tuple[str, str], list[AttemptRecord]] = {name: [] for name in declared}
    for record in attacks:
        by_boundary.setdefault((record.blueprint, record.boundary), []).append(record)
    counted = Counter(record.verdict for record in ordered)
    return Summary(
        attacks=len(attacks),
        controls=len(ordered) - len(attacks),
        counts={verdict: counted[verdict] for verdict in VERDICTS},
        leaks=tuple(record for record in ordered if record.verdict == "LEAK" and not record.leak_was_declared),
        expected_leaks=tuple(record for record in ordered if record.verdict == "LEAK" and record.leak_was_declared),
        vanished_leaks=tuple(
            record
            for record in ordered
            # An INCONCLUSIVE attempt says nothing about the declared leak, so the leak is not gone.
            if record.leak_was_declared and record.verdict not in {"LEAK", "INCONCLUSIVE"}
        ),
        lockouts=tuple(record for record in ordered if record.verdict == "LOCKOUT"),
        inconclusive=tuple(record for record in ordered if record.verdict == "INCONCLUSIVE"),
        boundaries=tuple(_boundary(name, by_boundary[name], declared=name in declared) for name in sorted(by_boundary)),
        differing=tuple(record for record in ordered if record.model_differs),
        completeness=completeness or Completeness(),
    )


def _boundary(name: tuple[str, str], attacks: list[AttemptRecord], *, declared: bool) -> Boundary:
    leaked = [record for record in attacks if record.verdict == "LEAK"]
    expected = sum(record.leak_was_declared for record in leaked)
    return Boundary(
        blueprint=name[0],
        name=name[1],
        declared=declared,
        attacks=len(attacks),
        isolated=sum(record.verdict == "ISOLATED" for record in attacks),
        leaks=len(leaked) - expected,
        expected_leaks=expected,
        inconclusive=sum(record.verdict == "INCONCLUSIVE" for record in attacks),
    )


def alike(records: Iterable[AttemptRecord]) -> list[tuple[AttemptRecord, ...]]:
    """Return the records grouped by the hole they went through, however many pairs of tenants it opens."""
    groups: dict[tuple[object, ...], list[AttemptRecord]] = {}
    for record in records:
        design = (record.blueprint, record.weakness, record.fault)
        how = (record.technique, record.verdict, record.kind, record.expected_leak, record.deciding_statement)
        groups.setdefault((design, how), []).append(record)
    return [tuple(group) for group in groups.values()]


def exit_status(summary: Summary, *, narrowed: bool, allow_inconclusive: bool) -> int:
    """Return 1 when the contract is contradicted, 6 when nothing failed but not everything was proved, else 0.

    `allow_inconclusive` forgives INCONCLUSIVE attempts and the boundaries that stay unproved because of them. It does
    not forgive a boundary that nothing attacked, nor a run in which nothing at all was ISOLATED: such a run would be
    green without having shown anything. Nor does it forgive a run that did not come to its end.
    """
    if summary.failed:
        return EXIT_LEAKS_OR_LOCKOUTS
    return EXIT_NOT_PROVED if reasons_not_proved(summary, narrowed=narrowed, forgive=allow_inconclusive) else 0


def reasons_not_proved(summary: Summary, *, narrowed: bool, forgive: bool = False) -> list[str]:
    """Return one sentence for each thing that keeps a run without failures from being a proof."""
    reasons = list(summary.completeness.reasons)
    ran = summary.attacks + summary.controls
    if ran and not summary.counts["ISOLATED"]:
        reasons.append("No attack at all was judged ISOLATED.")
    if summary.inconclusive and not forgive:
        reasons.append(f"{_count(len(summary.inconclusive), 'attempt')} stayed INCONCLUSIVE.")
    unproved = [
        boundary
        for boundary in summary.boundaries_that_are("not proved")
        # What the blueprint declares open cannot be proved closed; it is shown as a leak, and does not fail the run.
        if not boundary.isolated and not boundary.open_as_declared and not (forgive and boundary.inconclusive)
    ]
    if unproved:
        reasons.append(f"{_count(len(unproved), 'boundary')} attacked without a single ISOLATED.")
    missed = [boundary for boundary in summary.boundaries_that_are("not attacked") if boundary.declared]
    if missed and not narrowed:
        reasons.append(f"{_count(len(missed), 'declared boundary')} not attacked.")
    return reasons


def headline(summary: Summary, *, narrowed: bool, holes_missed: int = 0) -> str:
    """Return the sentence that says whether the wall is standing.

    `holes_missed` is the number of planted holes that the attacks did not find: a harness that is blind to them must
    not say that a wall stands.
    """
    attacks = _count(summary.attacks, "attack")
    if summary.failed:
        found = [
            _count(len(summary.leaks), "LEAK") if summary.leaks else "",
            _count(len(summary.lockouts), "LOCKOUT") if summary.lockouts else "",
            _count(len(summary.vanished_leaks), "expected leak") + " gone" if summary.vanished_leaks else "",
        ]
        words = ", ".join(word for word in found if word)
        standing = "The wall does not stand" if summary.leaks else "The design does not keep its contract"
        sentence = f"{standing}: {words} in {attacks} and {_count(summary.controls, 'control')}."
        return " ".join((sentence, *summary.completeness.reasons))
    if not summary.attacks:
        return " ".join(("Nothing was attacked, so nothing is proved.", *summary.completeness.reasons))
    isolated = summary.counts["ISOLATED"]
    expected = f", {_count(len(summary.expected_leaks), 'expected leak')}" if summary.expected_leaks else ""
    reasons = reasons_not_proved(summary, narrowed=narrowed)
    if holes_missed:
        reasons.append(f"{_count(holes_missed, 'planted hole')} not found by the attacks that had to.")
    if reasons:
        return f"Not proved: {attacks}, {isolated} refused{expected}. {' '.join(reasons)}"
    refused = f"{isolated} refused" if expected else "all refused"
    part = " This run was narrowed: it attacked only a part of the contract." if narrowed else ""
    return f"{WALL_STANDS}: {attacks}, {refused}{expected}.{part}"


def _count(number: int, noun: str) -> str:
    if number == 1:
        return f"1 {noun}"
    if noun.endswith("y"):
        return f"{number} {noun[:-1]}ies"
    return f"{number} {noun}{'S' if noun.isupper() else 's'}"
