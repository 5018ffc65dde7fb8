"""What is assumed of calls to any service: constraints of parameters, the query protocol, pages, unknown operations."""

from __future__ import annotations

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
# What Cognito answers to a call without its X-Amz-Target or Content-Type, or at another service's endpoint: the words
# are those that the second seed article meets, the code is the one that services of the JSON protocols have for it.
UNKNOWN_OPERATION_CODE = "UnknownOperationException"
UNKNOWN_OPERATION = "The server did not understand the operation that was requested."
PAGINATION_TOKEN_INVALID = "Invalid pagination token."  # noqa: S105  a message
