"""What CreateUserPool and UpdateUserPool set and what of it decides something later.

An update replaces everything it can set: what it leaves out goes back to its default (aws-semantics 4.3 says so of app
clients, the service model of pools).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.emulator.operations import accepting
from harness.emulator.service import NotDerivableError, ServiceError
from harness.emulator.unconfirmed import user_pools as unconfirmed
from harness.emulator.user_pools.schema import PasswordPolicy, password_policy_of

if TYPE_CHECKING:
    from collections.abc import Mapping

_TRIGGERS = ("PreSignUp", "PostConfirmation", "PreAuthentication", "PostAuthentication", "PreTokenGeneration")
_ECHOED = (
    "DeletionProtection",
    "AutoVerifiedAttributes",
    "MfaConfiguration",
    "AdminCreateUserConfig",
    "AccountRecoverySetting",
    "UserPoolTier",
    "UserAttributeUpdateSettings",
    "LambdaConfig",
    "EmailVerificationMessage",
    "EmailVerificationSubject",
    "SmsVerificationMessage",
    "VerificationMessageTemplate",
)

_ONLY_BY_DEFAULT = {
    "MfaConfiguration": "OFF",
    "VerificationMessageTemplate.DefaultEmailOption": "CONFIRM_WITH_CODE",
    "EmailConfiguration.EmailSendingAccount": "COGNITO_DEFAULT",
    "UserPoolAddOns.AdvancedSecurityMode": "OFF",
}

_MESSAGE_PARTS = ("DefaultEmailOption", "EmailMessage", "EmailSubject", "SmsMessage")

SETTINGS = accepting(
    "DeletionProtection AutoVerifiedAttributes MfaConfiguration AccountRecoverySetting UserPoolTier",
    "AdminCreateUserConfig.AllowAdminCreateUserOnly",
    "UserAttributeUpdateSettings.AttributesRequireVerificationBeforeUpdate",
    *(f"Policies.PasswordPolicy.{member}" for member in PasswordPolicy().described()),
    *(f"LambdaConfig.{trigger}" for trigger in _TRIGGERS),
    "LambdaConfig.PreTokenGenerationConfig",
    # The words of messages decide nothing here; how they are sent does, and is refused below.
    "EmailVerificationMessage EmailVerificationSubject SmsVerificationMessage",
    "AdminCreateUserConfig.InviteMessageTemplate",
    *(f"VerificationMessageTemplate.{part}" for part in _MESSAGE_PARTS),
    "EmailConfiguration.EmailSendingAccount UserPoolAddOns.AdvancedSecurityMode",
)


@dataclass(frozen=True, slots=True)
class PoolSettings:
    """The settings of a pool that can be updated.

    `recovery` has the names of AccountRecoverySetting in the order of their priority, None where none was set.
    `triggers` has the function's ARN per trigger, and `token_event_version` the form of the token trigger's event.
    """

    password_policy: PasswordPolicy
    auto_verified: frozenset[str]
    verified_before_update: frozenset[str]
    only_administrators_create_users: bool
    is_protected: bool
    recovery: tuple[str, ...] | None
    triggers: Mapping[str, str]
    token_event_version: int
    described: Mapping[str, Any]


def settings_of(params: Mapping[str, Any], *, runs_functions: bool) -> PoolSettings:
    """Return the settings that a request of CreateUserPool or UpdateUserPool makes.

    Raises ServiceError as Cognito does, and NotDerivableError for what is not implemented: any sort of second factor,
    text messages, and Lambda triggers in a cloud that runs no functions.
    """
    for path, default in _ONLY_BY_DEFAULT.items():
        name, _, member = path.partition(".")
        given = params.get(name)
        value = (given or {}).get(member) if member else given
        if value not in (None, default):
            raise NotDerivableError(f"{path} other than {default}")
    verified = frozenset(params.get("AutoVerifiedAttributes") or ())
    if "phone_number" in verified:
        raise NotDerivableError("AutoVerifiedAttributes phone_number, because no text messages are sent")
    update = params.get("UserAttributeUpdateSettings") or {}
    verified_first = frozenset(update.get("AttributesRequireVerificationBeforeUpdate") or ())
    if not verified_first <= verified:
        raise ServiceError("InvalidParameterException", unconfirmed.VERIFICATION_BEFORE_UPDATE_NEEDS_AUTO_VERIFICATION)
    triggers, version = _triggers(params.get("LambdaConfig") or {}, params.get("UserPoolTier") or "ESSENTIALS")
    if triggers and not runs_functions:
        raise NotDerivableError("LambdaConfig in a cloud without Lambda functions")
    return PoolSettings(
        password_policy=password_policy_of(params.get("Policies")),
        auto_verified=verified,
        verified_before_update=verified_first,
        only_administrators_create_users=bool(
            (params.get("AdminCreateUserConfig") or {}).get("AllowAdminCreateUserOnly")
        ),
        is_protected=params.get("DeletionProtection") == "ACTIVE",
        recovery=_recovery(params.get("AccountRecoverySetting") or {}),
        triggers=triggers,
        token_event_version=version,
        described={name: params[name] for name in _ECHOED if params.get(name) is not None},
    )


def _recovery(setting: Mapping[str, Any]) -> tuple[str, ...] | None:
    mechanisms = setting.get("RecoveryMechanisms")
    if not mechanisms:
        return None
    names = tuple(each["Name"] for each in sorted(mechanisms, key=lambda each: int(each["Priority"])))
    if "admin_only" in names and len(names) > 1:
        raise ServiceError("InvalidParameterException", unconfirmed.RECOVERY_ADMIN_ONLY_STANDS_ALONE)
    return names


def _triggers(config: Mapping[str, Any], tier: str) -> tuple[dict[str, str], int]:
    triggers = {name: config[name] for name in _TRIGGERS if config.get(name)}
    versioned = config.get("PreTokenGenerationConfig")
    if not versioned:
        return triggers, 1
    arn = versioned["LambdaArn"]
    if triggers.get("PreTokenGeneration", arn) != arn:
        raise ServiceError("InvalidParameterException", unconfirmed.TOKEN_TRIGGERS_DIFFER)
    version = int(versioned["LambdaVersion"][1])
    if version > 1 and tier == "LITE":
        raise ServiceError("FeatureUnavailableInTierException", unconfirmed.TOKEN_TRIGGER_NEEDS_TIER)
    return {**triggers, "PreTokenGeneration": arn}, version
