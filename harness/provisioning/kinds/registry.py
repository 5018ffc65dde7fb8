"""Every kind of thing that the harness makes, by its name."""

from __future__ import annotations

from harness.provisioning.kinds.cognito import IDENTITY_POOL, USER_POOL
from harness.provisioning.kinds.functions_and_apis import FUNCTION, HTTP_API, REST_API
from harness.provisioning.kinds.iam import IAM_USER, POLICY, ROLE
from harness.provisioning.kinds.stores import BUCKET, TABLE

# In the order in which they can be deleted: whatever refers to another stands before it.
KINDS = {
    kind.name: kind
    for kind in (HTTP_API, REST_API, FUNCTION, IDENTITY_POOL, USER_POOL, ROLE, IAM_USER, POLICY, TABLE, BUCKET)
}
