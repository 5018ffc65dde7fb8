"""What a user pool demands of attributes and passwords."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

from harness.emulator.service import NotDerivableError, ServiceError
from harness.emulator.unconfirmed import user_pools as unconfirmed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from harness.secret import Secret

_NUMBER = re.compile(r"-?\d+")
_STRING_STANDARD_ATTRIBUTES = (
    "name given_name family_name middle_name nickname preferred_username profile picture website email gender "
    "zoneinfo locale phone_number address"
)
_CUSTOM_VALUE_LENGTH = 2048
_CUSTOM_ATTRIBUTES = 50


@dataclass(frozen=True, slots=True)
class SchemaAttribute:
    """One attribute a pool knows. Custom attributes carry their prefix in the name, `custom:` or `dev:custom:`."""

    name: str
    data_type: str
    mutable: bool = True
    required: bool = False
    developer_only: bool = False
    minimum: int | None = None
    maximum: int | None = None

    def described(self) -> dict[str, Any]:
        """Return the attribute as DescribeUserPool shows it."""
        shown: dict[str, Any] = {
            "Name": self.name,
            "AttributeDataType": self.data_type,
            "DeveloperOnlyAttribute": self.developer_only,
            "Mutable": self.mutable,
            "Required": self.required,
        }
        kind = {"String": ("StringAttributeConstraints", "Length"), "Number": ("NumberAttributeConstraints", "Value")}
        if self.data_type in kind:
            member, noun = kind[self.data_type]
            limits = {f"Min{noun}": self.minimum, f"Max{noun}": self.maximum}
            shown[member] = {name: str(limit) for name, limit in limits.items() if limit is not None}
        return shown

    def check(self, value: str) -> None:
        """Return when the value conforms; raises ServiceError InvalidParameterException otherwise."""
        reason = self._objection(value)
        if reason:
            message = unconfirmed.ATTRIBUTE_MALFORMED.format(name=self.name, reason=reason)
            raise ServiceError("InvalidParameterException", message)

    def _objection(self, value: str) -> str | None:
        if self.data_type == "Boolean":
            return None if value in ("true", "false") else "Boolean must be true or false"
        measure = len(value)
        if self.data_type == "Number":
            if not _NUMBER.fullmatch(value):
                return "Number must be a whole number"
            measure = int(value)
        if self.minimum is not None and measure < self.minimum:
            return f"{self.data_type} must not be less than {self.minimum}"
        if self.maximum is not None and measure > self.maximum:
            return f"{self.data_type} must not be more than {self.maximum}"
        return None


def standard_schema() -> dict[str, SchemaAttribute]:
    """Return the standard attributes every pool has."""
    attributes = [
        SchemaAttribute("sub", "String", mutable=False, required=True, minimum=1, maximum=2048),
        *(
            SchemaAttribute(name, "String", minimum=0, maximum=_CUSTOM_VALUE_LENGTH)
            for name in _STRING_STANDARD_ATTRIBUTES.split()
        ),
        SchemaAttribute("birthdate", "String", minimum=10, maximum=10),
        SchemaAttribute("updated_at", "Number", minimum=0),
        SchemaAttribute("email_verified", "Boolean"),
        SchemaAttribute("phone_number_verified", "Boolean"),
    ]
    return {attribute.name: attribute for attribute in attributes}


@dataclass(frozen=True, slots=True)
class PasswordPolicy:
    """What a pool asks of passwords; the defaults are Cognito's."""

    minimum_length: int = 8
    require_uppercase: bool = True
    require_lowercase: bool = True
    require_numbers: bool = True
    require_symbols: bool = True
    temporary_validity_days: int = 7

    def described(self) -> dict[str, Any]:
        """Return the policy as the API shows it."""
        return {
            "MinimumLength": self.minimum_length,
            "RequireUppercase": self.require_uppercase,
            "RequireLowercase": self.require_lowercase,
            "RequireNumbers": self.require_numbers,
            "RequireSymbols": self.require_symbols,
            "TemporaryPasswordValidityDays": self.temporary_validity_days,
        }

    def check(self, password: Secret) -> None:
        """Return when the password conforms; raises ServiceError InvalidPasswordException otherwise."""
        value = password.reveal()
        objections = (
            (len(value) < self.minimum_length, "Password not long enough"),
            (self.require_uppercase and not re.search("[A-Z]", value), "Password must have uppercase characters"),
            (self.require_lowercase and not re.search("[a-z]", value), "Password must have lowercase characters"),
            (self.require_numbers and not re.search("[0-9]", value), "Password must have numeric characters"),
            (self.require_symbols and value.isalnum(), "Password must have symbol characters"),
        )
        for objectionable, reason in objections:
            if objectionable:
                raise ServiceError("InvalidPasswordException", unconfirmed.PASSWORD_POLICY.format(reason=reason))


def schema_of(requested: Iterable[Mapping[str, Any]]) -> dict[str, SchemaAttribute]:
    """Return the standard attributes with what CreateUserPool's Schema changes and adds.

    Raises ServiceError InvalidParameterException for an attribute named twice, a required custom attribute and a
    changed type of a standard one.
    """
    schema = standard_schema()
    seen: set[str] = set()
    for entry in requested:
        attribute = _requested_attribute(entry, schema)
        if attribute.name in seen:
            raise _duplicate(attribute.name)
        seen.add(attribute.name)
        schema[attribute.name] = attribute
    _check_count(schema)
    return schema


def with_custom_attributes(
    schema: Mapping[str, SchemaAttribute], requested: Iterable[Mapping[str, Any]]
) -> dict[str, SchemaAttribute]:
    """Return the schema with what AddCustomAttributes adds; nothing in it can be changed or removed.

    Raises ServiceError InvalidParameterException for a name that is taken, LimitExceededException for too many.
    """
    extended = dict(schema)
    for entry in requested:
        # Custom attributes have a name space of their own, so the standard ones are not looked at.
        attribute = _requested_attribute(entry, {})
        if attribute.name in extended:
            raise _duplicate(attribute.name)
        extended[attribute.name] = attribute
    _check_count(extended)
    return extended


def _duplicate(name: str) -> ServiceError:
    return ServiceError("InvalidParameterException", unconfirmed.SCHEMA_DUPLICATE.format(name=name))


def _check_count(schema: Mapping[str, SchemaAttribute]) -> None:
    if len([name for name in schema if ":" in name]) > _CUSTOM_ATTRIBUTES:
        raise ServiceError("LimitExceededException", unconfirmed.TOO_MANY_CUSTOM_ATTRIBUTES)


def _requested_attribute(entry: Mapping[str, Any], schema: Mapping[str, SchemaAttribute]) -> SchemaAttribute:
    name = entry.get("Name")
    if not name:
        raise NotDerivableError("a Schema entry without Name")
    developer_only = bool(entry.get("DeveloperOnlyAttribute"))
    limits = entry.get("StringAttributeConstraints") or entry.get("NumberAttributeConstraints") or {}
    minimum, maximum = (_limit(limits, bound) for bound in ("Min", "Max"))
    required = bool(entry.get("Required"))
    standard = schema.get(name)
    if standard is not None:
        if developer_only or entry.get("AttributeDataType", standard.data_type) != standard.data_type:
            message = unconfirmed.STANDARD_TYPE_FIXED.format(name=name)
            raise ServiceError("InvalidParameterException", message)
        return replace(
            standard,
            mutable=bool(entry.get("Mutable", standard.mutable)),
            required=required,
            minimum=standard.minimum if minimum is None else minimum,
            maximum=standard.maximum if maximum is None else maximum,
        )
    if required:
        raise ServiceError("InvalidParameterException", unconfirmed.CUSTOM_REQUIRED)
    data_type = entry.get("AttributeDataType", "String")
    if data_type == "DateTime":
        raise NotDerivableError("AttributeDataType DateTime")
    if data_type == "String" and maximum is None:
        maximum = _CUSTOM_VALUE_LENGTH
    return SchemaAttribute(
        f"dev:custom:{name}" if developer_only else f"custom:{name}",
        data_type,
        mutable=bool(entry.get("Mutable", True)),
        developer_only=developer_only,
        minimum=minimum,
        maximum=maximum,
    )


def _limit(limits: Mapping[str, str], bound: str) -> int | None:
    given = limits.get(f"{bound}Length") or limits.get(f"{bound}Value")
    if given and not _NUMBER.fullmatch(given):
        raise ServiceError("InvalidParameterException", unconfirmed.LIMIT_NOT_A_NUMBER.format(value=given))
    return int(given) if given else None


def password_policy_of(requested: Mapping[str, Any] | None) -> PasswordPolicy:
    """Return the password policy of CreateUserPool's Policies, Cognito's default policy where there is none."""
    given = dict((requested or {}).get("PasswordPolicy") or {})
    if given and unconfirmed.OMITTED_PASSWORD_RULES_ARE_OFF:
        given = {name: False for name in PasswordPolicy().described() if name.startswith("Require")} | given
    names = dict(zip(PasswordPolicy().described(), (each.name for each in fields(PasswordPolicy)), strict=True))
    return PasswordPolicy(**{names[member]: value for member, value in given.items() if value is not None})
