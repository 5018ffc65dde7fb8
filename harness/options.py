"""What a person may ask of a run, read from the command line or the ini file and checked before anything starts."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from harness.attacks.catalogue import TECHNIQUES, matching
from harness.attacks.plan import Pairs
from harness.blueprints.registry import BLUEPRINTS, blueprint_named, weakness_named
from harness.emulator.authorization import Enforcement
from harness.emulator.faults import Fault
from harness.errors import UsageError
from harness.marks import is_run_id
from harness.population import tenant_ids

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.attacks.technique import Technique
    from harness.blueprints.spec import Blueprint, Weakness

TARGETS = ("embedded", "localstack", "sandbox")
_DEFAULT_REGION = "us-east-1"
# How long a change of IAM may take to be seen, in seconds: on AWS usually two, sometimes thirty (aws-semantics 6.7).
SETTLING_SECONDS = {"localstack": 0.0, "sandbox": 30.0}
_LONGEST_RUN = 55
_BOUNDARY = re.compile(r"arn:aws:iam::(\d{12}|aws):policy/.+")
_Choice = TypeVar("_Choice", Pairs, Enforcement, Fault)


@dataclass(frozen=True, slots=True)
class OptionSpec:
    """One option: `--name` on the command line, `isolation_name` in the ini file, and its help."""

    name: str
    default: str
    help: str
    repeatable: bool = False

    @property
    def destination(self) -> str:
        """Return the attribute under which pytest keeps the option's value."""
        return "isolation_" + self.name.replace("-", "_")


OPTIONS = (
    OptionSpec("target", "embedded", f"where to attack: {', '.join(TARGETS)}"),
    OptionSpec("region", _DEFAULT_REGION, "the AWS Region of the target"),
    OptionSpec(
        "blueprint",
        "",
        "isolation design to attack, by its name or by the path of a .json or .toml file (all that have a name by "
        "default; may be repeated)",
        repeatable=True,
    ),
    OptionSpec("weaken", "", "plant the weakness BLUEPRINT:WEAKNESS first; the run must then find the leak"),
    OptionSpec("attack", "", "attempt only techniques whose id matches this glob (may be repeated)", repeatable=True),
    OptionSpec("tenants", "3", "number of tenants, at least 2"),
    OptionSpec("pairs", "ring", "ring: each tenant attacks the next; all: each attacks every other"),
    OptionSpec("seed", "1", "number from which tenants, users and their names follow"),
    OptionSpec(
        "enforcement", "normal", "allow-all or deny-all switch IAM off on the embedded target, to prove it matters"
    ),
    OptionSpec(
        "fault", "", "make the embedded target forget a check (may be repeated): " + ", ".join(Fault), repeatable=True
    ),
    OptionSpec(
        "endpoint-url", "", "address of the LocalStack-compatible endpoint (AWS_ENDPOINT_URL, or localhost:4566)"
    ),
    OptionSpec(
        "sandbox",
        "",
        "ACCOUNT/REGION that may be attacked with --target sandbox (may be repeated)",
        repeatable=True,
    ),
    OptionSpec(
        "sandbox-boundary",
        "",
        "ARN of the permissions boundary of every role made there; needed on a sandbox",
    ),
    OptionSpec("settle", "", "seconds until changes of IAM are seen on a remote target (localstack 0, sandbox 30)"),
    OptionSpec("max-requests", "20000", "requests that each process may send to a remote target"),
    OptionSpec("max-users", "300", "users that a run may make on a remote target"),
    OptionSpec("max-minutes", "50", "minutes that a run may take on a remote target; sessions last an hour"),
    OptionSpec(
        "reuse",
        "",
        "attack what an earlier run with --keep has left (its run id), and destroy it unless --keep is given again",
    ),
    OptionSpec(
        "minimum-verdicts",
        "0",
        "with fewer attempts judged the run is not proved, exit status 6; a whole run must judge all that are planned",
    ),
    OptionSpec(
        "compared-with",
        "",
        "verdicts.json of an earlier run, to say what is new, fixed, still open (else the runs in REPORTS/leaks.jsonl)",
    ),
    OptionSpec("reports", "reports", "folder for verdicts.json and matrix.html"),
)


@dataclass(frozen=True)
class RemoteOptions:
    """What a person may say of a remote target. `settle` and the minutes are seconds and minutes of real time."""

    endpoint_url: str
    allowed: tuple[str, ...]
    boundary: str
    settle: float
    max_requests: int
    max_users: int
    max_minutes: float
    keep: bool
    reuse: str
    dry_run: bool


@dataclass(frozen=True)
class RunOptions:
    """The checked options of a run.

    `blueprints` are the sound designs, by which everything is planned; `weakness` is planted when they are deployed.
    `blueprint_files` are the paths of those that were read from files, by their names; `remote` is None for the
    embedded target.
    """

    target: str
    region: str
    blueprints: tuple[Blueprint, ...]
    weakness: Weakness | None
    techniques: tuple[Technique, ...]
    tenants: int
    pairs: Pairs
    seed: int
    enforcement: Enforcement
    faults: tuple[Fault, ...]
    reports: str
    minimum_verdicts: int
    compared_with: str
    allow_inconclusive: bool
    narrowed: bool
    blueprint_files: Mapping[str, str] = field(default_factory=dict)
    remote: RemoteOptions | None = None

    @property
    def weakness_id(self) -> str | None:
        """Return the planted weakness without its blueprint's name."""
        return None if self.weakness is None else self.weakness.id

    @property
    def weaken(self) -> str | None:
        """Return the planted weakness as `--weaken` takes it."""
        return None if self.weakness is None else f"{self.blueprints[0].name}:{self.weakness.id}"

    @property
    def altered(self) -> bool:
        """Tell whether the run attacks something else than the sound designs on an honest target."""
        return self.weakness is not None or bool(self.faults) or self.enforcement is not Enforcement.NORMAL


def check_options(
    values: dict[str, Any],
    *,
    allow_inconclusive: bool = False,
    narrowed: bool = False,
    keep: bool = False,
    dry_run: bool = False,
) -> RunOptions:
    """Return the options as a run needs them. Raises UsageError with one clear line for the first that is wrong.

    `values` maps option names to strings, or to lists of strings for repeatable ones.
    """
    target = values["target"]
    if target not in TARGETS:
        raise UsageError(f"there is no target {target!r}; there is: {', '.join(TARGETS)}")
    techniques = matching(values["attack"])
    files = {path: _from_file(path) for path in dict.fromkeys(values["blueprint"]) if _is_path(path)}
    blueprints, weakness = _blueprints(values["blueprint"], files, values["weaken"] or None)
    tenants = _number("tenants", values["tenants"])
    try:
        tenant_ids(tenants)
    except ValueError as error:
        raise UsageError(f"--tenants: {error}") from None
    for blueprint in blueprints:
        if tenants < blueprint.minimum_tenants:
            raise UsageError(
                f"--tenants {tenants} leaves {blueprint.name} nobody to attack: its users belong to several tenants, "
                f"so it takes {blueprint.minimum_tenants}"
            )
    remote = _remote(values, keep=keep, dry_run=dry_run)
    users = tenants * sum(len(blueprint.contract.personas) for blueprint in blueprints)
    if remote is not None and users > remote.max_users:
        raise UsageError(f"this run makes up to {users} users, more than --max-users {remote.max_users} allows")
    return RunOptions(
        target=target,
        region=values["region"],
        blueprints=blueprints,
        weakness=weakness,
        techniques=techniques,
        tenants=tenants,
        pairs=_choice("pairs", values["pairs"], Pairs),
        seed=_number("seed", values["seed"]),
        enforcement=_choice("enforcement", values["enforcement"], Enforcement),
        faults=tuple(_choice("fault", fault, Fault) for fault in values["fault"]),
        reports=values["reports"],
        minimum_verdicts=_number("minimum-verdicts", values["minimum-verdicts"]),
        compared_with=values["compared-with"],
        allow_inconclusive=allow_inconclusive,
        narrowed=narrowed or len(techniques) < len(TECHNIQUES) or (not files and len(blueprints) < len(BLUEPRINTS)),
        blueprint_files={blueprint.name: path for path, blueprint in files.items()},
        remote=remote,
    )


def _remote(values: dict[str, Any], *, keep: bool, dry_run: bool) -> RemoteOptions | None:
    target = values["target"]
    if target == "embedded":
        given = [name for name in ("endpoint-url", "sandbox-boundary", "reuse") if values[name]]
        given += [name for name, flag in (("keep", keep), ("dry-run", dry_run)) if flag]
        if given:
            raise UsageError(f"--{given[0]} is about remote targets; choose one with --target localstack or sandbox")
        return None
    if values["enforcement"] != Enforcement.NORMAL or values["fault"]:
        raise UsageError(f"--enforcement and --fault are switches of the embedded target; {target} has none")
    if target == "sandbox" and not _BOUNDARY.fullmatch(values["sandbox-boundary"]):
        raise UsageError(
            "every role made on a sandbox account is bounded: name the permissions boundary by --sandbox-boundary ARN "
            "or isolation_sandbox_boundary (sandbox/README.md says how it is made)"
        )
    if values["reuse"] and not is_run_id(values["reuse"]):
        raise UsageError(
            f"--reuse {values['reuse']} is no id of a run: those are 8 to 20 lower-case letters and digits"
        )
    minutes = float(_number("max-minutes", values["max-minutes"]))
    if not 1 <= minutes <= _LONGEST_RUN:
        raise UsageError(f"--max-minutes takes 1 to {_LONGEST_RUN}: the sessions of users last an hour; deal the run")
    return RemoteOptions(
        endpoint_url=values["endpoint-url"],
        allowed=tuple(values["sandbox"]),
        boundary=values["sandbox-boundary"],
        settle=float(_number("settle", values["settle"])) if values["settle"] else SETTLING_SECONDS[target],
        max_requests=_number("max-requests", values["max-requests"]),
        max_users=_number("max-users", values["max-users"]),
        max_minutes=minutes,
        keep=keep,
        reuse=values["reuse"],
        dry_run=dry_run,
    )


def _is_path(name: str) -> bool:
    """Tell whether a blueprint is given by its file: what ends like one or holds a slash."""
    return Path(name).suffix in (".json", ".toml") or "/" in name


def _from_file(path: str) -> Blueprint:
    # Checking files takes a library that is slow to load, and most runs have none.
    from harness.blueprint_files.files import load_blueprint  # noqa: PLC0415

    return load_blueprint(Path(path), TECHNIQUES)


def _blueprints(
    names: list[str], files: Mapping[str, Blueprint], weaken: str | None
) -> tuple[tuple[Blueprint, ...], Weakness | None]:
    given = dict.fromkeys(names)
    chosen = tuple(files.get(name) or blueprint_named(name) for name in given) or tuple(BLUEPRINTS.values())
    for number, blueprint in enumerate(chosen):
        if blueprint.name in {other.name for other in chosen[:number]}:
            raise UsageError(f"two of the blueprints are called {blueprint.name}; attack one of them, or rename it")
    if weaken is None:
        return chosen, None
    blueprint, weakness = weakness_named(weaken)
    if names and blueprint.name not in names:
        raise UsageError(f"--weaken {weaken} belongs to another blueprint than --blueprint {', '.join(names)}")
    # The other designs are sound in such a run; attacking them would only bury the leak.
    return (blueprint,), weakness


def _number(option: str, text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise UsageError(f"--{option} takes a whole number, not {text!r}") from None


def _choice(option: str, text: str, kind: type[_Choice]) -> _Choice:
    try:
        return kind(text)
    except ValueError:
        raise UsageError(f"--{option} {text!r} is none of: {', '.join(kind)}") from None
