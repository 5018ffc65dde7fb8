"""The sites: tiny designs on which rules are measured, each rule on one of them.

What a target may lack as a whole has a site of its own, so that nothing else goes unmeasured for it.
"""

from harness.calibration.sites.accounts import ACCOUNTS, SIGN_UPS
from harness.calibration.sites.apis import HTTP_API, REST_API
from harness.calibration.sites.guests import GUESTS
from harness.calibration.sites.identities import IDENTITIES
from harness.calibration.sites.mapped_roles import GROUPS, RULES, TAGS
from harness.calibration.sites.policy_kinds import BOUNDARIES, BUCKET_POLICIES, TABLE_POLICIES
from harness.calibration.sites.stores import STORES

SITES = (
    STORES,
    BOUNDARIES,
    BUCKET_POLICIES,
    TABLE_POLICIES,
    IDENTITIES,
    GUESTS,
    GROUPS,
    RULES,
    TAGS,
    ACCOUNTS,
    SIGN_UPS,
    HTTP_API,
    REST_API,
)
