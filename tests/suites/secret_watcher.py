"""A plugin for tests: writes down every secret that a run of the suites makes, and breaks the run where it is told to.

It also turns on what shows most: the values of local variables in tracebacks, and botocore's log of what it sends.
"""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness import secret, stage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.targets import api

_made: set[str] = set()
_remember = secret.Secret.__init__


def _watched(self: secret.Secret, value: str) -> None:
    _remember(self, value)
    _made.add(value)


def _broken(*arguments: Any, **named: Any) -> None:
    sessions: Mapping[Any, Any] = arguments[-1]
    told = {str(caller): vars(session) for caller, session in sessions.items()}
    in_plain = [each.credentials.session_token.reveal() for each in sessions.values() if each.credentials]
    logging.getLogger("application").error("signing in gave %s", in_plain)
    raise RuntimeError(f"the stage breaks among {len(told)} sessions and {len(named)} names")


def _failing(request: api.ApiRequest, key: api.AwsCredentials | None) -> None:
    in_plain = None if key is None else (key.access_key_id.reveal(), key.secret_access_key.reveal())
    print("sending with", in_plain)  # noqa: T201  what a careless helper would do
    raise RuntimeError(f"sending {request.operation} breaks")


def _sending(_: Any, request: api.ApiRequest, sender: Any) -> None:
    _failing(request, getattr(sender, "credentials", None))


def pytest_configure() -> None:
    secret.Secret.__init__ = _watched  # type: ignore[method-assign]
    breaks = os.environ.get("BREAK", "")
    if breaks == "stage":
        setattr(stage, "Execution", _broken)  # noqa: B010  a module does not show its imports to mypy
    if breaks == "sending":
        from harness.attacks import sending  # noqa: PLC0415  only where it is broken

        sending.Sender.send_one = _sending  # type: ignore[method-assign,assignment]


def pytest_unconfigure() -> None:
    Path(os.environ["SECRETS"]).write_text(json.dumps(sorted(_made)), encoding="utf-8")
