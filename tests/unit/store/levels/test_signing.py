"""Signatures of entries."""

from __future__ import annotations

import subprocess
from dataclasses import replace

import pytest

from accel_doctor.errors import UsageError
from accel_doctor.model.wheels import Entry, Link, Provenance
from accel_doctor.store.levels.signing import Signatures, read_key, read_signatures

PROVENANCE = Provenance("cffi", "2.1.1", "sha256:1", "debian 13", "cpython 3.13.5", "linux-x86_64", "glibc 2.41", "now")
ENTRY = Entry("a" * 64, "cffi-2.1.1-cp313-cp313-linux_x86_64.whl", "b" * 64, 7, PROVENANCE, (Link("libffi.so.8"),))


@pytest.fixture
def secret(tmp_path):
    return written(tmp_path / "secret", b"0123456789abcdef0123456789abcdef\n")


def written(path, content, mode=0o600):
    path.write_bytes(content)
    path.chmod(mode)
    return path


@pytest.fixture
def pair(tmp_path):
    """A private and a public key, made with the commands that the documentation shows."""
    pytest.importorskip("cryptography", reason="the extra [remote] is not installed")
    private, public = tmp_path / "private.pem", tmp_path / "public.pem"
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", private], check=True)
    subprocess.run(["openssl", "pkey", "-in", private, "-pubout", "-out", public], check=True)
    public.chmod(0o644)
    return private, public


def test_a_secret_signs_and_checks(secret):
    signatures = read_signatures(secret, [], required=True)
    signed = signatures.signed(ENTRY)
    assert signed.signature.startswith("hmac-sha256:")
    assert replace(signed, signature=None) == ENTRY
    assert signatures.objection(signed) is None


def test_the_public_half_checks_and_does_not_sign(pair):
    private, public = pair
    signed = read_signatures(private, [], required=False).signed(ENTRY)
    assert signed.signature.startswith("ed25519:")
    reader = read_signatures(None, [public], required=True)
    assert reader.objection(signed) is None
    assert reader.signed(ENTRY) == ENTRY
    with pytest.raises(UsageError) as caught:
        read_signatures(public, [], required=False)
    assert caught.value.message == f"{public} is a public key, which cannot sign"


@pytest.mark.parametrize(
    "change",
    [
        {"key": "c" * 64},
        {"file": "other-1-py3-none-any.whl"},
        {"sha256": "c" * 64},
        {"size": 8},
        {"links": ()},
        {"provenance": replace(PROVENANCE, source="sha256:2")},
        {"provenance": replace(PROVENANCE, build_requirements=("setuptools==1",))},
    ],
)
@pytest.mark.parametrize("kind", ["secret", "pair"])
def test_whatever_is_changed_is_noticed_even_where_nothing_is_required(kind, change, request):
    path = request.getfixturevalue(kind)
    signatures = read_signatures(path if kind == "secret" else path[0], [], required=False)
    changed = replace(signatures.signed(ENTRY), **change)
    assert signatures.objection(changed) == "the signature does not match"


@pytest.mark.parametrize("signature", ["zz", "00", ""])
def test_signatures_that_are_none(secret, pair, signature):
    for path in (secret, pair[0]):
        signatures = read_signatures(path, [], required=False)
        identity = signatures.signed(ENTRY).signature.rpartition(":")[0]
        assert signatures.objection(replace(ENTRY, signature=f"{identity}:{signature}")) == (
            "the signature does not match"
        )


def test_what_is_required_and_what_is_not(secret, tmp_path):
    other = read_signatures(written(tmp_path / "other", b"x" * 32), [], required=False)
    strict, loose = read_signatures(secret, [], required=True), Signatures()
    foreign = other.signed(ENTRY)
    assert strict.objection(ENTRY) == "not signed"
    assert strict.objection(foreign) == "signed with an untrusted key"
    assert strict.objection(replace(ENTRY, signature="nonsense")) == "signed with an untrusted key"
    assert loose.objection(ENTRY) is loose.objection(foreign) is None
    assert read_signatures(secret, [tmp_path / "other"], required=True).objection(foreign) is None


def test_a_demand_that_nothing_meets():
    with pytest.raises(UsageError, match="^--require-signature: no trusted key$"):
        read_signatures(None, [], required=True)


def test_keys_that_others_could_use(secret, pair):
    private, public = pair
    for path, mode, message, hint in (
        (secret, 0o640, f"{secret} is readable by other users", f"chmod 600 {secret}"),
        (private, 0o604, f"{private} is readable by other users", f"chmod 600 {private}"),
        (public, 0o666, f"{public} is writable by other users", f"chmod 644 {public}"),
    ):
        path.chmod(mode)
        with pytest.raises(UsageError) as caught:
            read_key(path)
        assert (caught.value.message, caught.value.hint) == (message, hint)


def test_files_that_are_no_keys(tmp_path):
    with pytest.raises(UsageError, match="^cannot read the key .*/absent: No such file or directory$"):
        read_key(tmp_path / "absent")
    with pytest.raises(UsageError, match="/short: a secret needs at least 32 characters$"):
        read_key(written(tmp_path / "short", b"password"))
    with pytest.raises(UsageError, match="/large: too large for a key$"):
        read_key(written(tmp_path / "large", b"x" * 20000))


def test_pem_files_of_other_things(tmp_path):
    pytest.importorskip("cryptography", reason="the extra [remote] is not installed")
    with pytest.raises(UsageError, match="^cannot read the key .*/broken: "):
        read_key(written(tmp_path / "broken", b"-----BEGIN PRIVATE KEY-----\n!\n-----END PRIVATE KEY-----\n"))
    rsa = tmp_path / "rsa"
    subprocess.run(["openssl", "genpkey", "-quiet", "-algorithm", "x25519", "-out", rsa], check=True)
    with pytest.raises(UsageError, match="/rsa is not an ed25519 key"):
        read_key(rsa)
