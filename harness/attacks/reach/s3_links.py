"""Reaching for objects by links: presigned by oneself, or by a function that signs for others."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from harness.attacks.technique import Callers, Feature, Severity, Technique
from harness.blueprints.contract import Effect
from harness.outcome import Outcome
from harness.targets.http import BearerToken, HttpRequest, RouteCall, presigned_link

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.attacks.aim import Aim
    from harness.attacks.technique import Step, Steps
    from harness.targets.api import ApiResponse

_GUIDE = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-presigned-url.html"


def _presigned_by_oneself(aim: Aim) -> tuple[Step, ...]:
    link = presigned_link(aim.asset.store, aim.asset.object_key, aim.credentials, aim.deployment.region)
    return (RouteCall(HttpRequest("GET", link)),)


def _asking_for(key_of: Callable[[Aim], str]) -> Steps:
    """Return steps that ask for a link to a key, and follow it as somebody with nothing but the link."""

    def steps(aim: Aim) -> tuple[Step, ...]:
        url = f"{aim.links_url}?{urlencode({'key': key_of(aim)})}"
        asked = RouteCall(HttpRequest("GET", url), BearerToken(aim.id_token))
        return (asked, lambda answer: RouteCall(HttpRequest("GET", answer["Url"])))

    return steps


def _up_and_down(aim: Aim) -> str:
    return f"{aim.own.prefix}{'../' * aim.own.prefix.count('/')}{aim.asset.object_key}"


def _encoded(aim: Aim) -> str:
    return _up_and_down(aim).replace("..", "%2e%2e")


def _nothing_there_is_sound(answer: ApiResponse) -> Outcome | None:
    # Keys are literal: whoever may list is told that there is none with dots in it.
    return Outcome.REFUSED if answer.error_code == "404" else None


_LINK = partial(
    Technique,
    plane="s3",
    effect=Effect.READ,
    operation="GET",
    severity=Severity.CRITICAL,
    documentation=_GUIDE,
    catalogue=("s3-presigned-url-cross-tenant",),
    callers=Callers.OWNERS,
    # Whoever signs may refuse, and so may S3, if whoever has signed may not read.
    last_step_decides=True,
    control_steps=_asking_for(lambda aim: aim.own.object_key),
    requires=frozenset({Feature.BUCKET, Feature.LINKS}),
)

TECHNIQUES = (
    _LINK(
        id="s3.read.presigned",
        title="following a link to a foreign object that one has presigned with one's own credentials",
        actions=("s3:GetObject",),
        control_steps=_presigned_by_oneself,
        requires=frozenset({Feature.BUCKET}),
        steps=_presigned_by_oneself,
    ),
    _LINK(
        id="s3.read.link-to-foreign-key",
        title="asking the function that signs links for one to a foreign object",
        steps=_asking_for(lambda aim: aim.asset.object_key),
    ),
    _LINK(
        id="s3.read.link-with-dots",
        title="asking the function that signs links for a key in one's own folder that leads by dots to a foreign one",
        catalogue=("s3-key-traversal-and-encoding", "s3-presigned-url-cross-tenant"),
        cwe=("CWE-22",),
        reads=_nothing_there_is_sound,
        steps=_asking_for(_up_and_down),
    ),
    _LINK(
        id="s3.read.link-with-encoded-dots",
        title="asking the function that signs links for a key that leads by encoded dots to a foreign one",
        catalogue=("s3-key-traversal-and-encoding", "s3-presigned-url-cross-tenant"),
        cwe=("CWE-22", "CWE-174"),
        reads=_nothing_there_is_sound,
        steps=_asking_for(_encoded),
    ),
)
