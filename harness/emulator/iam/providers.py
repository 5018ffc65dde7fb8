"""OpenID Connect providers: whose tokens AssumeRoleWithWebIdentity takes in this account, and for which clients."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.emulator.global_keys import timestamp
from harness.emulator.iam.answers import paged, tag_list
from harness.emulator.iam.owner_policies import tagged, untagged
from harness.emulator.iam.state import OidcProvider, already_exists, check_quota
from harness.emulator.operations import Operation, accepting
from harness.emulator.service import ServiceError
from harness.emulator.unconfirmed import iam as unconfirmed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.emulator.clock import Clock
    from harness.emulator.iam.guards import IamGuards
    from harness.emulator.iam.state import IamState
    from harness.emulator.service import Call

_SCHEME = "https://"
_PROVIDERS = 100
_CLIENTS = 100


class OidcProviderOperations:
    """The operations on OpenID Connect providers of one account. Thumbprints are kept and decide nothing."""

    def __init__(self, state: IamState, guards: IamGuards, clock: Clock) -> None:
        self._state = state
        self._guards = guards
        self._clock = clock

    def operations(self) -> dict[str, Operation]:
        """Return the operations by name."""
        arn, guard = "OpenIDConnectProviderArn", self._guards.provider
        create = accepting("Url ClientIDList ThumbprintList Tags")
        return {
            "CreateOpenIDConnectProvider": Operation(self._create, create, self._guards.creates_provider),
            "GetOpenIDConnectProvider": Operation(self._get, accepting(arn), guard),
            "ListOpenIDConnectProviders": Operation(self._list, accepting(), self._guards.listing("oidc-provider/*")),
            "DeleteOpenIDConnectProvider": Operation(self._delete, accepting(arn), guard),
            "AddClientIDToOpenIDConnectProvider": Operation(self._add_client, accepting(arn, "ClientID"), guard),
            "RemoveClientIDFromOpenIDConnectProvider": Operation(
                self._remove_client, accepting(arn, "ClientID"), guard
            ),
            "UpdateOpenIDConnectProviderThumbprint": Operation(
                self._update_thumbprints, accepting(arn, "ThumbprintList"), guard
            ),
            "TagOpenIDConnectProvider": Operation(self._tag, accepting(arn, "Tags"), guard),
            "UntagOpenIDConnectProvider": Operation(self._untag, accepting(arn, "TagKeys"), guard),
            "ListOpenIDConnectProviderTags": Operation(self._list_tags, accepting(arn, "Marker MaxItems"), guard),
        }

    def _create(self, call: Call) -> Mapping[str, Any]:
        params, state = call.params, self._state
        url = params["Url"]
        if not url.startswith(_SCHEME) or "?" in url or ":" in url.removeprefix(_SCHEME):
            raise ServiceError("ValidationError", unconfirmed.OIDC_URL_INVALID)
        host_and_path = url.removeprefix(_SCHEME)
        arn = f"arn:aws:iam::{state.account}:oidc-provider/{host_and_path}"
        if arn in state.providers:
            raise already_exists(f"Provider with url {url} already exists.")
        check_quota(len(state.providers), _PROVIDERS, "OpenIdConnectProvidersPerAccount")
        clients = list(dict.fromkeys(params.get("ClientIDList") or ()))
        _check_clients(len(clients) - 1)
        thumbprints = list(params.get("ThumbprintList") or ())
        tags = tagged({}, params)
        state.providers[arn] = OidcProvider(arn, host_and_path, self._clock.now(), clients, thumbprints, tags)
        state.changed()
        return {"OpenIDConnectProviderArn": arn, **({"Tags": tag_list(tags)} if tags else {})}

    def _get(self, call: Call) -> Mapping[str, Any]:
        provider = self._provider(call)
        return {
            "Url": provider.url,
            "ClientIDList": provider.client_ids,
            "ThumbprintList": provider.thumbprints,
            "CreateDate": timestamp(provider.created),
            "Tags": tag_list(provider.tags),
        }

    def _list(self, _call: Call) -> Mapping[str, Any]:
        return {"OpenIDConnectProviderList": [{"Arn": arn} for arn in sorted(self._state.providers)]}

    def _delete(self, call: Call) -> Mapping[str, Any]:
        # Deleting a provider that is not there succeeds: the model calls the operation idempotent.
        self._state.providers.pop(call.params["OpenIDConnectProviderArn"], None)
        self._state.changed()
        return {}

    def _add_client(self, call: Call) -> Mapping[str, Any]:
        provider = self._provider(call)
        if call.params["ClientID"] not in provider.client_ids:
            _check_clients(len(provider.client_ids))
            provider.client_ids.append(call.params["ClientID"])
        return {}

    def _remove_client(self, call: Call) -> Mapping[str, Any]:
        provider = self._provider(call)
        provider.client_ids = [each for each in provider.client_ids if each != call.params["ClientID"]]
        return {}

    def _update_thumbprints(self, call: Call) -> Mapping[str, Any]:
        self._provider(call).thumbprints = list(call.params["ThumbprintList"])
        return {}

    def _tag(self, call: Call) -> Mapping[str, Any]:
        provider = self._provider(call)
        provider.tags = tagged(provider.tags, call.params)
        return {}

    def _untag(self, call: Call) -> Mapping[str, Any]:
        provider = self._provider(call)
        provider.tags = untagged(provider.tags, call.params)
        return {}

    def _list_tags(self, call: Call) -> Mapping[str, Any]:
        return paged("Tags", tag_list(self._provider(call).tags), call.params)

    def _provider(self, call: Call) -> OidcProvider:
        return self._state.provider(call.params["OpenIDConnectProviderArn"])


def _check_clients(count: int) -> None:
    check_quota(count, _CLIENTS, "ClientIdsPerOpenIdConnectProvider")
