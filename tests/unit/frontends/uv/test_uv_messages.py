"""uv's own words, recorded from uv 0.13 and 0.8 (``outputs/uv-*.txt``; paths shortened)."""

from __future__ import annotations

import pytest

from accel_doctor.frontends.outcome import Blame
from accel_doctor.frontends.uv.uv_messages import read_uv


@pytest.mark.parametrize(
    ("name", "kind", "package"),
    [
        ("backend-download", Blame.BUILD, None),
        ("broken-directory", Blame.BUILD, None),
        ("broken-sdist", Blame.BUILD, "brokenpkg"),
        ("build-backend-missing", Blame.BUILD, None),
        ("build-broken", Blame.BUILD, None),
        ("build-pg-config", Blame.BUILD, None),
        ("build-requirement", Blame.BUILD, None),
        ("install-editable", Blame.BUILD, "brokendir"),
        ("install-sdist", Blame.BUILD, "compilefail"),
        ("bad-certificate", Blame.NETWORK, None),
        ("bogus-host", Blame.NETWORK, None),
        ("build-closed-port", Blame.NETWORK, None),
        ("closed-port", Blame.NETWORK, None),
        ("dead-proxy", Blame.NETWORK, None),
        ("git-nohost", Blame.NETWORK, None),
        ("http-503", Blame.NETWORK, None),
        ("install-closed-port", Blame.NETWORK, None),
        ("offline", Blame.NETWORK, None),
        ("timeout", Blame.NETWORK, None),
        ("url-nohost", Blame.NETWORK, None),
        ("bad-requirement", Blame.REQUIREMENTS, None),
        ("conflict", Blame.REQUIREMENTS, None),
        ("externally-managed", Blame.REQUIREMENTS, None),
        ("git-missing", Blame.REQUIREMENTS, None),
        ("hash-mismatch", Blame.REQUIREMENTS, None),
        ("http-401", Blame.REQUIREMENTS, None),
        ("missing-file", Blame.REQUIREMENTS, None),
        ("no-package", Blame.REQUIREMENTS, None),
        ("no-version", Blame.REQUIREMENTS, None),
        ("only-binary", Blame.REQUIREMENTS, None),
        ("url-404", Blame.REQUIREMENTS, None),
        ("missing-wheel", Blame.TOOL, None),
        ("0.8-broken-sdist", Blame.BUILD, "brokenpkg"),
        ("0.8-build-backend-missing", Blame.BUILD, None),
        ("0.8-install-editable", Blame.BUILD, "brokendir"),
        ("0.8-build-closed-port", Blame.NETWORK, None),
        ("0.8-git-nohost", Blame.NETWORK, None),
        ("0.8-install-closed-port", Blame.NETWORK, None),
        ("0.8-offline", Blame.NETWORK, None),
        ("0.8-url-nohost", Blame.NETWORK, None),
        ("0.8-conflict", Blame.REQUIREMENTS, None),
        ("0.8-hash-mismatch", Blame.REQUIREMENTS, None),
        ("0.8-no-package", Blame.REQUIREMENTS, None),
    ],
)
def test_who_is_to_blame(output, name, kind, package):
    verdict = read_uv(output(f"uv-{name}.txt"))
    assert (verdict.blame, verdict.package) == (kind, package)
    assert verdict.quote


def test_the_whole_message_is_quoted(output):
    verdict = read_uv(output("uv-conflict.txt"))
    assert verdict.quote.splitlines() == [
        "error: No solution found when resolving dependencies",
        "  cause: Because django==5.2 depends on asgiref>=3.8.1 and you require django==5.2, we can conclude that you "
        "require asgiref>=3.8.1.",
        "         And because you require asgiref<3, we can conclude that your requirements are unsatisfiable.",
    ]


def test_the_hint_is_apart(output):
    verdict = read_uv(output("uv-only-binary.txt"))
    assert "hint" not in verdict.quote
    assert verdict.hint == (
        "Wheels are required for `docopt` because building from source is disabled for all packages "
        "(i.e., with `--no-build`)"
    )


CHAIN = "error: Failed to build `aaa @ file:///a`\n  cause: The build backend returned an error\n\n"


def test_the_closing_hint_says_nothing():
    said = f"{CHAIN}hint: Build failures usually indicate a problem with the package or the build environment\n"
    assert read_uv(said).hint is None


def test_who_needs_the_package_is_quoted_and_the_useful_hint_kept():
    included = "`aaa` was included because `ddd` (v1.0) depends on `aaa`"
    useful = "This error likely indicates that `aaa@1.0` depends on `numpy`, but doesn't declare it"
    verdict = read_uv(f"{CHAIN}hint: {included}\n\nhint: {useful}\n")
    assert verdict.hint == useful
    assert verdict.quote.endswith(f"  cause: {included}")


def test_the_backends_output_is_not_quoted(output):
    assert read_uv(output("uv-backend-download.txt")).quote.splitlines() == [
        "error: The build backend returned an error",
        "  cause: Call to `setuptools.build_meta.get_requires_for_build_wheel` failed (exit status: 1)",
    ]


def test_output_of_a_build_cannot_pose_as_uv():
    said = (
        "error: Failed to fetch: https://no-such-host.invalid/simple/six/\n"
        "  cause: dns error\n"
        "error: Failed to build `x==1`\n"
        "  cause: The build backend returned an error\n"
    )
    assert read_uv(said).blame is Blame.BUILD


def test_offline_says_what_to_do(output):
    assert read_uv(output("uv-offline.txt")).hint == "run once without --offline, or name a --find-links directory"


def test_words_never_heard_are_the_tools_fault():
    verdict = read_uv("thread 'main' panicked at crates/uv/src/lib.rs:1:1:\nboom\n")
    assert verdict.blame is Blame.TOOL
    assert verdict.quote == "thread 'main' panicked at crates/uv/src/lib.rs:1:1:\nboom"


def test_silence():
    assert read_uv("").quote == ""


def test_a_name_that_no_index_has_may_be_misspelled():
    said = (
        "error: No solution found when resolving dependencies\n"
        "  cause: Because flaskk was not found in the package registry and you require flaskk, we can conclude that "
        "your requirements are unsatisfiable.\n"
    )
    assert read_uv(said).hint == (
        "check the spelling; if it is on another index, name that with --index-url or --extra-index-url"
    )
