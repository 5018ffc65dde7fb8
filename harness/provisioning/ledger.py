"""The ledger of a deployment: a file in which everything stands before it is made, so that a killed run leaves a trace.

It is JSON lines. The first says where; each further one what happened to one resource. Every line is on the disk
before the call that it announces goes out, and a line that was cut off announces a call that never went out: it is
passed over.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from harness.deployment import Resource
from harness.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_FOLDER = "deployments"


@dataclass(frozen=True, slots=True)
class LedgerFacts:
    """Where a deployment is made: the run and the stage of it, the design, target, account and Region, until when."""

    run_id: str
    stage: str
    blueprint: str
    target: str
    account: str
    region: str
    expires: str


@dataclass(frozen=True)
class Ledger:
    """The ledger in one file. It holds names and ids, and no secret."""

    path: Path

    @classmethod
    def begin(cls, reports: Path, facts: LedgerFacts) -> Ledger:
        """Return a new ledger `REPORTS/deployments/RUN-STAGE.jsonl`."""
        folder = reports / _FOLDER
        folder.mkdir(parents=True, exist_ok=True)
        ledger = cls(folder / f"{facts.run_id}-{facts.stage}.jsonl")
        ledger._write({"event": "begun", **asdict(facts)})
        return ledger

    def about_to_make(self, resource: Resource) -> None:
        """Write down what is going to be made; when this returns it is on the disk."""
        self._note("about to make", resource)

    def made(self, resource: Resource) -> None:
        """Write down that it is there, with its id."""
        self._note("made", resource)

    def not_made(self, resource: Resource) -> None:
        """Write down that the target has refused to make it."""
        self._note("not made", resource)

    def gone(self, resource: Resource) -> None:
        """Write down that it was destroyed."""
        self._note("gone", resource)

    def _note(self, event: str, resource: Resource) -> None:
        self._write({"event": event, **asdict(resource)})

    def _write(self, line: Mapping[str, Any]) -> None:
        with self.path.open("ab+") as file:
            if file.tell() and not _ends_a_line(file):
                file.write(b"\n")
            file.write(json.dumps(line).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())


@dataclass
class Recorded:
    """What a ledger says: where the deployment was made, None when nothing came to be written, and what is left of it.

    `left` has what was (or may have been) made and was not destroyed, in the order in which it was made.
    """

    facts: LedgerFacts | None = None
    left: list[Resource] = field(default_factory=list)


def read_ledger(path: Path) -> Recorded:
    """Return what the ledger says. Raises UsageError for a file that is no ledger."""
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise UsageError(f"the ledger {path} cannot be read: {error.strerror}") from None
    recorded = Recorded()
    left: dict[tuple[str, str], Resource] = {}
    for line in filter(None, map(_read, lines)):
        event = line.pop("event", "")
        try:
            if event == "begun":
                recorded.facts = LedgerFacts(**line)
                continue
            resource = Resource(**line)
        except TypeError:
            raise UsageError(f"{path} is no ledger of a deployment") from None
        if event in ("about to make", "made"):
            left[resource.kind, resource.name] = resource
        else:
            left.pop((resource.kind, resource.name), None)
    recorded.left = list(left.values())
    return recorded


def ledgers(reports: Path, run_id: str = "") -> list[Path]:
    """Return the ledgers in a folder of reports, those of one run if it is named, by their names."""
    return sorted((reports / _FOLDER).glob(f"{run_id}-*.jsonl" if run_id else "*.jsonl"))


def _ends_a_line(file: Any) -> bool:
    file.seek(-1, os.SEEK_END)
    return bool(file.read(1) == b"\n")


def _read(line: bytes) -> dict[str, Any] | None:
    try:
        read = json.loads(line)
    except ValueError:
        return None
    return read if isinstance(read, dict) else None
