"""What `repair` finds, and what it does about it."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest
from fakes import FakeLoader, FakeReporter, FakeRunner, interpreter
from paths import LINKED

from accel_doctor.cli.commands.repair import Repair
from accel_doctor.errors import ExitCode
from accel_doctor.frontends import checking
from accel_doctor.model.plans import Consent, Plan, Policy, Result
from accel_doctor.model.requests import InstallRequest
from accel_doctor.treatment import TreatmentEnded

UV = "The package `flask` requires `jinja2>=3.1.2`, but it's not installed\n"


def result(code: ExitCode) -> Result:
    return Result(code, None, (), (), None, ())


@dataclass
class FakeTreatment:
    reporter: FakeReporter
    packages: set[str]  # needs that packages meet
    policy: Policy = field(default_factory=Policy)
    transactions: list[Plan] = field(default_factory=list)
    treated: list[str] = field(default_factory=list)

    def curable(self, reasons):
        return [reason for reason in reasons if str(reason.need) in self.packages]

    def treat(self, failures, foreseen=(), built=None):
        self.treated += [f"{reason.package} {reason.need}" for reason in foreseen]
        if "soname:declined.so.1" in self.packages:
            raise TreatmentEnded(ExitCode.CONSENT)


@pytest.fixture
def repaired(tmp_path, monkeypatch):
    """Repairs an environment with one distribution that links libshelf, and returns what was done."""
    metadata = tmp_path / "reader-1.0.dist-info"
    metadata.mkdir()
    (metadata / "RECORD").write_text("reader.so,sha256=x,1\n")
    shutil.copy(LINKED / "reader.so", tmp_path / "reader.so")
    monkeypatch.setattr(checking, "find_uv", lambda variables: "/bin/uv")

    def repair(*, said="", tag="linux_x86_64", packages=frozenset(), libraries=frozenset(), code=ExitCode.DONE):
        (metadata / "WHEEL").write_text(f"Tag: cp313-cp313-{tag}\n")
        reporter = FakeReporter(Consent.YES)
        treatment = FakeTreatment(reporter, set(packages))
        requests: list[InstallRequest] = []
        imported: list[str] = []

        def install(request):
            requests.append(request)
            return result(code)

        doctor = SimpleNamespace(
            treatment=treatment,
            loader=FakeLoader(dict.fromkeys(libraries, tmp_path)),
            builder=None,
            install=install,
            result=lambda code, *_: result(code),
            environment=SimpleNamespace(
                installed=lambda request: frozenset(),
                failing_imports=lambda names, request: imported.extend(names),
                remember_imports=lambda names, content: None,
            ),
        )
        session = SimpleNamespace(
            reporter=reporter,
            interpreter=interpreter(site_directories=(tmp_path,)),
            invocation=SimpleNamespace(variables={}),
            runner=FakeRunner(lambda argv: (1 if said else 0, said)),
        )
        one = Repair(session, doctor, InstallRequest(()))
        ended = one.run()
        return SimpleNamespace(
            code=ended.code, notes=reporter.notes, found=one.found, requests=requests, treated=treatment.treated,
            imported=imported,
        )  # fmt: skip

    return repair


ALL = frozenset({"libshelf.so.1", "libown.so.1", "libc.so.6"})


def test_nothing_broken_is_imported_and_left_alone(repaired):
    done = repaired(libraries=ALL)
    assert (done.code, done.notes, done.found, done.requests, done.treated) == (ExitCode.DONE, [], 0, [], [])
    assert done.imported == ["reader"]


def test_what_is_required_and_missing_is_installed(repaired):
    done = repaired(said=UV, libraries=ALL)
    assert done.notes == ["flask requires jinja2>=3.1.2, but it's not installed"]
    assert [line.text for request in done.requests for line in request.requirements] == ["jinja2>=3.1.2"]
    assert repaired(said=UV, libraries=ALL, code=ExitCode.NETWORK).code is ExitCode.NETWORK


def test_a_library_that_is_gone_is_offered(repaired):
    done = repaired(packages={"soname:libshelf.so.1"}, libraries=ALL - {"libshelf.so.1"})
    assert done.notes == ["reader links a library: libshelf.so.1 is not on this machine"]
    assert (done.treated, done.requests, done.found) == (["reader soname:libshelf.so.1"], [], 1)
    declined = repaired(packages={"soname:libshelf.so.1", "soname:declined.so.1"}, libraries=ALL - {"libshelf.so.1"})
    assert (declined.code, declined.imported) == (ExitCode.CONSENT, [])


def test_what_was_built_here_and_links_what_no_package_has_is_built_again(repaired):
    (request,) = repaired(libraries=ALL - {"libshelf.so.1"}).requests
    assert ([line.text for line in request.requirements], request.no_binary) == (["reader==1.0"], ("reader",))
    assert request.reinstall
    assert request.no_deps
    assert repaired(libraries=ALL - {"libshelf.so.1"}, tag="manylinux_2_28_x86_64").requests == []
