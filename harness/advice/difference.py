"""Two forms of a policy as a unified difference of their JSON."""

from __future__ import annotations

import json
import re
from difflib import unified_diff
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.policy import Policy

_LINES_AROUND = 4
# See Deployment.name_of; names of buckets carry the account as well.
_UNIQUE = re.compile(r"isolation-(?:\d{12}-)?[0-9a-f]{8}-")


def difference(before: Policy, after: Policy | None, template: Callable[[str], str]) -> str:
    """Return the difference, each line with its end; `template` puts placeholders back into names and texts."""
    name = _UNIQUE.sub("", before.name)
    lines = unified_diff(
        _lines(before, template),
        [] if after is None else _lines(after, template),
        fromfile=name,
        tofile=f"{name} (mended)" if after is not None else "no policy",
        n=_LINES_AROUND,
    )
    return "".join(lines)


def _lines(policy: Policy, template: Callable[[str], str]) -> list[str]:
    text = json.dumps(json.loads(policy.document), indent=2, ensure_ascii=False)
    return template(text + "\n").splitlines(keepends=True)
