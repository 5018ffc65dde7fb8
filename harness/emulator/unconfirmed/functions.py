"""What is assumed of Lambda functions."""

from __future__ import annotations

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
