"""pip's own words, recorded from pip 26.3 and 26.1 (``outputs/pip-*.txt``; paths shortened).

``*.debug.txt`` holds what matters of the debug log that ``--log`` writes.
"""

from __future__ import annotations

import pytest

from accel_doctor.frontends.outcome import Kind
from accel_doctor.frontends.pip.pip_messages import names_missing, read_pip


@pytest.mark.parametrize(
    ("name", "kind", "package"),
    [
        ("backend-download", Kind.BUILD, None),
        ("broken-directory", Kind.BUILD, None),
        ("broken-sdist", Kind.BUILD, "brokenpkg"),
        ("broken-sdist-26.1", Kind.BUILD, "brokenpkg"),
        ("build-broken", Kind.BUILD, None),
        ("build-compile", Kind.BUILD, "compilefail"),
        ("build-requirement", Kind.BUILD, None),
        ("install-editable", Kind.BUILD, "compilefail"),
        ("install-sdist", Kind.BUILD, "compilefail"),
        ("pg-config", Kind.BUILD, "psycopg2"),
        ("bad-certificate", Kind.NETWORK, None),
        ("bogus-host", Kind.NETWORK, None),
        ("build-closed-port", Kind.NETWORK, None),
        ("closed-port", Kind.NETWORK, None),
        ("closed-port-26.1", Kind.NETWORK, None),
        ("closed-port-retried", Kind.NETWORK, None),
        ("dead-proxy", Kind.NETWORK, None),
        ("git-nohost", Kind.NETWORK, None),
        ("http-503", Kind.NETWORK, None),
        ("install-closed-port", Kind.NETWORK, None),
        ("timeout", Kind.NETWORK, None),
        ("url-nohost", Kind.NETWORK, None),
        ("url-nohost-26.1", Kind.NETWORK, None),
        ("bad-requirement", Kind.REQUIREMENTS, None),
        ("conflict", Kind.REQUIREMENTS, None),
        ("externally-managed", Kind.REQUIREMENTS, None),
        ("git-missing", Kind.REQUIREMENTS, None),
        ("hash-mismatch", Kind.REQUIREMENTS, None),
        ("hash-missing", Kind.REQUIREMENTS, None),
        ("http-401", Kind.REQUIREMENTS, None),
        ("http-403", Kind.REQUIREMENTS, None),
        ("install-hash-mismatch", Kind.REQUIREMENTS, None),
        ("missing-file", Kind.REQUIREMENTS, None),
        ("missing-wheel", Kind.REQUIREMENTS, None),
        ("no-package", Kind.REQUIREMENTS, None),
        ("no-version", Kind.REQUIREMENTS, None),
        ("only-binary", Kind.REQUIREMENTS, None),
        ("requires-python", Kind.REQUIREMENTS, None),
        ("url-404", Kind.REQUIREMENTS, None),
        ("no-interpreter", Kind.TOOL, None),
    ],
)
def test_who_is_to_blame(output, name, kind, package):
    verdict = read_pip(output(f"pip-{name}.txt"), output(f"pip-{name}.debug.txt"))
    assert (verdict.kind, verdict.package) == (kind, package)
    assert verdict.quote


def test_warnings_of_retries_are_evidence_enough(output):
    verdict = read_pip(output("pip-closed-port-retried.txt"))
    assert verdict.kind is Kind.NETWORK
    assert "Connection refused" in verdict.quote


def test_an_index_that_is_down_is_not_to_blame_for_a_version_that_the_others_lack(output):
    said, debug_log = output("pip-dead-extra-index.txt"), output("pip-dead-extra-index.debug.txt")
    assert not names_missing(said)
    assert read_pip(said).kind is Kind.REQUIREMENTS
    assert names_missing(output("pip-closed-port.txt"))
    assert debug_log


def test_a_page_of_another_name_that_could_not_be_had_is_no_reason(output):
    debug_log = output("pip-closed-port.debug.txt").replace("/six/", "/idna/")
    assert read_pip(output("pip-closed-port.txt"), debug_log).kind is Kind.REQUIREMENTS


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
    assert verdict.kind is Kind.TOOL
    assert verdict.quote == "Traceback (most recent call last):\nMemoryError"
