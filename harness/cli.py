"""The `harness` command: the catalogue generated from the code, the policy engine as a filter, the emulator."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import App, CycloptsError, Parameter, validators
from rich.console import Console
from rich.table import Table

from harness import __version__
from harness.attacks.catalogue import TECHNIQUES, matching
from harness.attacks.entries import entries
from harness.blueprints.registry import BLUEPRINTS, blueprint_named
from harness.decide import decide_lines
from harness.emulator.faults import FAULT_DESCRIPTIONS
from harness.errors import TargetError, UsageError
from harness.exhibits import exhibits
from harness.report.attack_catalogue import render_attack_catalogue, technique_in_words
from harness.report.verdicts_json import write_whole

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

app = App(
    name="harness",
    help="Prove, by attacking, that one tenant cannot reach another tenant's data. The attacks themselves are run "
    "with `pytest suites/`.",
    version=__version__,
)
_WRONG_USAGE = 4
_AsJson = Annotated[bool, Parameter(name="--json", negative=())]
_Flag = Annotated[bool, Parameter(negative=())]

_Seconds = Annotated[float, Parameter(validator=validators.Number(gte=0))]
_Share = Annotated[float, Parameter(validator=validators.Number(gte=0, lte=1))]


def main() -> None:
    """Run the command line; the console script and `python -m harness` come here."""
    try:
        sys.exit(app(exit_on_error=False))
    except CycloptsError:
        # Cyclopts has already said what was wrong; 4 is the status of wrong usage everywhere in this project.
        sys.exit(_WRONG_USAGE)


@app.command
def attacks(*patterns: str, as_json: _AsJson = False, page: Path | None = None) -> int:
    """List every technique: its id, what it does, the API operation, and the catalogue entries it covers.

    Parameters
    ----------
    patterns
        Ids of techniques, * stands for anything; everything is told of those that match.
    as_json
        Answer with JSON, which says more.
    page
        Write the whole catalogue, entries and techniques, as one HTML page to this file.
    """
    if page is not None:
        write_whole(page, render_attack_catalogue(entries(), TECHNIQUES, exhibits()))
        Console().print(f"Open {page}")
        return 0
    try:
        chosen = matching(patterns)
    except UsageError as error:
        Console(stderr=True).print(f"harness attacks: {str(error).removeprefix('--attack ')}", soft_wrap=True)
        return _WRONG_USAGE
    if patterns and not as_json:
        shown = exhibits()
        Console().print("\n\n".join(technique_in_words(technique, shown) for technique in chosen), soft_wrap=True)
        return 0
    rows = [
        {
            "id": technique.id,
            "title": technique.title,
            "operation": technique.operation,
            "severity": technique.severity.value,
            "cwe": list(technique.cwe),
            "catalogue": list(technique.catalogue),
        }
        for technique in chosen
    ]
    _show(rows, as_json=as_json, columns=("id", "title", "operation"))
    return 0


@app.command
def blueprints(*, as_json: _AsJson = False, dump: str = "", schema: _Flag = False) -> int:
    """List every isolation design, with the personas of its contract and the number of its weaknesses.

    Parameters
    ----------
    as_json
        Answer with JSON, which says more.
    dump
        Write the design of this name as the JSON that `pytest suites/ --blueprint FILE` reads.
    schema
        Write the JSON Schema of such files.
    """
    if dump or schema:
        return _blueprint_file(dump)
    rows = [
        {
            "name": blueprint.name,
            "title": blueprint.title,
            "personas": [persona.name for persona in blueprint.contract.personas],
            "weaknesses": len(blueprint.weaknesses),
            "source": blueprint.source,
        }
        for blueprint in BLUEPRINTS.values()
    ]
    _show(rows, as_json=as_json, columns=("name", "title", "source"))
    return 0


@app.command
def weaknesses(*, as_json: _AsJson = False) -> None:
    """List every planted hole as --weaken takes it, every target fault as --fault takes it, and what must leak."""
    rows: list[dict[str, Any]] = [
        {"id": f"{blueprint.name}:{weakness.id}", "title": weakness.title, "must_leak": list(weakness.leaks)}
        for blueprint in BLUEPRINTS.values()
        for weakness in blueprint.weaknesses
    ]
    rows += [
        {"id": f"fault {fault.value}", "title": description, "must_leak": []}
        for fault, description in FAULT_DESCRIPTIONS.items()
    ]
    _show(rows, as_json=as_json)


@app.command
def decide(file: str = "-", *, explain: bool = False) -> int:
    """Answer IAM questions: JSON lines in, JSON lines out, in order.

    Parameters
    ----------
    file
        The file to read; - is standard input.
    explain
        Add the statements that decided and what their conditions compared.
    """
    if file == "-":
        return _decide(sys.stdin, explain=explain)
    path = Path(file)
    if not path.is_file():
        Console(stderr=True).print(f"harness decide: there is no file {file}")
        return _WRONG_USAGE
    with path.open(encoding="utf-8") as lines:
        return _decide(lines, explain=explain)


@app.command
def emulator(
    *,
    host: str = "127.0.0.1",
    port: Annotated[int, Parameter(validator=validators.Number(gte=0, lte=65535))] = 4566,
    account: str = "000000000000",
    region: str = "us-east-1",
    inject_seed: int = 0,
    inject_iam_delay: _Seconds = 0.0,
    inject_quotas: Annotated[float | None, Parameter(validator=validators.Number(gt=0))] = None,
    inject_throttles: _Share = 0.0,
    inject_errors: _Share = 0.0,
    inject_resets: _Share = 0.0,
    inject_latency: _Seconds = 0.0,
) -> int:
    """Serve the embedded AWS account over HTTP on this machine, until stopped by SIGTERM or Ctrl-C.

    Any AWS client in any language can use it: access key `test` with secret `test` is the root user, twelve digits
    with secret `test` are the root user of the account of that number. IAM is enforced for everybody else. What is
    stored is gone when the process ends.

    Parameters
    ----------
    host
        A loopback address; others are refused.
    port
        The port to listen on; 0 takes a free one, which the line `ready` tells.
    account
        The number of the account whose root user is `test`.
    region
        The Region of requests that do not say theirs.
    inject_seed
        What everything that is injected is drawn from.
    inject_iam_delay
        Changes of IAM are seen up to so many seconds later.
    inject_quotas
        Throttle what exceeds the request rates of AWS times this.
    inject_throttles
        The share of requests that are throttled, whatever their rate.
    inject_errors
        The share of requests that end with an internal error, half of them after they were performed.
    inject_resets
        The share of requests whose connection is reset in place of an answer, likewise.
    inject_latency
        Answers are held back up to so many seconds.
    """
    # The emulator is slow to load, and no other command needs it.
    from harness.cli_emulator import serve  # noqa: PLC0415
    from harness.emulator.injection import Injections  # noqa: PLC0415

    injections = Injections(
        seed=inject_seed,
        iam_delay=inject_iam_delay,
        quotas=inject_quotas,
        throttles=inject_throttles,
        errors=inject_errors,
        resets=inject_resets,
        latency=inject_latency,
    )
    try:
        serve(host, port, account, region, injections)
    except UsageError as error:
        Console(stderr=True).print(f"harness emulator: {error}", soft_wrap=True, highlight=False, markup=False)
        return _WRONG_USAGE
    return 0


@app.command
def doctor(
    *,
    target: Literal["embedded", "localstack", "sandbox"] = "embedded",
    endpoint_url: str = "",
    region: str = "us-east-1",
    sandbox: Annotated[tuple[str, ...], Parameter(negative=())] = (),
    settle: Annotated[float | None, Parameter(validator=validators.Number(gte=0))] = None,
    as_json: _AsJson = False,
) -> int:
    """Measure which rules of AWS a target enforces, and say what that means for verdicts on it.

    Each rule is shown by requests that must work and requests that must be refused, on resources that are made for it
    and deleted again. Ends with 0 when every rule is enforced, and with 6 when something is missing.

    Parameters
    ----------
    target
        The target to examine.
    endpoint_url
        Where the localstack target is, by default where LocalStack is on this machine.
    region
        The AWS Region of the target.
    sandbox
        ACCOUNT/REGION that may be examined with --target sandbox (may be repeated).
    settle
        Seconds until changes of IAM are seen there: 0 on localstack, 30 in a sandbox.
    as_json
        Answer with JSON.
    """
    # It takes the whole catalogue and the targets, which other commands do without.
    from harness.cli_doctor import Place, examine  # noqa: PLC0415

    try:
        return examine(Place(target, endpoint_url, region, sandbox, settle), as_json=as_json)
    except (UsageError, TargetError) as error:
        Console(stderr=True).print(f"harness doctor: {error}", soft_wrap=True, highlight=False, markup=False)
        return _WRONG_USAGE


@app.command
def report(
    *paths: str,
    to: str = "reports",
    compared_with: tuple[str, ...] = (),
    show: Annotated[_Flag, Parameter(name="--open")] = False,
    schema: _Flag = False,
) -> int:
    """Build every report from the verdicts.json of one or many runs: shards of a run, or runs on several targets.

    Ends with the exit status of the runs, and with 4 when files are no shards of one run or contradict each other.

    Parameters
    ----------
    paths
        Files verdicts.json, or folders that hold one; the folder of --to by default.
    to
        The folder to write the reports to.
    compared_with
        Files verdicts.json of earlier runs, or their folders: what is new, what is fixed, what is still open.
    show
        Show the matrix in the browser.
    schema
        Write the JSON Schema of verdicts.json.
    """
    # The reports take the whole catalogue, which other commands do without.
    from harness.cli_report import report as build_report  # noqa: PLC0415

    return build_report(paths, to, show=show, schema=schema, compared_with=compared_with)


@app.command
def sweep(
    *,
    target: str = "localstack",
    endpoint_url: str = "",
    region: str = "us-east-1",
    sandbox: Annotated[tuple[str, ...], Parameter(negative=())] = (),
    run: str = "",
    delete: _Flag = False,
    as_json: _AsJson = False,
) -> int:
    """List what killed runs have left on a remote target, and delete what is ours and has expired.

    Nothing is deleted without --delete, and nothing ever that lacks our name, our path (IAM) or one of our tags.
    Ends with 1 when something could not be looked through or deleted.

    Parameters
    ----------
    target
        localstack or sandbox.
    endpoint_url
        The address of the LocalStack-compatible endpoint (AWS_ENDPOINT_URL, or localhost:4566).
    region
        The AWS Region to look through.
    sandbox
        ACCOUNT/REGION that may be swept with --target sandbox (may be repeated).
    run
        Only what this run has made, which then may go whether it has expired or not.
    delete
        Delete what may go.
    as_json
        Answer with JSON, which says more.
    """
    # The library of AWS's clients is slow to load, and other commands do without.
    from harness.cli_sweep import sweep as sweep_target  # noqa: PLC0415

    return sweep_target(target, endpoint_url, region, sandbox, run, delete=delete, as_json=as_json)


def _blueprint_file(dump: str) -> int:
    # Only files take the library that checks them, and it is slow to load.
    from harness.blueprint_files.files import blueprint_schema, dump_blueprint  # noqa: PLC0415

    try:
        text = dump_blueprint(blueprint_named(dump)) if dump else json.dumps(blueprint_schema(), indent=2) + "\n"
    except UsageError as error:
        Console(stderr=True).print(f"harness blueprints: {error}", soft_wrap=True, highlight=False, markup=False)
        return _WRONG_USAGE
    sys.stdout.write(text)
    return 0


def _decide(lines: Iterable[str], *, explain: bool) -> int:
    bad_lines: list[int] = []
    for answer in decide_lines(lines, explain=explain, bad_lines=bad_lines):
        sys.stdout.write(answer + "\n")
    return 1 if bad_lines else 0


def _show(rows: Sequence[dict[str, Any]], *, as_json: bool, columns: Sequence[str] = ()) -> None:
    if as_json:
        sys.stdout.write(json.dumps(rows, indent=1) + "\n")
        return
    # Two columns fit a terminal best; --json has the rest.
    name, *others = columns or list(rows[0])[:2]
    table = Table(box=None, pad_edge=False)
    table.add_column(name, no_wrap=True)
    for other in others:
        table.add_column(other, overflow="fold")
    for row in rows:
        table.add_row(*(str(row[column]) for column in (name, *others)))
    Console().print(table)
