"""All techniques, in the order in which they are shown, and how people select among them."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from harness.attacks.become import (
    administration,
    broker,
    classic_flow,
    developer_identities,
    identity_pool,
    leavers,
    memberships,
    pool_administration,
    revocation,
    session_tags,
    sign_up,
    sts,
    tokens,
    user_pool,
    web_identity,
)
from harness.attacks.reach import (
    dynamodb,
    execute_api,
    forged_keys,
    indexes,
    partiql,
    s3,
    s3_links,
    s3_listing,
    s3_settings,
    s3_uploads,
    side_channels,
    table_administration,
)
from harness.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from harness.attacks.technique import Technique

TECHNIQUES: dict[str, Technique] = {
    technique.id: technique
    for technique in (
        *dynamodb.TECHNIQUES,
        *forged_keys.TECHNIQUES,
        *partiql.TECHNIQUES,
        *indexes.TECHNIQUES,
        *side_channels.TECHNIQUES,
        *table_administration.TECHNIQUES,
        *s3.TECHNIQUES,
        *s3_listing.TECHNIQUES,
        *s3_uploads.TECHNIQUES,
        *s3_settings.TECHNIQUES,
        *s3_links.TECHNIQUES,
        *execute_api.TECHNIQUES,
        *user_pool.TECHNIQUES,
        *identity_pool.TECHNIQUES,
        *classic_flow.TECHNIQUES,
        *pool_administration.TECHNIQUES,
        *developer_identities.TECHNIQUES,
        *session_tags.TECHNIQUES,
        *tokens.TECHNIQUES,
        *sts.TECHNIQUES,
        *web_identity.TECHNIQUES,
        *broker.TECHNIQUES,
        *memberships.TECHNIQUES,
        *leavers.TECHNIQUES,
        *sign_up.TECHNIQUES,
        *administration.TECHNIQUES,
        *revocation.TECHNIQUES,
    )
}


def matching(patterns: Iterable[str]) -> tuple[Technique, ...]:
    """Return the techniques whose id matches any of the glob patterns, all of them when there is no pattern.

    Raises UsageError for a pattern that selects nothing.
    """
    wanted = tuple(patterns)
    for pattern in wanted:
        if not any(fnmatchcase(technique_id, pattern) for technique_id in TECHNIQUES):
            raise UsageError(
                f"--attack {pattern!r} selects no technique; `harness attacks` lists the {len(TECHNIQUES)} there are"
            )
    return tuple(
        technique
        for technique in TECHNIQUES.values()
        if not wanted or any(fnmatchcase(technique.id, pattern) for pattern in wanted)
    )
