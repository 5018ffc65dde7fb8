"""What is assumed of identity pools (aws-semantics section 3)."""

from __future__ import annotations

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
# The value of aws:FederatedProvider in a session of an identity pool is `cognito-identity.amazonaws.com`.
# A claim that the tag map names and the token lacks: the session simply has no such tag (see `tags_for`).
