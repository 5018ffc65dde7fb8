"""What is assumed of API Gateway (aws-semantics section 8)."""

from __future__ import annotations

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
