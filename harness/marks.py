"""What everything the harness makes in an account bears, by which it is known as ours: a name, a path, two tags."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

NAME_PREFIX = "isolation-"
IAM_PATH = "/isolation-harness/"
RUN_TAG = "isolation:run"
EXPIRES_TAG = "isolation:expires"
_RUN = re.compile(r"[a-z0-9]{8,20}")
_TIME = "%Y-%m-%dT%H:%M:%SZ"
_TIME_SHAPE = re.compile(r"[0-9]{4}(-[0-9]{2}){2}T[0-9]{2}(:[0-9]{2}){2}Z")
_LIFETIME = timedelta(hours=6)


def expiry_after(lifetime: timedelta = _LIFETIME, now: datetime | None = None) -> str:
    """Return when something made now may be swept, as the tag says it: `2026-11-21T23:00:00Z`."""
    return ((now or datetime.now(UTC)).astimezone(UTC) + lifetime).strftime(_TIME)


def read_expiry(text: str) -> datetime | None:
    """Return the time that a tag says, None where it is not written as we write it."""
    if not _TIME_SHAPE.fullmatch(text):
        return None
    try:
        return datetime.strptime(text, _TIME).replace(tzinfo=UTC)
    except ValueError:
        return None


def is_run_id(text: str) -> bool:
    """Tell whether a text can be the id of a run: 8 to 20 lower-case letters and digits."""
    return _RUN.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class Marks:
    """The marks of one run: its id, when what it made may be swept, and the ARN of a permissions boundary, if any.

    The boundary is for roles and IAM users that have none of their own. Raises ValueError for marks by which nobody
    would know what was made.
    """

    run_id: str
    expires: str = field(default_factory=expiry_after)
    boundary: str = ""

    def __post_init__(self) -> None:
        if not is_run_id(self.run_id):
            raise ValueError(f"{self.run_id!r} is no id of a run: 8 to 20 lower-case letters and digits")
        if read_expiry(self.expires) is None:
            raise ValueError(f"{self.expires!r} is no time such as 2026-11-21T23:00:00Z")

    @property
    def tags(self) -> dict[str, str]:
        """Return the tags by key."""
        return {RUN_TAG: self.run_id, EXPIRES_TAG: self.expires}

    @property
    def tag_list(self) -> list[dict[str, str]]:
        """Return the tags as the APIs take them that list them."""
        return [{"Key": key, "Value": value} for key, value in self.tags.items()]
