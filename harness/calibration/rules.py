"""The rules that a refusal can rest on: each is measured by a probe of its own, and named when a target lacks it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_IAM = "https://docs.aws.amazon.com/IAM/latest/UserGuide/"
_COGNITO = "https://docs.aws.amazon.com/cognito/latest/developerguide/"
_DYNAMODB = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/"
_S3 = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/"
_API = "https://docs.aws.amazon.com/apigateway/latest/developerguide/"
_EVALUATION = f"{_IAM}reference_policies_evaluation-logic.html"
_FINE_GRAINED = f"{_DYNAMODB}specifying-conditions.html"
_PARTIQL = f"{_DYNAMODB}ql-iam.html"
_INDEX_RESOURCES = f"{_DYNAMODB}api-permissions-reference.html"
_TRUST = f"{_COGNITO}role-trust-and-permissions.html"
_VERIFYING = f"{_COGNITO}amazon-cognito-user-pools-using-tokens-verifying-a-jwt.html"
_FLOW = f"{_COGNITO}authentication-flow.html"
_BY_ROLE = f"{_COGNITO}role-based-access-control.html"
_CLIENT_ATTRIBUTES = f"{_COGNITO}user-pool-settings-attributes.html"


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
    def title(self) -> str:
        """What AWS does by the rule, in one sentence."""
        return _FACTS[self].title

    @property
    def documentation(self) -> str:
        """The page of AWS that says so."""
        return _FACTS[self].documentation

    @property
    def section(self) -> str:
        """The section of our page of semantics."""
        return _FACTS[self].section


@dataclass(frozen=True, slots=True)
class _Fact:
    title: str
    documentation: str
    section: str


def _policies(service: str, what: str) -> _Fact:
    title = f"{service} refuses {what} to callers whose identity policies do not allow that action on that resource"
    return _Fact(title, _EVALUATION, "6.1")


def _leading_keys(what: str, documentation: str = _FINE_GRAINED) -> _Fact:
    return _Fact(f"a condition on dynamodb:LeadingKeys keeps {what} to the partitions it names", documentation, "1.1")


_FACTS: Mapping[Rule, _Fact] = {
    Rule.SIGNATURES: _Fact(
        "a request is refused whose signature was made with another secret, and one whose session token was changed",
        f"{_IAM}reference_sigv-troubleshooting.html",
        "7",
    ),
    Rule.IDENTITY_POLICIES_DYNAMODB: _policies("DynamoDB", "GetItem"),
    Rule.IDENTITY_POLICIES_S3: _policies("S3", "GetObject"),
    Rule.IDENTITY_POLICIES_STS: _policies("STS", "AssumeRole"),
    Rule.IDENTITY_POLICIES_IAM: _policies("IAM", "GetRole"),
    Rule.IDENTITY_POLICIES_COGNITO_IDENTITY: _policies("the administration of identity pools", "ListIdentities"),
    Rule.IDENTITY_POLICIES_COGNITO_IDP: _policies("the administration of user pools", "ListUsers"),
    Rule.IDENTITY_POLICIES_LAMBDA: _policies("Lambda", "Invoke"),
    Rule.IDENTITY_POLICIES_EXECUTE_API: _Fact(
        "a route with IAM authorization refuses callers whose policies do not allow it, and calls without a signature",
        f"{_API}api-gateway-control-access-using-iam-policies-to-invoke-api.html",
        "8",
    ),
    Rule.EXPLICIT_DENY: _Fact("a Deny statement wins over every Allow", _EVALUATION, "6.1"),
    Rule.PERMISSIONS_BOUNDARIES: _Fact(
        "what a role's permissions boundary does not allow is refused",
        f"{_IAM}access_policies_boundaries.html",
        "6.1",
    ),
    Rule.SESSION_POLICIES: _Fact(
        "what the policy passed to AssumeRole does not allow is refused to the session",
        f"{_IAM}access_policies.html#policies_session",
        "5.2",
    ),
    Rule.SESSION_TAGS: _Fact(
        "tags passed to AssumeRole are ${aws:PrincipalTag/...} of the session, in the values of policies",
        f"{_IAM}id_session-tags.html",
        "5.2",
    ),
    Rule.POLICY_VARIABLES: _Fact(
        "a variable in a policy stands for the caller's own value, in resources and in conditions",
        f"{_IAM}reference_policies_variables.html",
        "6.3",
    ),
    Rule.TRUST_PRINCIPALS: _Fact(
        "AssumeRole is refused to those whom the role's trust policy does not name, whatever their own policies allow",
        f"{_IAM}reference_policies_elements_principal.html",
        "5.2",
    ),
    Rule.TRUST_ACTIONS: _Fact(
        "session tags are refused by a role whose trust policy does not allow sts:TagSession",
        f"{_IAM}id_session-tags.html",
        "5.2",
    ),
    Rule.BUCKET_POLICY_GRANTS: _Fact(
        "a bucket policy lets in the principals that it names, and nobody else",
        f"{_S3}bucket-policies.html",
        "6.2",
    ),
    Rule.BUCKET_POLICY_DENIALS: _Fact(
        "a Deny in a bucket policy wins over the caller's own Allow", f"{_S3}bucket-policies.html", "6.1"
    ),
    Rule.S3_PREFIX: _Fact(
        "a condition on s3:prefix keeps listing to the prefixes it names, and refuses a listing without one",
        f"{_S3}amazon-s3-policy-keys.html",
        "2.2",
    ),
    Rule.TABLE_POLICIES: _Fact(
        "a table's own policy lets in the principals that it names and keeps out those that it denies",
        f"{_DYNAMODB}access-control-resource-based.html",
        "1.3",
    ),
    Rule.INDEX_RESOURCES: _Fact(
        "a grant on a table does not reach its indexes, which have ARNs of their own", _INDEX_RESOURCES, "1.1"
    ),
    Rule.LEADING_KEYS_GET_ITEM: _leading_keys("GetItem"),
    Rule.LEADING_KEYS_BATCH_GET_ITEM: _leading_keys("every key of a BatchGetItem"),
    Rule.LEADING_KEYS_QUERY: _leading_keys("Query"),
    Rule.LEADING_KEYS_SCAN: _Fact(
        "a Scan has no leading key, so that a condition which wants one refuses it", _FINE_GRAINED, "1.3"
    ),
    Rule.LEADING_KEYS_PUT_ITEM: _leading_keys("PutItem"),
    Rule.LEADING_KEYS_UPDATE_ITEM: _leading_keys("UpdateItem"),
    Rule.LEADING_KEYS_DELETE_ITEM: _leading_keys("DeleteItem"),
    Rule.LEADING_KEYS_BATCH_WRITE_ITEM: _leading_keys("every key of a BatchWriteItem"),
    Rule.LEADING_KEYS_TRANSACT_GET_ITEMS: _leading_keys("every entry of a TransactGetItems"),
    Rule.LEADING_KEYS_TRANSACT_WRITE_ITEMS: _leading_keys("every entry of a TransactWriteItems"),
    Rule.LEADING_KEYS_PARTIQL_READS: _leading_keys("PartiQL's SELECT", _PARTIQL),
    Rule.LEADING_KEYS_PARTIQL_WRITES: _leading_keys("PartiQL's INSERT, UPDATE and DELETE", _PARTIQL),
    Rule.LEADING_KEYS_INDEX: _leading_keys("Query on an index, by that index's own key"),
    Rule.DYNAMODB_ATTRIBUTES: _Fact(
        "a condition on dynamodb:Attributes refuses requests that name other attributes", _FINE_GRAINED, "1.2"
    ),
    Rule.DYNAMODB_SELECT: _Fact(
        "a condition on dynamodb:Select refuses requests for all attributes", _FINE_GRAINED, "1.2"
    ),
    Rule.DYNAMODB_RETURN_VALUES: _Fact(
        "a condition on dynamodb:ReturnValues refuses writes that ask for what they overwrite", _FINE_GRAINED, "1.2"
    ),
    Rule.IDENTITY_ID_VARIABLE: _Fact(
        "${cognito-identity.amazonaws.com:sub} stands for the identity id of the session", f"{_COGNITO}iam-roles.html", "3.4"
    ),
    Rule.PRINCIPAL_TAG_MAPS: _Fact(
        "an identity pool turns claims of the token into ${aws:PrincipalTag/...} of the session",
        f"{_COGNITO}using-afac-with-cognito-identity-pools.html",
        "3.3",
    ),
    Rule.GROUP_ROLES: _Fact(
        "an identity pool gives the role of the user's group, and nobody else gets it", _BY_ROLE, "3.2"
    ),
    Rule.CUSTOM_ROLE_CHECK: _Fact(
        "an identity pool refuses a CustomRoleArn that is not among the roles of the token", _BY_ROLE, "3.2"
    ),
    Rule.ATTRIBUTE_RULES: _Fact(
        "an identity pool gives the role of the rule that the token's claims match, and refuses who matches none",
        _BY_ROLE,
        "3.2",
    ),
    Rule.IDENTITY_POOL_TRUST: _Fact(
        "the conditions on aud and amr in a role's trust policy bind identity pools", _TRUST, "3.4"
    ),
    Rule.WEB_IDENTITY_TRUST: _Fact(
        "the conditions on aud and amr in a role's trust policy bind AssumeRoleWithWebIdentity", _TRUST, "3.4"
    ),
    Rule.WEB_IDENTITY_SESSION_POLICIES: _Fact(
        "what the policy passed to AssumeRoleWithWebIdentity does not allow is refused to the session",
        f"{_IAM}access_policies.html#policies_session",
        "5.2",
    ),
    Rule.IDENTITY_OWNERSHIP: _Fact(
        "an identity is given to nobody but the login that it belongs to", _FLOW, "3.7"
    ),
    Rule.GUEST_SCOPE_DOWN: _Fact(
        "guests get no further than the services that Cognito leaves to them", f"{_COGNITO}iam-roles.html", "3.6"
    ),
    Rule.GUESTS_CLOSED: _Fact("without guests, an identity pool gives nothing without a token", _FLOW, "3.7"),
    Rule.CLASSIC_FLOW_CLOSED: _Fact(
        "an identity pool whose classic flow is off issues no OpenID tokens", _FLOW, "3.5"
    ),
    Rule.TOKEN_SIGNATURES: _Fact(
        "an identity pool refuses tokens that are unsigned, rewritten, or signed with another key", _VERIFYING, "3.7"
    ),
    Rule.TOKEN_ALGORITHMS: _Fact(
        "an identity pool refuses a token that is signed with the public key as a shared secret", _VERIFYING, "3.7"
    ),
    Rule.TOKEN_KEY_IDS: _Fact("an identity pool refuses a token under an unknown key id", _VERIFYING, "3.7"),
    Rule.TOKEN_AUDIENCE: _Fact(
        "an identity pool refuses access tokens, and ID tokens of app clients that it does not know", _VERIFYING, "3.7"
    ),
    Rule.TOKEN_ISSUER: _Fact("an identity pool refuses tokens of other user pools", _VERIFYING, "3.7"),
    Rule.SERVER_SIDE_TOKEN_CHECK: _Fact(
        "an identity pool that asks the user pool refuses tokens of users who were signed out",
        f"{_COGNITO}token-revocation.html",
        "4.4",
    ),
    Rule.SIGN_UP_CLOSED: _Fact(
        "nobody signs up where administrators alone make users", f"{_COGNITO}how-to-create-user-accounts.html", "4.3"
    ),
    Rule.SIGN_UP_CONFIRMATION: _Fact(
        "who has not confirmed the sign-up gets no tokens",
        f"{_COGNITO}signing-up-users-in-your-app.html",
        "4.5",
    ),
    Rule.USER_NAMES: _Fact(
        "a user name is taken in capital letters too, where the pool does not tell them apart",
        f"{_COGNITO}user-pool-case-sensitivity.html",
        "4.3",
    ),
    Rule.USER_EXISTENCE: _Fact(
        "an app client that hides missing users answers for them as it does for wrong passwords",
        f"{_COGNITO}cognito-user-pool-managing-errors.html",
        "4.3",
    ),
    Rule.WRITE_ATTRIBUTES: _Fact(
        "users write only the attributes that the app client lets them", _CLIENT_ATTRIBUTES, "4.3"
    ),
    Rule.IMMUTABLE_ATTRIBUTES: _Fact("an immutable attribute is never written again", _CLIENT_ATTRIBUTES, "4.3"),
    Rule.SIGN_OUT: _Fact(
        "after a session was revoked its refresh token is refused", f"{_COGNITO}token-revocation.html", "4.4"
    ),
    Rule.API_TOKEN_AUTHORIZERS: _Fact(
        "an HTTP API with a JWT authorizer refuses calls without a token, and with a forged or foreign one",
        f"{_API}http-api-jwt-authorizer.html",
        "8",
    ),
    Rule.API_COGNITO_AUTHORIZERS: _Fact(
        "a REST API with a Cognito authorizer refuses calls without a token, and with a forged or foreign one",
        f"{_API}apigateway-integrate-with-cognito.html",
        "8",
    ),
    Rule.API_FUNCTION_AUTHORIZERS: _Fact(
        "an HTTP API refuses what its Lambda authorizer refuses",
        f"{_API}http-api-lambda-authorizer.html",
        "8",
    ),
}
