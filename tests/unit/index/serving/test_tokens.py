"""Tokens: whom they let in, and what is kept of them."""

from __future__ import annotations

import base64

import pytest

from accel_doctor.index.serving.audit import Change, changes
from accel_doctor.index.serving.records import Records
from accel_doctor.index.serving.tokens import Token, Tokens, is_pattern


@pytest.fixture
def records(tmp_path):
    opened = Records(tmp_path / "index.sqlite")
    yield opened
    opened.close()


def basic(secret: str, user: str = "__token__") -> str:
    return f"Basic {base64.b64encode(f'{user}:{secret}'.encode()).decode()}"


def test_a_token_is_valid_until_it_expires_or_is_revoked(records):
    now = [1000.0]
    tokens = Tokens(records, lambda: now[0])
    token, secret = tokens.add(["acme-*", "tool"], "CI", 60.0, "me")
    assert token == Token(token.identifier, "CI", ("acme-*", "tool"), 1000.0, 1060.0)
    assert tokens.all() == (token,)
    assert (
        tokens.holder(basic(secret)) == tokens.holder(basic(secret, "me")) == tokens.holder(f"Bearer {secret}") == token
    )
    now[0] = 1060.0
    assert tokens.holder(basic(secret)) is None
    other, its_secret = tokens.add(["*"], "", None, "me")
    now[0] = 1e9
    assert tokens.holder(basic(its_secret)) == other
    assert tokens.revoke(other.identifier, "me")
    assert not tokens.revoke(other.identifier, "me")
    assert tokens.holder(basic(its_secret)) is None
    at = "1970-01-01T00:17:40.000000Z"
    assert changes(records) == (
        Change("1970-01-01T00:16:40.000000Z", "me", "token added", token.identifier, "acme-* tool"),
        Change(at, "me", "token added", other.identifier, "*"),
        Change("2001-09-09T01:46:40.000000Z", "me", "token revoked", other.identifier, ""),
    )


def test_no_other_secret_is_valid(records):
    tokens = Tokens(records, lambda: 0.0)
    _, secret = tokens.add(["*"], "", None, "me")
    changed = secret[:-1] + ("A" if secret[-1] != "A" else "B")
    for login in ("", "Basic", "Basic !", basic(""), basic(changed), f"Digest {secret}", basic(secret * 50), secret):
        assert tokens.holder(login) is None, login
    assert tokens.holder(basic(f"ad_00000000_{secret[12:]}")) is None


def test_the_secret_is_not_kept(records, tmp_path):
    _, secret = Tokens(records, lambda: 0.0).add(["*"], "", None, "me")
    records.close()
    for path in tmp_path.iterdir():
        assert secret[12:].encode() not in path.read_bytes()


def test_a_token_covers_the_projects_that_match():
    token = Token("1", "", ("acme-*", "tool"), 0.0, None)
    assert [name for name in ("acme-a", "acme", "tool", "tools", "other-acme-a") if token.covers(name)] == [
        "acme-a",
        "tool",
    ]


def test_patterns_are_of_normalized_names():
    assert [text for text in ("acme-*", "*", "a?b", "Acme", "a b", "", "-a", "[a]", "a" * 101) if is_pattern(text)] == [
        "acme-*",
        "*",
        "a?b",
    ]
