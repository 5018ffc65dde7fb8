"""The one call to DynamoDB that most techniques of this package consist of."""

from __future__ import annotations

from typing import Any

from harness.targets.api import ApiRequest


def item_call(operation: str, **params: Any) -> tuple[ApiRequest, ...]:
    """Return the steps of a technique that sends one request to DynamoDB."""
    return (ApiRequest("dynamodb", operation, params),)
