"""What is assumed of S3 (aws-semantics section 2)."""

from __future__ import annotations

# s3:max-keys of a listing that gives no max-keys: always present, and 1,000 is the default of the API.
DEFAULT_MAX_KEYS = "1000"
# Whether a prefix-conditioned s3:ListBucket counts as held when a missing key is asked for: it does not, because that
# request has no prefix. CopyObject tells of a missing source by the same rule as GetObject.
MISSING_KEY_NEEDS_LIST_BUCKET = True
# Whether who may list, but not read, is told that a key is missing: yes, as AWS's staff have put it, so that missing
# keys can be told from forbidden ones. Not where a Deny forbids reading, and not of versions.
LISTING_TELLS_OF_MISSING_KEYS = True
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
# What S3 says of a page of ListBuckets that cannot be had; the code is that of its other lists.
MAX_BUCKETS_INVALID = "Argument max-buckets must be an integer between 1 and 10000"
