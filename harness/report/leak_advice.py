"""What a report says of how to mend a leak."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final, Self

from harness.report.markup import text, with_code
from harness.secret import redact_text

if TYPE_CHECKING:
    from collections.abc import Mapping

UNTRIED: Final = (
    "No edit of a policy was found that closes the leak and keeps the controls; what has to change may be no policy, "
    "such as a setting of the user pool or the code of a function."
)


@dataclass(frozen=True, slots=True)
class LeakAdvice:
    """The entry of the catalogue that a leak looks like, the sound configuration, and a mend that was tried.

    `diff` is a unified difference of the policy, None where no edit was found that closes the leak and keeps the
    controls; `kept` is how many of their requests were decided again under it, and allowed as before.
    """

    entry: str
    sound: str
    diff: str | None = None
    kept: int = 0

    def as_json(self) -> dict[str, Any]:
        """Return the advice as plain JSON that `from_json` reads back."""
        return asdict(self)

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """Return the advice that `as_json` wrote. Raises TypeError for a field that is missing or unknown."""
        return cls(**document)

    @property
    def line(self) -> str:
        """Return the advice in one line, without the difference."""
        fix = "a checked fix is in the report" if self.diff else "no edit of a policy was found that mends it"
        return f"looks like {self.entry}; {fix}"

    @property
    def tried(self) -> str:
        """Return what was tried, in one sentence."""
        if not self.diff:
            return UNTRIED
        return (
            "Tried with the policy engine: with this edit the request is denied, and what the controls ask stays "
            f"allowed ({self.kept} decisions)."
        )

    def as_text(self) -> str:
        """Return the advice as plain text: entry, sound configuration, what was tried, the difference."""
        parts = [f"Looks like: {self.entry}", f"Sound: {self.sound}", self.tried, self.diff or ""]
        return redact_text("\n\n".join(part.rstrip("\n") for part in parts if part) + "\n")

    def as_html(self) -> str:
        """Return the advice as a piece of HTML; the difference opens without a script."""
        said = f"Looks like <code>{text(self.entry)}</code>. Sound: {with_code(self.sound)}"
        if not self.diff:
            return f"{said}<br><small>{text(self.tried)}</small>"
        return (
            f"{said}<details><summary>A checked fix</summary><p><small>{text(self.tried)}</small></p>"
            f"<pre><code>{text(self.diff)}</code></pre></details>"
        )
