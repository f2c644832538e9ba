"""pip's own words, recorded from pip 26.3 and 26.1 (``outputs/pip-*.txt``; paths shortened).

``*.debug.txt`` holds what matters of the debug log that ``--log`` writes.
"""

from __future__ import annotations

import pytest

from accel_doctor.frontends.outcome import Blame
from accel_doctor.frontends.pip.pip_messages import names_missing, read_pip


@pytest.mark.parametrize(
    ("name", "kind", "package"),
    [
        ("backend-download", Blame.BUILD, None),
        ("broken-directory", Blame.BUILD, None),
        ("broken-sdist", Blame.BUILD, "brokenpkg"),
        ("broken-sdist-26.1", Blame.BUILD, "brokenpkg"),
        ("build-broken", Blame.BUILD, None),
        ("build-compile", Blame.BUILD, "compilefail"),
        ("build-requirement", Blame.BUILD, None),
        ("install-editable", Blame.BUILD, "compilefail"),
        ("install-sdist", Blame.BUILD, "compilefail"),
        ("pg-config", Blame.BUILD, "psycopg2"),
        ("bad-certificate", Blame.NETWORK, None),
        ("bogus-host", Blame.NETWORK, None),
        ("build-closed-port", Blame.NETWORK, None),
        ("closed-port", Blame.NETWORK, None),
        ("closed-port-26.1", Blame.NETWORK, None),
        ("closed-port-retried", Blame.NETWORK, None),
        ("dead-proxy", Blame.NETWORK, None),
        ("git-nohost", Blame.NETWORK, None),
        ("http-503", Blame.NETWORK, None),
        ("install-closed-port", Blame.NETWORK, None),
        ("timeout", Blame.NETWORK, None),
        ("url-nohost", Blame.NETWORK, None),
        ("url-nohost-26.1", Blame.NETWORK, None),
        ("bad-requirement", Blame.REQUIREMENTS, None),
        ("conflict", Blame.REQUIREMENTS, None),
        ("externally-managed", Blame.REQUIREMENTS, None),
        ("git-missing", Blame.REQUIREMENTS, None),
        ("hash-mismatch", Blame.REQUIREMENTS, None),
        ("hash-missing", Blame.REQUIREMENTS, None),
        ("http-401", Blame.REQUIREMENTS, None),
        ("http-403", Blame.REQUIREMENTS, None),
        ("install-hash-mismatch", Blame.REQUIREMENTS, None),
        ("missing-file", Blame.REQUIREMENTS, None),
        ("missing-wheel", Blame.REQUIREMENTS, None),
        ("no-package", Blame.REQUIREMENTS, None),
        ("no-version", Blame.REQUIREMENTS, None),
        ("only-binary", Blame.REQUIREMENTS, None),
        ("requires-python", Blame.REQUIREMENTS, None),
        ("url-404", Blame.REQUIREMENTS, None),
        ("no-interpreter", Blame.TOOL, None),
    ],
)
def test_who_is_to_blame(output, name, kind, package):
    verdict = read_pip(output(f"pip-{name}.txt"), output(f"pip-{name}.debug.txt"))
    assert (verdict.blame, verdict.package) == (kind, package)
    assert verdict.quote


def test_warnings_of_retries_are_evidence_enough(output):
    verdict = read_pip(output("pip-closed-port-retried.txt"))
    assert verdict.blame is Blame.NETWORK
    assert "Connection refused" in verdict.quote


def test_an_index_that_is_down_is_not_to_blame_for_a_version_that_the_others_lack(output):
    said, debug_log = output("pip-dead-extra-index.txt"), output("pip-dead-extra-index.debug.txt")
    assert not names_missing(said)
    assert read_pip(said).blame is Blame.REQUIREMENTS
    assert names_missing(output("pip-closed-port.txt"))
    assert debug_log


def test_a_page_of_another_name_that_could_not_be_had_is_no_reason(output):
    debug_log = output("pip-closed-port.debug.txt").replace("/six/", "/idna/")
    assert read_pip(output("pip-closed-port.txt"), debug_log).blame is Blame.REQUIREMENTS


def test_a_page_that_was_refused_is_the_hint(output):
    verdict = read_pip(output("pip-http-401.txt"), output("pip-http-401.debug.txt"))
    assert verdict.hint == (
        "Could not fetch URL http://127.0.0.1:8445/4/six/: 401 Client Error: Unauthorized for url: "
        "http://127.0.0.1:8445/4/six/ - skipping"
    )


def test_the_message_is_quoted_and_the_hint_apart(output):
    verdict = read_pip(output("pip-install-closed-port.txt"))
    assert verdict.quote.splitlines() == [
        "error: connection-failed",
        "",
        "\N{MULTIPLICATION SIGN} Failed to connect to 127.0.0.1 while fetching "
        "http://127.0.0.1:9/six-1.17.0-py2.py3-none-any.whl",
        "╰─> [Errno 111] Connection refused",
    ]
    assert verdict.hint is not None
    assert verdict.hint.startswith("Are you connected to the Internet?")


def test_gits_words_are_quoted(output):
    assert read_pip(output("pip-git-missing.txt")).quote.splitlines() == [
        "fatal: '/nonexistent/repo' does not appear to be a git repository",
        "fatal: Could not read from remote repository.",
    ]


def test_words_never_heard_are_the_tools_fault():
    verdict = read_pip("WARNING: this\nTraceback (most recent call last):\nMemoryError\n")
    assert verdict.blame is Blame.TOOL
    assert verdict.quote == "Traceback (most recent call last):\nMemoryError"
