"""A user pool alone: what Cognito itself refuses to those who sign up, write their attributes, or were signed out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.blueprints.contract import Contract
from harness.blueprints.spec import AppClientSpec, AttributeSpec, Blueprint, UserPoolSpec
from harness.calibration.probe import Call, Probe
from harness.calibration.rules import Rule
from harness.calibration.site import SiteDesign
from harness.calibration.sites.requests import nobody
from harness.calibration.sites.users import persona, unsigned
from harness.targets.api import ApiRequest

if TYPE_CHECKING:
    from harness.calibration.probe import Asked
    from harness.calibration.site import Site
    from harness.targets.http import RouteCall

_USER, _LEAVER = "user", "leaver"
_NEWCOMER = "newcomer.calibration"
_MAY_WRITE = ("email", "name", "custom:kept")
_INCORRECT = r"Incorrect username or password"


def _idp(operation: str, **params: Any) -> ApiRequest:
    return ApiRequest("cognito-idp", operation, params)


def _client(site: Site) -> str:
    return site.deployment.app_clients["web"]


def _writing(name: str, value: str) -> Asked:
    def asks(site: Site) -> ApiRequest:
        token = site.tokens(_USER)["AccessToken"].reveal()
        return _idp("UpdateUserAttributes", AccessToken=token, UserAttributes=[{"Name": name, "Value": value}])

    return asks


def _signing_up(name: str) -> Asked:
    def asks(site: Site) -> ApiRequest:
        password = site.password.reveal()
        attributes = [{"Name": "email", "Value": "newcomer@example.com"}]
        return _idp("SignUp", ClientId=_client(site), Username=name, Password=password, UserAttributes=attributes)

    return asks


def _signing_in(name: str, *, wrong: bool = False) -> Asked:
    def asks(site: Site) -> ApiRequest:
        password = site.password.reveal() + ("-wrong" if wrong else "")
        parameters = {"USERNAME": name, "PASSWORD": password}
        return _idp("InitiateAuth", AuthFlow="USER_PASSWORD_AUTH", ClientId=_client(site), AuthParameters=parameters)

    return asks


def _as_a_user(site: Site) -> ApiRequest | RouteCall:
    return _signing_in(site.user(_USER).username)(site)


def _in_capitals(site: Site) -> ApiRequest | RouteCall:
    return _signing_up(site.user(_USER).username.upper())(site)


def _refresh(site: Site) -> ApiRequest:
    token = site.tokens(_LEAVER)["RefreshToken"].reveal()
    parameters = {"REFRESH_TOKEN": token}
    return _idp("InitiateAuth", AuthFlow="REFRESH_TOKEN_AUTH", ClientId=_client(site), AuthParameters=parameters)


def _refresh_after_revocation(site: Site) -> ApiRequest:
    token = site.tokens(_LEAVER)["RefreshToken"].reveal()
    site.send(_idp("RevokeToken", Token=token, ClientId=_client(site)))
    return _refresh(site)


def _plain(asks: Asked, *refusals: str, operation: str, codes: tuple[str, ...] = ()) -> Call:
    return unsigned(asks, *refusals, codes=codes, operation=operation)


_WRITES = unsigned(_writing("name", "Calibration"))


def _design(name: str, rule: Rule, *, sign_up: bool) -> Blueprint:
    return Blueprint(
        name=f"calibration-{name}",
        title=f"A user pool: {rule.meaning}",
        source=rule.documentation,
        contract=Contract(
            (persona(_USER, attributes={"custom:kept": "a", "custom:closed": "a"}), persona(_LEAVER)), ()
        ),
        user_pool=UserPoolSpec(
            app_clients=(AppClientSpec("web", identity_provider=False, write_attributes=_MAY_WRITE),),
            attributes=(AttributeSpec("kept", mutable=False), AttributeSpec("closed")),
            sign_up=sign_up,
        ),
    )


ACCOUNTS = SiteDesign(
    _design("accounts", Rule.WRITE_ATTRIBUTES, sign_up=False),
    (
        Probe(
            Rule.SIGN_UP_CLOSED,
            (unsigned(_as_a_user),),
            (_plain(_signing_up(_NEWCOMER), r"SignUp is not permitted", operation="SignUp"),),
        ),
        Probe(
            Rule.WRITE_ATTRIBUTES,
            (_WRITES,),
            (
                _plain(
                    _writing("custom:closed", "b"),
                    r"unauthorized attribute",
                    operation="writing an attribute that is left to administrators",
                ),
            ),
        ),
        Probe(
            Rule.IMMUTABLE_ATTRIBUTES,
            (_WRITES,),
            (
                _plain(
                    _writing("custom:kept", "b"),
                    r"Attribute cannot be updated",
                    operation="writing an immutable attribute",
                ),
            ),
        ),
        Probe(
            Rule.USER_EXISTENCE,
            (unsigned(_as_a_user),),
            (
                Call(
                    by=nobody,
                    asks=_signing_in("nobody.calibration", wrong=True),
                    refusals=(_INCORRECT,),
                    passes=(r"^UserNotFoundException",),
                    operation="a user who is not there",
                ),
                _plain(
                    lambda site: _signing_in(site.user(_USER).username, wrong=True)(site),
                    _INCORRECT,
                    operation="a wrong password",
                ),
            ),
        ),
        Probe(
            Rule.SIGN_OUT,
            (unsigned(_refresh),),
            (
                _plain(
                    _refresh_after_revocation,
                    r"(?i)refresh token has been revoked",
                    r"(?i)invalid refresh token",
                    operation="a refresh token that was revoked",
                ),
            ),
        ),
    ),
)

SIGN_UPS = SiteDesign(
    _design("sign-ups", Rule.SIGN_UP_CONFIRMATION, sign_up=True),
    (
        Probe(
            Rule.SIGN_UP_CONFIRMATION,
            (unsigned(_as_a_user), unsigned(_signing_up(_NEWCOMER))),
            (_plain(_signing_in(_NEWCOMER), r"(?i)not confirmed", operation="signing in unconfirmed"),),
        ),
        Probe(
            Rule.USER_NAMES,
            (unsigned(_as_a_user), unsigned(_signing_up("another.calibration"))),
            (_plain(_in_capitals, r"(?i)already exists", operation="a taken name in capital letters"),),
        ),
    ),
)
