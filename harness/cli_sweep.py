"""The command `harness sweep`: what killed runs have left on a remote target, listed, and deleted when asked for."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rich.console import Console

from harness.errors import TargetError, UsageError
from harness.marks import is_run_id
from harness.sweep import delete_all, search
from harness.targets.localstack import connect_to_localstack
from harness.targets.sandbox import connect_to_sandbox

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.provisioning.destruction import Left
    from harness.sweep import Search, Trace
    from harness.targets.connection import Connection
    from harness.targets.target import Target

_INCOMPLETE, _WRONG_USAGE = 1, 4


def sweep(
    target: str, endpoint_url: str, region: str, sandbox: Sequence[str], run: str, *, delete: bool, as_json: bool
) -> int:
    """List what runs have left, delete what may go if that is asked for, and return the exit status."""
    try:
        _check_run(run)
        connected = connection_to(target, endpoint_url, region, sandbox, only_looking=not delete).target()
    except (UsageError, TargetError) as error:
        Console(stderr=True).print(f"harness sweep: {error}", soft_wrap=True, highlight=False, markup=False)
        return _WRONG_USAGE
    try:
        return swept(connected, datetime.now(UTC), run, delete=delete, as_json=as_json)
    finally:
        connected.close()


def connection_to(
    target: str, endpoint_url: str, region: str, sandbox: Sequence[str], *, only_looking: bool = False
) -> Connection:
    """Return the connection to the target that is named; its guard rails hold for sweeping too.

    Whoever is `only_looking` need not confirm.

    Raises UsageError for what the person has to change, and TargetError when the target does not answer.
    """
    if target == "sandbox":
        return connect_to_sandbox(sandbox, region, endpoint_url=endpoint_url, only_looking=only_looking)
    if target == "localstack":
        return connect_to_localstack(endpoint_url, region)
    raise UsageError(f"--target {target} cannot be swept: name localstack or sandbox")


def swept(target: Target, now: datetime, run: str = "", *, delete: bool, as_json: bool) -> int:
    """Say what was found on a target and what became of it; 1 when something could not be seen or deleted, else 0."""
    found = search(target, now, run)
    left = delete_all(target, found.traces) if delete else []
    (_write_json if as_json else _write_table)(found, left, deleted=delete)
    return _INCOMPLETE if left or found.not_seen else 0


def _check_run(run: str) -> None:
    if run and not is_run_id(run):
        raise UsageError(f"--run {run} is no id of a run: those are 8 to 20 lower-case letters and digits")


def _became(trace: Trace, left: dict[tuple[str, str], str], *, deleted: bool) -> str:
    if not trace.may_go:
        return f"stays: {trace.reason}"
    if (trace.kind, trace.id) in left:
        return f"could not be deleted: {left[trace.kind, trace.id]}"
    return "deleted" if deleted else "may go"


def _write_json(found: Search, left: Sequence[Left], *, deleted: bool) -> None:
    failed = {(each.resource.kind, each.resource.id): each.reason for each in left}
    traces = [{**asdict(trace), "became": _became(trace, failed, deleted=deleted)} for trace in found.traces]
    sys.stdout.write(json.dumps({"found": traces, "not_seen": dict(found.not_seen)}, indent=1) + "\n")


def _write_table(found: Search, left: Sequence[Left], *, deleted: bool) -> None:
    failed = {(each.resource.kind, each.resource.id): each.reason for each in left}
    rows = [
        (trace.kind, trace.name, trace.run or "-", trace.expires or "-", _became(trace, failed, deleted=deleted))
        for trace in found.traces
    ]
    lines = _aligned((("kind", "name", "run", "expires", "becomes"), *rows)) if rows else []
    lines += [f"{kind}: could not be looked through: {reason}" for kind, reason in found.not_seen.items()]
    going = sum(trace.may_go for trace in found.traces)
    gone = going - len(left) if deleted else 0
    lines.append(_summary(len(rows), going, gone, deleted=deleted))
    sys.stdout.write("\n".join(lines) + "\n")


def _aligned(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Return the rows as lines, whatever the width of the terminal: names must stay whole to be searched for."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]) - 1)]
    return [" ".join([*(f"{cell:{width}}" for cell, width in zip(row, widths, strict=False)), row[-1]]) for row in rows]


def _summary(found: int, going: int, gone: int, *, deleted: bool) -> str:
    if not found:
        return "Nothing here is ours, or looks like it."
    if deleted:
        return f"{found} found, {gone} deleted, {found - gone} left."
    return f"{found} found, {going} may go{': add --delete' if going else ''}."
