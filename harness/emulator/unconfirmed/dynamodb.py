"""What is assumed of DynamoDB (aws-semantics section 1)."""

from __future__ import annotations

# The entries of a transaction that share an action and a table are authorized together: dynamodb:LeadingKeys then holds
# the keys of all of them. The other possible answer is one decision per entry, which is stricter where a policy uses
# ForAnyValue and more lenient where different statements allow different entries; a transaction of one entry is
# decided alike under both. Parameters that differ between the pooled entries make their condition key underivable.
TRANSACTION_ENTRIES_ARE_POOLED = True
# How a key that is longer than a key may be is refused where an item is read.
KEY_TOO_LONG = (
    "One or more parameter values were invalid: Size of {part} has exceeded the maximum size limit of {limit} bytes"
)
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
