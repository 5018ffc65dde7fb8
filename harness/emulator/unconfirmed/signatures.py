"""What is assumed of how wrong signatures are answered (aws-semantics section 7)."""

from __future__ import annotations

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
