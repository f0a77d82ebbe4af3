"""The identity provider says that a person has left: only its own word, only for sessions of before."""

from urllib.parse import urlencode

import pytest
from joserfc import jwt

from app.core import clock
from app.core.db import transaction
from app.identity import logout, oidc
from tests.identity.test_signing_in import _reasons, _who

FORM = {"content-type": "application/x-www-form-urlencoded"}
EVENT = {"http://schemas.openid.net/event/backchannel-logout": {}}


def token(provider, *, header=None, **claims) -> str:
    now = int(clock.now().timestamp())
    said = {"iss": provider.settings.oidc_issuer, "aud": "mot-cua", "iat": now, "exp": now + 120, "jti": "1", "events": EVENT}
    said |= {"sub": "dn-9900000030"} | claims
    key = provider.state.key
    head = {"alg": "ES256", "typ": "logout+jwt", "kid": key.thumbprint(), **(header or {})}
    return jwt.encode(head, {name: value for name, value in said.items() if value is not None}, key)


async def told(person, said: str) -> int:
    return (
        await person.here.post("/oidc/backchannel-logout", content=urlencode({"logout_token": said}), headers=FORM)
    ).status_code


async def test_a_logout_ends_the_sessions_of_that_person_alone(person, provider, sessions):
    await person.sign_in("dn-9900000030")
    assert await told(person, token(provider, sub="dn-9900000048")) == 200
    assert await _who(sessions, person) is not None
    assert await told(person, token(provider, sid="khac")) == 200
    assert await _who(sessions, person) is not None
    assert await told(person, token(provider)) == 200
    assert await _who(sessions, person) is None


async def test_a_logout_that_comes_again_ends_no_later_session(person, provider, sessions):
    before = token(provider, iat=int(clock.now().timestamp()) - 60)
    await person.sign_in("dn-9900000030")
    assert await told(person, before) == 200
    assert await _who(sessions, person) is not None


BAD = {
    "an ID token": {"nonce": "n"},
    "no events": {"events": None},
    "another event": {"events": {"http://khac.example": {}}},
    "events a list": {"events": [1]},
    "neither sub nor sid": {"sub": None},
    "sub a number": {"sub": 7},
    "sub with NUL": {"sub": "a\x00"},
    "no jti": {"jti": None},
    "no exp": {"exp": None},
    "expired": {"exp": 1_700_000_000},
    "of another issuer": {"iss": "https://khac.example"},
    "for another": {"aud": "khac"},
    "iat ahead": {"iat": 4_000_000_000},
    "another type": {"header": {"typ": "at+jwt"}},
}


async def test_a_logout_token_that_is_not_right_in_every_point_is_refused(person, provider, sessions):
    await person.here.get("/dang-nhap")
    taken = [why for why, case in BAD.items() if await told(person, token(provider, **case)) != 400]
    assert taken == []
    assert await _reasons(sessions) == ["logout-token"] * len(BAD)


async def test_before_the_provider_is_known_it_cannot_say_anything(provider, sessions):
    async with transaction(sessions) as session:
        with pytest.raises(logout.Unreachable):
            await logout.leave_everywhere(session, oidc.client_of(provider.settings), "x", at=clock.now())
