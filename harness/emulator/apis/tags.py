"""Tags of APIs: the calls about them, and the condition keys they make (API Gateway guide, "Tagging")."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.emulator.apis.apis import ApiKind
from harness.emulator.operations import accepting, request_tags, resource_tags
from harness.emulator.service import NotDerivableError, ServiceError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from harness.emulator.apis.apis import Api, Apis
    from harness.emulator.service import Call

_NOT_DERIVED = frozenset({"aws:resourcetag/"})


@dataclass(frozen=True, slots=True)
class ApiTags:
    """The tags of one account's APIs of one generation in one Region.

    `collection` is what stands before an id in paths and ARNs, such as `restapis`; `arn`, `tags` and `keys` are how the
    generation names the members of its calls.
    """

    apis: Apis
    kind: ApiKind
    account: str
    region: str
    collection: str
    arn: str
    tags: str
    keys: str

    def operations(self) -> dict[str, tuple[Callable[[Call], Mapping[str, Any]], frozenset[str]]]:
        """Return the calls about tags by name, each with the parameters it takes."""
        return {
            "GetTags": (self._get, accepting(self.arn)),
            "TagResource": (self._tag, accepting(self.arn, self.tags)),
            "UntagResource": (self._untag, accepting(self.arn, self.keys)),
        }

    def condition_keys(self, params: Mapping[str, Any], path: str) -> tuple[dict[str, tuple[str, ...]], frozenset[str]]:
        """Return the condition keys that tags give a call to this path, and those that cannot be derived.

        The parts of a REST API, such as a method, have the tags of their API (API Gateway guide, "Tag inheritance");
        whether a route of an HTTP API has them is not documented.
        """
        removed = params.get(self.keys)
        keys = {"aws:tagkeys": tuple(removed)} if removed else request_tags(params.get(self.tags))
        api_id, _, part = path.partition(f"/{self.collection}/")[2].partition("/")
        api = self._find(api_id)
        inherited = self.kind is ApiKind.REST
        if self.arn in params or (api is not None and api.tags and part and not inherited):
            return keys, _NOT_DERIVED
        return {**resource_tags(api.tags if api is not None else None), **keys}, frozenset()

    def _find(self, api_id: str) -> Api | None:
        api = self.apis.find(api_id)
        mine = (self.kind, self.account, self.region)
        return api if api is not None and (api.kind, api.account, api.region) == mine else None

    def _named(self, params: Mapping[str, Any]) -> Api:
        before, found, api_id = params[self.arn].partition(f"arn:aws:apigateway:{self.region}::/{self.collection}/")
        if before or not found or "/" in api_id:
            raise NotDerivableError(f"tags of {params[self.arn]}")
        api = self._find(api_id)
        if api is None:
            raise ServiceError("NotFoundException", "Invalid API identifier specified", 404)
        return api

    def _get(self, call: Call) -> Mapping[str, Any]:
        return {self.tags: dict(self._named(call.params).tags)}

    def _tag(self, call: Call) -> Mapping[str, Any]:
        self._named(call.params).tags |= call.params[self.tags]
        return {}

    def _untag(self, call: Call) -> Mapping[str, Any]:
        for key in call.params[self.keys]:
            self._named(call.params).tags.pop(key, None)
        return {}
