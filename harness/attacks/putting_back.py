"""Leaving everybody as they were before an attempt, whatever came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.assets import restore
from harness.blueprints.contract import Effect
from harness.errors import TargetError
from harness.persistence import is_gone, performed
from harness.targets.api import ApiRequest

if TYPE_CHECKING:
    from harness.assets import Asset
    from harness.attacks.aim import Aim
    from harness.attacks.technique import Technique
    from harness.targets.target import Target


class PuttingBack:
    """Puts back, as the operator, what attempts have changed on one target. Raises TargetError when that fails."""

    def __init__(self, target: Target) -> None:
        self._target = target

    def after(self, technique: Technique, aim: Aim) -> None:
        """Undo what an attempt has done that was let through."""
        for request in () if technique.clean_up is None else technique.clean_up(aim):
            self._send(request)

    def in_doubt(self, technique: Technique, aim: Aim) -> None:
        """Undo what an attempt may have done of which nobody knows how far it came."""
        for request in () if technique.clean_up is None else technique.clean_up(aim):
            if request.operation != "AdminDeleteUser" or self._is_called_exactly_so(request):
                self._send(request, may_be_gone=True)
        # Settings are written where nobody has an asset.
        if technique.effect is Effect.WRITE and aim.attacked is not None:
            self.asset(aim.attacked)

    def asset(self, asset: Asset) -> None:
        """Make an asset as it was planted."""
        answer = performed(self._target, restore(asset))
        if not answer.succeeded:
            raise TargetError(f"the asset of {asset.owner} could not be put back: {answer.message}")

    def _send(self, request: ApiRequest, *, may_be_gone: bool = False) -> None:
        answer = performed(self._target, request)
        if not answer.succeeded and not (may_be_gone and is_gone(answer)):
            raise TargetError(f"{request.operation} could not put things back: {answer.message}")

    def _is_called_exactly_so(self, request: ApiRequest) -> bool:
        """Tell whether the user is the one meant, and not one whom a pool takes for the same in other letters."""
        whom = {name: request.params[name] for name in ("UserPoolId", "Username")}
        found = performed(self._target, ApiRequest("cognito-idp", "AdminGetUser", whom))
        return found.succeeded and found.data["Username"] == whom["Username"]
