"""The rules that a refusal can rest on: each is measured by a probe of its own, and named when a target lacks it.

What they mean is data: rules.toml.
"""

from __future__ import annotations

import tomllib
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class Rule(StrEnum):
    """One rule of AWS that keeps somebody out. The value is its name in files, tables and reasons."""

    SIGNATURES = "signatures"
    IDENTITY_POLICIES_DYNAMODB = "identity-policies-dynamodb"
    IDENTITY_POLICIES_S3 = "identity-policies-s3"
    IDENTITY_POLICIES_STS = "identity-policies-sts"
    IDENTITY_POLICIES_IAM = "identity-policies-iam"
    IDENTITY_POLICIES_COGNITO_IDENTITY = "identity-policies-cognito-identity"
    IDENTITY_POLICIES_COGNITO_IDP = "identity-policies-cognito-idp"
    IDENTITY_POLICIES_LAMBDA = "identity-policies-lambda"
    IDENTITY_POLICIES_EXECUTE_API = "identity-policies-execute-api"
    EXPLICIT_DENY = "explicit-deny"
    PERMISSIONS_BOUNDARIES = "permissions-boundaries"
    SESSION_POLICIES = "session-policies"
    SESSION_TAGS = "session-tags"
    POLICY_VARIABLES = "policy-variables"
    TRUST_PRINCIPALS = "trust-principals"
    TRUST_ACTIONS = "trust-actions"
    BUCKET_POLICY_GRANTS = "bucket-policy-grants"
    BUCKET_POLICY_DENIALS = "bucket-policy-denials"
    S3_PREFIX = "s3-prefix"
    TABLE_POLICIES = "table-policies"
    INDEX_RESOURCES = "index-resources"
    LEADING_KEYS_GET_ITEM = "leading-keys-get-item"
    LEADING_KEYS_BATCH_GET_ITEM = "leading-keys-batch-get-item"
    LEADING_KEYS_QUERY = "leading-keys-query"
    LEADING_KEYS_SCAN = "leading-keys-scan"
    LEADING_KEYS_PUT_ITEM = "leading-keys-put-item"
    LEADING_KEYS_UPDATE_ITEM = "leading-keys-update-item"
    LEADING_KEYS_DELETE_ITEM = "leading-keys-delete-item"
    LEADING_KEYS_BATCH_WRITE_ITEM = "leading-keys-batch-write-item"
    LEADING_KEYS_TRANSACT_GET_ITEMS = "leading-keys-transact-get-items"
    LEADING_KEYS_TRANSACT_WRITE_ITEMS = "leading-keys-transact-write-items"
    LEADING_KEYS_PARTIQL_READS = "leading-keys-partiql-reads"
    LEADING_KEYS_PARTIQL_WRITES = "leading-keys-partiql-writes"
    LEADING_KEYS_INDEX = "leading-keys-index"
    DYNAMODB_ATTRIBUTES = "dynamodb-attributes"
    DYNAMODB_SELECT = "dynamodb-select"
    DYNAMODB_RETURN_VALUES = "dynamodb-return-values"
    IDENTITY_ID_VARIABLE = "identity-id-variable"
    PRINCIPAL_TAG_MAPS = "principal-tag-maps"
    GROUP_ROLES = "group-roles"
    CUSTOM_ROLE_CHECK = "custom-role-check"
    ATTRIBUTE_RULES = "attribute-rules"
    IDENTITY_POOL_TRUST = "identity-pool-trust"
    WEB_IDENTITY_TRUST = "web-identity-trust"
    WEB_IDENTITY_SESSION_POLICIES = "web-identity-session-policies"
    IDENTITY_OWNERSHIP = "identity-ownership"
    GUEST_SCOPE_DOWN = "guest-scope-down"
    GUESTS_CLOSED = "guests-closed"
    CLASSIC_FLOW_CLOSED = "classic-flow-closed"
    TOKEN_SIGNATURES = "token-signatures"  # noqa: S105  the name of a rule, not a secret
    TOKEN_ALGORITHMS = "token-algorithms"  # noqa: S105  as above
    TOKEN_KEY_IDS = "token-key-ids"  # noqa: S105  as above
    TOKEN_AUDIENCE = "token-audience"  # noqa: S105  as above
    TOKEN_ISSUER = "token-issuer"  # noqa: S105  as above
    SERVER_SIDE_TOKEN_CHECK = "server-side-token-check"  # noqa: S105  as above
    SIGN_UP_CLOSED = "sign-up-closed"
    SIGN_UP_CONFIRMATION = "sign-up-confirmation"
    USER_NAMES = "user-names"
    USER_EXISTENCE = "user-existence"
    WRITE_ATTRIBUTES = "write-attributes"
    IMMUTABLE_ATTRIBUTES = "immutable-attributes"
    SIGN_OUT = "sign-out"
    API_TOKEN_AUTHORIZERS = "api-token-authorizers"  # noqa: S105  as above
    API_COGNITO_AUTHORIZERS = "api-cognito-authorizers"
    API_FUNCTION_AUTHORIZERS = "api-function-authorizers"

    @property
    def meaning(self) -> str:
        """What AWS does by the rule, in one sentence."""
        return _facts()[self]["meaning"]

    @property
    def documentation(self) -> str:
        """The page of AWS that says so."""
        return _facts()[self]["documentation"]

    @property
    def section(self) -> str:
        """The section of our page of semantics."""
        return _facts()[self]["section"]


@cache
def _facts() -> Mapping[str, Mapping[str, str]]:
    return tomllib.loads(files("harness.calibration").joinpath("rules.toml").read_text(encoding="utf-8"))
