"""Every place where the embedded target follows an assumption about AWS that no source confirms.

Each constant says what was assumed and which other answer is possible. When a live probe settles one, change it here
and move the fact to the reference; nothing else has to be touched.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# --- Parameter constraints -------------------------------------------------------------------------------------------

# Whether cognito-identity answers a failed pattern with InvalidParameterException or ValidationException.
CONSTRAINT_CODES = {
    "cognito-idp": "InvalidParameterException",
    "cognito-identity": "InvalidParameterException",
    "dynamodb": "ValidationException",
    "iam": "ValidationError",
    "sts": "ValidationError",
    "lambda": "ValidationException",
    "apigateway": "BadRequestException",
    "apigatewayv2": "BadRequestException",
}
# The words for a member of the wrong JSON type differ by service and type; the code is the common one.
WRONG_TYPE_CODE = "SerializationException"
WRONG_TYPE_MESSAGE = "Type of member '{path}' does not match its shape."

# Parameters of the query protocol that do not fit together, such as `Tags=x` beside `Tags.member.1.Key=y`.
MALFORMED_QUERY_CODE = "MalformedInput"
MALFORMED_QUERY_MESSAGE = "The request parameters cannot be put together."

# --- User pools ------------------------------------------------------------------------------------------------------

# A client without ReadAttributes: the model speaks of standard attributes only, in practice custom claims do appear.
# The side that cannot hide a leak is that everything is readable.
OMITTED_READ_ATTRIBUTES_READ_ALL = True
# A best-precedence group without a role, while groups of worse precedence carry different ones: it is passed over.
# Another possible answer is that cognito:preferred_role is then absent.
BEST_GROUP_WITHOUT_ROLE_IS_SKIPPED = True

# What holds for a rule that a given PasswordPolicy leaves out: it is off. Without any policy Cognito's defaults hold.
OMITTED_PASSWORD_RULES_ARE_OFF = True

# Messages known from use, without a recorded observation.
USER_EXISTS = "User account already exists"
GROUP_EXISTS = "A group with the name already exists."
GROUP_NOT_FOUND = "Group not found."
USER_NOT_FOUND = "User does not exist."
POOL_NOT_FOUND = "User pool {pool} does not exist."
CLIENT_NOT_FOUND = "User pool client {client} does not exist."
POOL_PROTECTED = (
    "The user pool cannot be deleted because deletion protection is activated. "
    "Deletion protection must be inactivated first."
)
USER_DISABLED = "User is disabled."
FLOW_NOT_ENABLED = "{flow} flow not enabled for this client"
ADMIN_FLOW_NOT_ENABLED = "Auth flow not enabled for this client"
FLOW_NOT_PUBLIC = "Initiate Auth method not supported."
MISSING_AUTH_PARAMETER = "Missing required parameter {name}"
REFRESH_TOKEN_INVALID = "Invalid Refresh Token"  # noqa: S105  a message, not a token
REFRESH_TOKEN_EXPIRED = "Refresh Token has expired"  # noqa: S105  as above
REFRESH_TOKEN_REVOKED = "Refresh Token has been revoked"  # noqa: S105  as above
ACCESS_TOKEN_INVALID = "Invalid Access Token"  # noqa: S105  as above
ACCESS_TOKEN_EXPIRED = "Access Token has expired"  # noqa: S105  as above
# The scope can be missing only where a pre token generation function suppressed it.
ACCESS_TOKEN_WITHOUT_SCOPE = "Access Token does not have required scopes"  # noqa: S105  as above
# GetTokensFromRefreshToken without rotation works whether the client enables the refresh flow or not.
REFRESH_OPERATION_NEEDS_REFRESH_FLOW = False
REFRESH_TOKEN_REUSED = "Refresh token has been invalidated by refresh token rotation"  # noqa: S105  as above
REFRESH_TOKEN_OF_ANOTHER_CLIENT = "Token was not issued to the client"  # noqa: S105  as above
TOKEN_TYPE_NOT_REVOCABLE = "Unsupported token type. Only refresh tokens can be revoked."  # noqa: S105  as above
REVOCATION_NOT_ENABLED = "Token revocation is not enabled for this client"
ROTATION_EXCLUDES_REFRESH_FLOW = (
    "ALLOW_REFRESH_TOKEN_AUTH cannot be enabled together with refresh token rotation for a client"
)
WRONG_PASSWORD = "Incorrect username or password."  # noqa: S105  a message
USER_NOT_CONFIRMED = "User is not confirmed."
PASSWORD_RESET_REQUIRED = "Password reset required for the user"  # noqa: S105  a message
SECRET_HASH_MISSING = "Client {client} is configured with secret but SECRET_HASH was not received"  # noqa: S105  as above
SECRET_HASH_WRONG = "SecretHash does not match for the client: {client}"  # noqa: S105  as above
SECRET_HASH_UNWANTED = "Unable to verify secret hash for client {client}"  # noqa: S105  as above
CLIENT_SECRET_WRONG = "Invalid client secret for client {client}"  # noqa: S105  as above
SRP_A_INVALID = "Invalid SRP_A"
# How far a client's clock may be off when it proves its password; only that there is a limit is known from use.
PROOF_CLOCK_SKEW = 300
PROOF_TIMESTAMP_REFUSED = "Invalid timestamp for the password proof"
CHALLENGE_SESSION_INVALID = "Invalid session for the user."
CHALLENGE_SESSION_EXPIRED = "Invalid session for the user, session is expired."
TEMPORARY_PASSWORD_EXPIRED = "Temporary password has expired and must be reset by an administrator."  # noqa: S105  a message
TOKEN_VALIDITY_RANGE = "Invalid range for token validity."  # noqa: S105  a message
READ_ATTRIBUTES_INVALID = "Invalid read attributes specified while creating a client"
WRITE_ATTRIBUTES_INVALID = "Invalid write attributes specified while creating a client"
PASSWORD_POLICY = "Password did not conform with policy: {reason}"  # noqa: S105  a message
ATTRIBUTE_UNKNOWN = "Attributes did not conform to the schema: Type for attribute {{{name}}} could not be determined"
ATTRIBUTE_MALFORMED = "Attributes did not conform to the schema: {name}: {reason}"
ATTRIBUTE_REQUIRED = "Attributes did not conform to the schema: {name}: The attribute is required"
ATTRIBUTE_NOT_DELETABLE = "user.{name}: Attribute cannot be deleted.\n"
ATTRIBUTE_NOT_VERIFIABLE = "Attribute {name} is not supported for verification"
ATTRIBUTE_WITHOUT_VALUE = "User does not have a value for the attribute {name}"
TOO_MANY_CUSTOM_ATTRIBUTES = "Number of custom attributes exceeds the limit of 50."
# An alias that two users may hold unverified, but verified only one; the words depend on where it is noticed.
ALIAS_EXISTS = "An account with the {name} already exists."
ADDRESS_EXISTS = "An account with the given {name} already exists."
ALIASES_EXCLUDE_USERNAME_ATTRIBUTES = "Only one of the aliasAttributes or usernameAttributes can be set in a user pool"
USERNAME_NOT_AN_ADDRESS = "Username should be {words}."
USERNAME_LOOKS_LIKE_ALIAS = "Username cannot be of {form} format, since user pool is configured for {form} alias."
SUB_IS_NOT_WRITABLE = "Cannot modify the non-mutable attribute sub"
LIMIT_NOT_A_NUMBER = "Invalid attribute constraint: {value} is not a number."
SCHEMA_DUPLICATE = "Attribute {name} is specified more than once in the schema."
STANDARD_TYPE_FIXED = (
    "You can not change AttributeDataType or set developerOnlyAttribute for standard schema attribute {name}"
)
CUSTOM_REQUIRED = "Required custom attributes are not supported currently."
# UpdateGroup: what the request leaves out stays as it is, a role among it. The other possible answer is removal.
UPDATE_GROUP_KEEPS_WHAT_IT_LEAVES_OUT = True
GROUPS_PER_POOL_EXCEEDED = "The user pool cannot have more than 10000 groups."
GROUPS_PER_USER = 100
GROUPS_PER_USER_EXCEEDED = "User cannot belong to more than 100 groups."
PAGINATION_TOKEN_INVALID = "Invalid pagination token."  # noqa: S105  a message

# Settings of pools.
VERIFICATION_BEFORE_UPDATE_NEEDS_AUTO_VERIFICATION = (
    "AttributesRequireVerificationBeforeUpdate can only contain attributes that are in AutoVerifiedAttributes"
)
RECOVERY_ADMIN_ONLY_STANDS_ALONE = "Invalid account recovery setting: admin_only cannot be combined with other options"
TOKEN_TRIGGERS_DIFFER = "PreTokenGeneration and PreTokenGenerationConfig must name the same function"  # noqa: S105  a message
# Which tiers may change access tokens is documented (Essentials and Plus); the words of the refusal are not.
TOKEN_TRIGGER_NEEDS_TIER = "Access token customization is not available in the tier of this user pool"  # noqa: S105  as above

# Codes and what they confirm. How long a code lives is documented (a day, an hour for passwords); after how many wrong
# ones Cognito stops listening follows a formula of its own and is approximated by a number.
WRONG_CODES_ALLOWED = 5
ATTEMPT_LIMIT = "Attempt limit exceeded, please try after some time."
CODE_EXPIRED = "Invalid code provided, please request a code again."
CODE_MISMATCH = "Invalid verification code provided, please try again."
USER_CANNOT_BE_CONFIRMED = "User cannot be confirmed. Current status is {status}"
USER_ALREADY_CONFIRMED = "User is already confirmed."
NOTHING_TO_VERIFY = "Cannot resend codes. Auto verification not turned on."
NOTHING_VERIFIED_TO_RESET_BY = (
    "Cannot reset password for the user as there is no registered/verified email or phone_number"
)
PASSWORD_NOT_RESETTABLE = "User password cannot be reset in the current state."  # noqa: S105  a message
RECOVERY_BY_ADMIN_ONLY = "Contact administrator to reset password."
INVITATION_NOT_RESENT = "Resend not possible. User is in {status} state"
NOWHERE_TO_INVITE = "User has no address to send the invitation to"
FILTER_MALFORMED = "Error while parsing filter."
FILTER_ATTRIBUTE_NOT_SEARCHABLE = "Invalid search attribute: {name}"
LISTED_ATTRIBUTE_UNKNOWN = "Invalid attribute {name} in attributesToGet."

# Triggers. A function that answers too late is called three times (developer guide); the words for it are remembered.
TRIGGER_ATTEMPTS = 3
# Whether post authentication runs as well after a user has chosen the first password: it does.
POST_AUTHENTICATION_RUNS_AFTER_A_NEW_PASSWORD = True
TRIGGER_TIMED_OUT = "{trigger} invocation failed due to error Socket timeout while invoking Lambda function."
TRIGGER_NOT_INVOKED = "{trigger} invocation failed due to error AccessDeniedException."
TRIGGER_FAILED = "{trigger} failed with error {error}."
TRIGGER_ANSWER_UNUSABLE = "Unrecognizable lambda output"
AUTO_VERIFIED_ATTRIBUTE_MISSING = "The attribute {name} cannot be verified automatically, because it has no value"

# --- Identity pools --------------------------------------------------------------------------------------------------

# A login token that is no compact JWT with a JSON payload.
LOGIN_TOKEN_MALFORMED = "Invalid login token. Not a valid OpenId Connect identity token."  # noqa: S105  a message
# The user behind the token is gone or signed out, and the provider has ServerSideTokenCheck: only the code is known.
SERVER_SIDE_CHECK_FAILED = "Invalid login token. User has been signed out or deleted."
# ServerSideTokenCheck is documented for signed-out and deleted users; for disabled ones it is an assumption.
SERVER_SIDE_CHECK_SEES_DISABLED_USERS = True
# The same for tokens of one sign-in that RevokeToken ended, and of a user who was disabled and is enabled again: the
# documentation names neither, so their ID tokens are taken.
SERVER_SIDE_CHECK_SEES_REVOKED_TOKENS = False
# Which identity stays when two are merged: the one that the request names, else the oldest. Cognito is only known to
# disable one of them. Keeping the named one is the side that cannot hide a take-over of a guest's identity.
LOGIN_CONFLICT = "Logins already linked to another identity of the same provider."
# What `amr` holds for logins other than those of user pools.
OIDC_METHOD = "{provider}:OIDC:{subject}"
DEVELOPER_METHOD = "{provider}:{pool}:{user}"
LOGIN_NOT_LINKED = "Logins to remove are not linked to this identity."
DEVELOPER_LOGIN_MISSING = "Please provide a valid developer provider."
DEVELOPER_USER_UNKNOWN = "Developer user identifier not found."
DEVELOPER_USER_REGISTERED = (
    "The provided developer user identifier is already registered with Cognito under a different identity ID."
)
DEVELOPER_LOOKUP_CONFLICT = "The developer user identifier and the identity do not belong together."
DEVELOPER_LOOKUP_EMPTY = "Either IdentityId or DeveloperUserIdentifier must be given."
RESOLUTION_MISSING = "AmbiguousRoleResolution is required for Type Token and Rules."
TOO_MANY_RULES = "RulesConfiguration may hold up to 25 rules."
RULES_AND_TYPE_DISAGREE = "RulesConfiguration belongs to Type Rules."
# DescribeIdentity and DeleteIdentities name no pool; they are authorized on the ARN of the identity's pool.
# Whether GetOpenIdToken takes a developer's token, as GetCredentialsForIdentity does: it does not.
# A CustomRoleArn outside cognito:roles, or not the role of a matching rule: the code is known, the words are not.
CUSTOM_ROLE_REFUSED = "Custom role is not allowed for this identity."
# What follows `for:` was not recorded.
AMBIGUOUS_ROLE = "The ambiguous role mapping rules for: {provider} denied this request."
# How the value of an array claim is compared in a rule: as the JSON text of the list, so that `Contains` is a
# substring match (group `admin` matches `not-admin`). Element equality is the other possible answer.
ARRAY_CLAIMS_ARE_COMPARED_AS_JSON_TEXT = True
# The value of aws:FederatedProvider in a session of an identity pool.
FEDERATED_PROVIDER = "cognito-identity.amazonaws.com"

# A claim that the tag map names and the token lacks: the session simply has no such tag (see `tags_for`).
# The total size counts keys and values; only the number 460 is documented.
TAG_VALUE_TOO_LONG = "Session tag value must have length less than or equal to 256"
TAGS_TOO_LARGE = "Packed size of session tags consumes more than 100% of allotted space."

# --- STS -------------------------------------------------------------------------------------------------------------

SESSION_POLICY_LIMIT = 2048
SESSION_POLICY_TOO_LONG = (
    "1 validation error detected: Value at 'policy' failed to satisfy constraint: "
    "Member must have length less than or equal to 2048"
)
SESSION_POLICY_ARN_INVALID = "The policy {arn} does not exist or cannot be used for this session."
TOO_MANY_SESSION_POLICIES = (
    "1 validation error detected: Value at 'policyArns' failed to satisfy constraint: "
    "Member must have length less than or equal to 10"
)
PACKED_POLICY_TOO_LARGE = "Packed policy consumes {percent}% of allotted space"
PACKED_TAGS_TOO_LARGE = "Packed size of session tags consumes {percent}% of allotted space."
TAG_KEY_TOO_LONG = "Session tags must be at most 50, with keys of 1 to 128 characters."
TRANSITIVE_TAG_MISSING = "The specified transitive tag key must be included in the requested tags."
# Code and words of a session tag whose key the caller's session hands down; that it fails is documented.
TRANSITIVE_TAG_OVERRIDDEN = (
    "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the "
    "calling session."
)
# Inherited transitive tags ask for no sts:TagSession at the next role; an inherited source identity does ask for
# sts:SetSourceIdentity, as its documentation says.
SOURCE_IDENTITY_IS_SET = "The source identity of a session cannot be changed by role chaining."
NO_SESSION_CREDENTIALS = "Cannot call {operation} with session credentials"
# IAM refuses the credentials of GetSessionToken (without MFA) and GetFederationToken; the code is remembered.
IAM_REFUSES_SESSIONS_CODE = "InvalidClientTokenId"
IAM_REFUSES_SESSIONS = "The security token included in the request is invalid"
WEB_IDENTITY_SIGNATURE = (
    "Couldn't retrieve verification key from your identity provider, please reference AssumeRoleWithWebIdentity "
    "documentation for requirements"
)
WEB_IDENTITY_AUDIENCE = "Incorrect token audience"
WEB_IDENTITY_EXPIRED = "Token expired: current date/time {now} must be before the expiration date/time {expires}"
ISSUER_UNREACHABLE = "Couldn't retrieve verification key from your identity provider"
TAGS_CLAIM_MALFORMED = "The session tags in the token are not valid."
TAG_KEYS_REPEATED = "Duplicate tag keys found. Please note that Tag keys are case insensitive."


def packed_policy_size(policy: str, arns: Sequence[str] = (), tags: Mapping[str, str] = MappingProxyType({})) -> int:
    """Return PackedPolicySize, approximated as the share of 2,048 characters that policy, ARNs and tags take up.

    AWS packs in an unknown way: policies of 736 and 1,690 characters were seen to need 82 % and 157 %, so that what is
    accepted here may still be refused there.
    """
    characters = len(policy) + sum(map(len, arns)) + sum(len(key) + len(value) for key, value in tags.items())
    return -(-100 * characters // SESSION_POLICY_LIMIT)


# --- IAM -------------------------------------------------------------------------------------------------------------

# A Federated principal is taken whether or not its provider exists; no token could come from one that does not.
# A trust policy for cognito-identity.amazonaws.com without a condition is taken, although AWS refuses new ones: older
# roles may still have one, and refusing it would hide the leak that it is.
# Tags of a role count in a session as they were when the role was assumed, those of a user as they are.
# UpdateRole without a Description leaves the description as it was.
IAM_MARKER_INVALID = "Invalid Marker."
NO_BOUNDARY = "The {kind} with name {name} does not have a permissions boundary."
NOT_A_USER = "Must specify userName when calling with non-User credentials"
TOO_MANY_TAGS = "Cannot exceed quota for TagsPerResource: 50"
TOO_MANY_POLICY_VERSIONS = (
    "A managed policy can have up to 5 versions. Before you create a new version, you must delete an existing version."
)
POLICY_HAS_VERSIONS = (
    "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. "
    "The default version is deleted with the policy."
)
AWS_POLICY_IS_FIXED = "Policy {arn} is not changeable."
OIDC_URL_INVALID = "Invalid Open ID Connect Provider URL"

# --- Signatures ------------------------------------------------------------------------------------------------------

# Services of the REST-JSON protocol use the codes of the JSON services, with the status of the query services.
REST_JSON_SIGNATURE_STATUS = 403
# Words and, for the headers, codes: remembered, not observed.
SIGNED_TWICE = "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header."
SCOPE_DATE_DIFFERS = (
    "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '{}' != '{}', from '{}'."
)
HEADERS_NOT_SIGNED = (
    "'Host' or ':authority' and every 'x-amz-*' header must be a 'SignedHeader' in the AWS Authorization."
)
S3_HEADERS_NOT_SIGNED = "There were headers present in the request which were not signed"
# Of query services, signing twice is answered as by JSON services; only S3's code and words were observed.
S3_SIGNED_TWICE = (
    "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter or "
    "the Authorization header should be specified"
)
# 400 in older pages of common errors, 403 in newer ones.
INCOMPLETE_SIGNATURE_STATUS = 403
SIGNATURE_MALFORMED = "Authorization header requires a credential of five parts, signed headers and a signature."
# Words of S3 for presigned requests; other services answer them with their code for incomplete signatures.
PRESIGNED_INCOMPLETE = (
    "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, "
    "X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters."
)
PRESIGNED_TOO_LONG = (
    "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than "
    "604800 seconds"
)

# --- DynamoDB --------------------------------------------------------------------------------------------------------

# The entries of a transaction that share an action and a table are authorized together: dynamodb:LeadingKeys then holds
# the keys of all of them. The other possible answer is one decision per entry, which is stricter where a policy uses
# ForAnyValue and more lenient where different statements allow different entries; a transaction of one entry is
# decided alike under both. Parameters that differ between the pooled entries make their condition key underivable.
TRANSACTION_ENTRIES_ARE_POOLED = True
# dynamodb:Select of a query or scan of an index without projection and without Select.
SELECT_OF_AN_INDEX_WITHOUT_PROJECTION = "ALL_PROJECTED_ATTRIBUTES"
# Which action EXISTS(SELECT ...) of a PartiQL transaction needs: that of its verb. The other answer is
# ConditionCheckItem.
ACTION_OF_EXISTS = "PartiQLSelect"
# dynamodb:FullTableScan of a SELECT that is bound to partitions: "false" satisfies a grant on Bool false, which an
# absent key would not; the documented Deny on Bool true meets neither.
FULL_TABLE_SCAN_OF_A_KEYED_SELECT = "false"
# dynamodb:EnclosingOperation of a statement in BatchExecuteStatement: absent. Its name is the other possible answer.
BATCH_STATEMENTS_HAVE_AN_ENCLOSING_OPERATION = False
# A denied statement of BatchExecuteStatement: the service model lists AccessDenied among the errors of one statement,
# the reference (aws-semantics 1.1) derives that one denial refuses the whole call. Refusing everything is unmistakable.
DENIED_STATEMENT_REFUSES_THE_BATCH = True
# Words for a page token of another statement, and for a batch that reads and writes.
NEXT_TOKEN_INVALID = "The provided NextToken is not valid for this statement."  # noqa: S105  a message
BATCH_READS_AND_WRITES = "BatchExecuteStatement does not support both read and write operations in the same request."
# Resource-based policies: the codes and the first half of the second message are observed, these words are not.
POLICY_TOO_LARGE = (
    "One or more parameter values were invalid: Resource-based policy document exceeds the maximum size of 20480 bytes."
)
POLICY_REVISION_DIFFERS = "the policy of table {table} does not have the revision id {expected}"

# --- S3 --------------------------------------------------------------------------------------------------------------

# s3:max-keys of a listing that gives no max-keys: always present, and 1,000 is the default of the API.
DEFAULT_MAX_KEYS = "1000"
# Whether a prefix-conditioned s3:ListBucket counts as held when a missing key is asked for: it does not, because that
# request has no prefix. CopyObject tells of a missing source by the same rule as GetObject.
MISSING_KEY_NEEDS_LIST_BUCKET = True
# A bucket that does not exist is told to anybody, before the question what the caller may do there.
MISSING_BUCKET_IS_TOLD_TO_ANYBODY = True
# Whether CopyObject with the tags of its source needs s3:GetObjectTagging and s3:PutObjectTagging: when the source has
# any. The condition keys of the copied tags are not derived.
COPIED_TAGS_NEED_TAGGING_ACTIONS = True
# Whether who began a multipart upload may list its parts and abort it without being allowed to: the policies alone
# decide here. It would be the caller's own upload in any case.
# The condition keys by which a statement for everybody is not public. The page on Block Public Access names principals,
# the first group; which further global keys count as naming a principal is not said. Calling a policy less public lets
# more of it take effect, so it cannot hide a leak.
KEYS_THAT_MAKE_A_POLICY_NOT_PUBLIC = frozenset(
    {
        "aws:principalorgid",
        "aws:sourceip",
        "aws:sourcearn",
        "aws:sourcevpc",
        "aws:sourcevpce",
        "aws:sourceowner",
        "aws:sourceaccount",
        "aws:userid",
        "s3:dataaccesspointarn",
        "s3:dataaccesspointaccount",
        "s3:x-amz-server-side-encryption-aws-kms-key-id",
        # Not named there:
        "aws:principalarn",
        "aws:principalaccount",
    }
)
# What S3 says of a malformed bucket policy, by the element that is wrong: remembered, not observed.
MALFORMED_BUCKET_POLICY = {
    "": "Invalid policy syntax.",
    "Action": "Policy has invalid action",
    "NotAction": "Policy has invalid action",
    "Resource": "Policy has invalid resource",
    "NotResource": "Policy has invalid resource",
    "Effect": "Policy has invalid effect",
    "Condition": "Policy has an invalid condition key",
}
PUBLIC_ACL_BLOCKED = (
    'User: {arn} is not authorized to perform: {action} on resource: "{resource}" because public access control '
    "lists (ACLs) are blocked by the BlockPublicAcls block public access setting."
)
ACLS_NOT_SUPPORTED = "The bucket does not allow ACLs"

# --- Lambda ----------------------------------------------------------------------------------------------------------

# Words known from use, without a recorded observation.
NOT_AN_ARCHIVE = "Could not unzip uploaded file. Please check your file, then try to upload again."
NO_FUNCTION_POLICY = "The resource you requested does not exist."
STATEMENT_EXISTS = (
    "The statement id ({sid}) provided already exists. "
    "Please provide a new statement id, or remove the existing statement."
)
STATEMENT_NOT_FOUND = "Statement {sid} is not found in resource policy."
FUNCTION_PRINCIPAL_INVALID = "The provided principal was invalid. Please check the principal and try again."
CROSS_ACCOUNT_PASS_ROLE = "Cross-account pass role is not allowed."  # noqa: S105  a message
ROLE_NOT_ASSUMABLE = "The role defined for the function cannot be assumed by Lambda."
RESERVED_VARIABLES = (
    "Lambda was unable to configure your environment variables because the environment variables you have provided "
    "contains reserved keys that are currently not supported for modification. "
    "Reserved keys used in this request: {names}"
)
VARIABLES_TOO_LARGE = (
    "Lambda was unable to configure your environment variables because the environment variables you have provided "
    "exceeded the 4KB limit."
)
EVENT_NOT_JSON = "Could not parse request body into json: the payload is not JSON."
# Lambda names the function in aws:SourceArn and aws:SourceAccount when it assumes the execution role. If it did not, a
# trust policy that asks for them could never be satisfied.
EXECUTION_ROLES_SEE_THE_FUNCTION = True

# --- API Gateway -----------------------------------------------------------------------------------------------------

# Words known from use, without a recorded observation, by kind of API.
INTERNAL_ERROR = {"rest": "Internal server error", "http": "Internal Server Error"}
HTTP_API_NOT_FOUND = "Not Found"
COGNITO_TOKEN_EXPIRED = "The incoming token has expired"  # noqa: S105  a message, not a token
JWT_SCOPE_MISSING = "the token does not have a valid scope"
# What a function that fails, or answers nonsense, looks like to the client.
FUNCTION_FAILED_STATUS = {"rest": 502, "http": 500}
# The path in the ARN that execute-api:Invoke is authorized on is decoded once, and neither dot segments nor repeated
# slashes are removed from it, nor from the path that routes are matched with. A gateway that normalized the one and
# not the other would let a request through to a route its caller has no permission for; this one leaves the path as it
# was sent, so that a function which normalizes it itself is seen to do so.
EXECUTE_API_ARNS_ARE_DECODED = True
# Claims in events are texts: lists are `[a b]` in HTTP APIs and `a,b` in REST APIs, whose times are dates in words.
CLAIMS_IN_EVENTS = "as text"
# Events of format 1.0 have header names as the client wrote them; which is taken to be how clients mostly write them.
HEADER_NAMES_OF_FORMAT_1 = "Title-Case"
# How long the answer of a Lambda authorizer is remembered where the authorizer does not say (aws-semantics section 8).
# For HTTP APIs the other possible answer is that it is not remembered at all, which could hide a leak.
AUTHORIZER_TTL_SECONDS = 300
# What Cognito answers to a call without its X-Amz-Target or Content-Type, or at another service's endpoint: the words
# are those that the second seed article meets, the code is the one that services of the JSON protocols have for it.
UNKNOWN_OPERATION_CODE = "UnknownOperationException"
UNKNOWN_OPERATION = "The server did not understand the operation that was requested."
