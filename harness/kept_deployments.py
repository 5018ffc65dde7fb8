"""Deployments that a run has left on purpose, as files from which a later run takes them up (`--keep`, `--reuse`).

The files hold names and ids, and no secret: whoever takes a deployment up gives its users new passwords. They also say
of which design it was made, since the verdicts on a deployment say nothing of a design that was changed after it.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harness.deployment import Deployment
from harness.errors import UsageError
from harness.report.verdicts_json import write_whole

if TYPE_CHECKING:
    from harness.options import RunOptions
    from harness.targets.remote import Place

_FOLDER = "deployments"


@dataclass(frozen=True)
class KeptDeployments:
    """What the runs have left whose reports are in one folder."""

    folder: Path

    @classmethod
    def of(cls, options: RunOptions) -> KeptDeployments:
        """Return those beside the reports of a run."""
        return cls(Path(options.reports) / _FOLDER)

    def keep(self, run_id: str, deployment: Deployment, options: RunOptions, place: Place) -> None:
        """Write down a deployment with what it was made for, and where."""
        document = {"made_for": _made_for(options, deployment.blueprint, place), "deployment": deployment.as_json()}
        write_whole(self._file(run_id, deployment.blueprint), json.dumps(document, indent=2))

    def take_up(self, run_id: str, blueprint: str, options: RunOptions, place: Place) -> Deployment:
        """Return the deployment of a design that a run has left.

        Raises UsageError where there is none, and where it was made for other people, in another place, or of a design
        that was not as it is now: the verdicts would be on that one.
        """
        path = self._file(run_id, blueprint)
        try:
            document = json.loads(path.read_text(encoding="utf-8"))
            deployment, made_for = Deployment.from_json(document["deployment"]), document["made_for"]
        except OSError:
            raise UsageError(
                f"run {run_id} has left no {blueprint} ({path}); runs leave what --keep is given for"
            ) from None
        except (KeyError, TypeError, ValueError) as error:
            raise UsageError(f"{path} is no deployment that a run has left: {error}") from None
        wanted = _made_for(options, blueprint, place)
        differing = [name for name, value in wanted.items() if made_for.get(name) != value]
        if differing:
            name = differing[0]
            raise UsageError(f"run {run_id} has made {blueprint} with {name} {made_for.get(name)}, not {wanted[name]}")
        return deployment

    def forget(self, run_id: str) -> None:
        """Delete the files of a run, once nothing of it is left."""
        for path in self.folder.glob(f"{run_id}-*.json"):
            path.unlink()

    def _file(self, run_id: str, blueprint: str) -> Path:
        return self.folder / f"{run_id}-{blueprint}.json"


def _made_for(options: RunOptions, blueprint: str, place: Place) -> dict[str, str | int | None]:
    return {
        "target": options.target,
        "account": place.account,
        "endpoint": place.endpoint,
        "region": options.region,
        "tenants": options.tenants,
        "seed": options.seed,
        "weakness": options.weaken,
        "the design as it was": _fingerprint(options, blueprint),
    }


def _fingerprint(options: RunOptions, name: str) -> str:
    """Return what changes whenever the design does that is deployed."""
    # Writing designs down takes a library that is slow to load, and most runs keep nothing.
    from harness.blueprint_files.files import dump_blueprint  # noqa: PLC0415

    design = next(blueprint for blueprint in options.blueprints if blueprint.name == name)
    deployed = design if options.weakness is None else options.weakness.change(design)
    return hashlib.sha256(dump_blueprint(deployed).encode()).hexdigest()[:16]
