"""Lists of whatever is in an account, all pages of them, as the SDK's own models say how pages follow each other."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from botocore.loaders import Loader

from harness.deployment import operate
from harness.errors import DeploymentError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from harness.targets.target import Target


def pages(target: Target, service: str, operation: str, **params: Any) -> Iterator[Mapping[str, Any]]:
    """Yield the answers of a List operation, page by page. Raises DeploymentError for a refusal, or an endless list."""
    paginator = _paginator(service, operation)
    inputs, outputs = (_several(paginator[name]) for name in ("input_token", "output_token"))
    asked: dict[str, Any] = {}
    while True:
        answer = operate(target, service, operation, **params, **asked)
        yield answer
        more = paginator.get("more_results")
        if more is not None and not answer.get(more):
            return
        following = {name: answer[token] for name, token in zip(inputs, outputs, strict=True) if answer.get(token)}
        if not following:
            return
        if following == asked:
            raise DeploymentError(f"{service}:{operation} on the {target.name} target gives the same page again")
        asked = following


def entries(target: Target, service: str, operation: str, member: str, **params: Any) -> Iterator[Any]:
    """Yield everything that stands in a member of a list, whatever page it stands on."""
    for page in pages(target, service, operation, **params):
        yield from page.get(member) or ()


@cache
def _paginator(service: str, operation: str) -> dict[str, Any]:
    model = Loader().load_service_model(service, "paginators-1")
    found: dict[str, Any] = model["pagination"][operation]
    return found


def _several(tokens: str | list[str]) -> list[str]:
    return [tokens] if isinstance(tokens, str) else tokens
