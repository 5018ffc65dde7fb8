"""What is assumed of user pools (aws-semantics section 4)."""

from __future__ import annotations

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
