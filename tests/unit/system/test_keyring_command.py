"""Passwords of the keyring, by address and user, and for nobody else."""

from __future__ import annotations

from accel_doctor.model.processes import Completed
from accel_doctor.system.keyring_command import keyring_logins


class Keyring:
    def __init__(self, passwords: dict[tuple[str, str], str]) -> None:
        self.passwords = passwords
        self.asked: list[list[str]] = []

    def capture(self, argv: list[str], **options: object) -> Completed:
        self.asked.append(argv[2:])
        found = self.passwords.get((argv[2], argv[3]))
        return Completed(tuple(argv), 0 if found else 1, f"{found}\n" if found else "", "")


def test_an_address_with_a_user_gets_its_password():
    keyring = Keyring({("https://a.example/simple", "me"): "p@ss", ("b.example:8080", "you"): "word"})
    urls = ["https://me@a.example/simple", "https://you@b.example:8080/x", "https://he@c.example/", "https://d.example"]
    assert list(
        keyring_logins([*urls, *urls, "https://me:known@e.example", "-x", "https://-o@f.example"], keyring)
    ) == [
        "https://me:p%40ss@a.example/simple",
        "https://you:word@b.example:8080/x",
    ]
    assert keyring.asked == [
        ["https://a.example/simple", "me"],
        ["https://b.example:8080/x", "you"],
        ["b.example:8080", "you"],
        ["https://c.example/", "he"],
        ["c.example", "he"],
    ]
