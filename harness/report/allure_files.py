"""The files of Allure results: written quickly, and without what says nothing.

allure-pytest's own logger writes one container for each fixture of each test, here several times as many files as there
are results. Nothing but the fixtures' names stands in them as long as all goes well, so those are left out; a fixture
that failed, or that has steps or attachments, is reported as ever.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import allure_commons
from allure_commons.logger import AllureFileLogger
from attr import fields

if TYPE_CHECKING:
    from allure_commons.model2 import TestResultContainer

_PASSED = "passed"


class ResultFiles(AllureFileLogger):
    """Writes results, attachments and the containers that say something, `in_place_of` allure-pytest's logger."""

    def __init__(self, in_place_of: AllureFileLogger) -> None:
        super().__init__(in_place_of._report_dir)  # type: ignore[no-untyped-call]  # noqa: SLF001  untyped, and private
        self.in_place_of = in_place_of

    @allure_commons.hookimpl
    def report_container(self, container: TestResultContainer) -> None:
        """Write the container of a fixture, unless all that it says is that the fixture passed."""
        if any(_says_something(part) for part in (*container.befores, *container.afters)):
            self._report_item(container)

    @allure_commons.hookimpl
    def report_attached_data(self, body: str | bytes, file_name: str) -> None:
        """Write an attachment. The result that names it comes later, so that nobody looks for half of it."""
        content = body.encode() if isinstance(body, str) else body
        (self._report_dir / file_name).write_bytes(content)

    def _report_item(self, item: Any) -> None:
        name = item.file_pattern.format(prefix=uuid4())
        # In one piece, by the encoder written in C: allure-pytest's way streams, which is many times slower.
        text = json.dumps(_filled(item), ensure_ascii=False)
        partial = self._report_dir / f"{name}.tmp"
        partial.write_text(text, encoding="utf-8")
        partial.replace(self._report_dir / name)


def exchange_result_files(*, for_ours: bool) -> None:
    """Let ResultFiles write the results of this process where allure-pytest would, or give its logger the place back.

    allure-pytest takes its own logger off the list in the end and must find it there. Without --alluredir there is no
    logger, and nothing happens.
    """
    manager = allure_commons.plugin_manager
    for plugin in manager.get_plugins():
        if for_ours and type(plugin) is AllureFileLogger:
            manager.unregister(plugin)
            manager.register(ResultFiles(plugin))
        elif not for_ours and isinstance(plugin, ResultFiles):
            manager.unregister(plugin)
            manager.register(plugin.in_place_of)


def _says_something(part: Any) -> bool:
    # A fixture's end has no status unless it failed.
    return part.status not in (_PASSED, None) or bool(part.steps or part.attachments)


def _filled(value: Any) -> Any:
    """Return what allure's model holds as plain values, without the fields that are empty."""
    if isinstance(value, list):
        return [_filled(item) for item in value]
    if isinstance(value, dict):
        return {name: _filled(item) for name, item in value.items()}
    if not hasattr(value, "__attrs_attrs__"):
        return value
    values = ((each.name, getattr(value, each.name)) for each in fields(type(value)))
    return {name: _filled(item) for name, item in values if item or item is False}
