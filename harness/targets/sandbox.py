"""The sandbox target: a real AWS account, behind guard rails that are checked before the first write.

| guard rail | what is asked |
| --- | --- |
| allow-list | the person has written down this account with this Region (`--sandbox ACCOUNT/REGION`) |
| confirmation | the variable ISOLATION_SANDBOX_CONFIRM holds the account's number |
| caller | not the root user |
| alias | the account has one, and it does not contain `prod` |

Until all hold, nothing but GetCallerIdentity, ListAccountAliases and GetRole is called, none of which writes.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

import botocore.session
from botocore.exceptions import BotoCoreError

from harness.errors import TargetError, UsageError
from harness.secret import Secret
from harness.targets.api import ApiRequest, AwsCredentials
from harness.targets.connection import Connection, caller_of
from harness.targets.remote import Place, RemoteTarget

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from harness.targets.api import ApiResponse

CONFIRMATION = "ISOLATION_SANDBOX_CONFIRM"
_ENTRY = re.compile(r"\d{12}/[a-z]{2}(-[a-z]+)+-\d")
_ASSUMED = re.compile(r"arn:aws:sts::\d{12}:assumed-role/(?P<role>[^/]+)/.+")


def connect_to_sandbox(
    allowed: Sequence[str],
    region: str,
    *,
    endpoint_url: str = "",
    environment: Mapping[str, str] | None = None,
    credentials: Callable[[], AwsCredentials] | None = None,
    only_looking: bool = False,
) -> Connection:
    """Return the connection to the account that AWS's usual chain of credentials leads to, if it may be attacked.

    `endpoint_url` is for rehearsals on an emulator; whoever is `only_looking` need not confirm. Raises UsageError that
    says what is missing when a guard rail does not hold, and TargetError when the account cannot be asked.
    """
    named = os.environ if environment is None else environment
    _check_allow_list(allowed, region)
    operator = credentials or _chain()
    unknown = RemoteTarget(Place("sandbox", region, "", endpoint_url), operator, "")
    try:
        account, arn = caller_of(_asked(unknown, "sts", "GetCallerIdentity"))
        _check_account(account, region, allowed)
        if arn.endswith(":root"):
            raise UsageError(f"the root user of {account} provisions nothing; sign in as a role made for the harness")
        alias = _checked_alias(unknown, account)
        if named.get(CONFIRMATION) != account and not only_looking:
            raise UsageError(f"nothing is done in {alias} before {CONFIRMATION}={account} says that it may be")
        return Connection(Place("sandbox", region, account, endpoint_url), operator, _principal(unknown, arn), alias)
    finally:
        unknown.close()


def _check_allow_list(allowed: Sequence[str], region: str) -> None:
    for entry in allowed:
        if not _ENTRY.fullmatch(entry):
            raise UsageError(f"--sandbox {entry} names no account and Region: those look like 123456789012/eu-west-1")
    if not any(entry.endswith(f"/{region}") for entry in allowed):
        listed = f"the list has {', '.join(allowed)}" if allowed else "the list is empty"
        raise UsageError(
            f"no account may be attacked in {region} ({listed}): write it down as --sandbox ACCOUNT/{region}, or as "
            "isolation_sandbox in pytest's configuration, and choose the Region with --region"
        )


def _check_account(account: str, region: str, allowed: Sequence[str]) -> None:
    if f"{account}/{region}" not in allowed:
        raise UsageError(
            f"these credentials are those of account {account}, which is not on the list of sandboxes in {region}: "
            f"{', '.join(allowed)}; use others (AWS_PROFILE), or write the account down if it is a sandbox"
        )


def _checked_alias(target: RemoteTarget, account: str) -> str:
    aliases = [str(alias) for alias in _asked(target, "iam", "ListAccountAliases").data.get("AccountAliases", [])]
    if not aliases:
        raise UsageError(
            f"account {account} has no alias, so that nobody can tell by its name that it is a sandbox: "
            "aws iam create-account-alias --account-alias NAME"
        )
    if any("prod" in alias.lower() for alias in aliases):
        raise UsageError(f"account {account} is called {', '.join(aliases)}: nothing with prod in its name is attacked")
    return aliases[0]


def _principal(target: RemoteTarget, arn: str) -> str:
    """Return the ARN by which a trust policy names whoever signs: that of the role, of which a session hides the path.

    Raises UsageError when the role may not be looked up.
    """
    assumed = _ASSUMED.fullmatch(arn)
    if assumed is None:
        return arn
    return str(_asked(target, "iam", "GetRole", RoleName=assumed["role"]).data["Role"]["Arn"])


def _asked(target: RemoteTarget, service: str, operation: str, **params: str) -> ApiResponse:
    answer = target.send_as_operator(ApiRequest(service, operation, params))
    if not answer.succeeded:
        raise TargetError(f"{service}:{operation} was refused with {answer.error_code}: {answer.message}")
    return answer


def _chain() -> Callable[[], AwsCredentials]:
    """Return AWS's usual chain of credentials (environment, profile, web identity ...), renewed as they expire."""
    try:
        found = botocore.session.Session().get_credentials()
    except BotoCoreError as error:
        raise UsageError(f"the AWS credentials cannot be read: {error}") from None
    if found is None:
        raise UsageError("there are no AWS credentials: set AWS_PROFILE, or sign in with `aws sso login`")

    def current() -> AwsCredentials:
        try:
            keys = found.get_frozen_credentials()
        except BotoCoreError as error:
            raise TargetError(f"the AWS credentials of the operator cannot be renewed: {error}") from None
        token = None if keys.token is None else Secret(keys.token)
        return AwsCredentials(Secret(keys.access_key or ""), Secret(keys.secret_key or ""), token)

    return current
