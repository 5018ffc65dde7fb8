"""What is assumed of IAM (aws-semantics section 6)."""

from __future__ import annotations

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
# IAM refuses the credentials of GetSessionToken (without MFA) and GetFederationToken; the code is remembered.
IAM_REFUSES_SESSIONS_CODE = "InvalidClientTokenId"
IAM_REFUSES_SESSIONS = "The security token included in the request is invalid"
ALIAS_EXISTS = "The account alias {alias} already exists."
NO_ALIAS = "The account alias with name {alias} cannot be found."
