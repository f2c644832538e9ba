"""Small repositories for real package managers: made on a machine, by the tools their maintainers use."""

from __future__ import annotations

from collections.abc import Sequence

# Packages to be found by what they provide; with what RPM's dependency generators would make of their files.
FRUIT = {
    "orange-devel": (
        "/usr/include/orange.h",
        "/usr/include/orange-2/peel.h",
        "/usr/include/orange-2/pips/pip.h",
        "/usr/lib64/liborange.so",
        "/usr/lib64/pkgconfig/orange.pc",
        "/usr/lib64/cmake/Orange/OrangeConfig.cmake",
        "/usr/bin/orange-config",
    ),
    "orange-server": ("/usr/bin/oranged", "/usr/lib/systemd/system/oranged.service"),
    "lemon-devel": ("/usr/include/lemon.h", "/etc/pam.d/lemon"),
    "red-grape-devel": ("/usr/include/grape.h",),
    "white-grape-devel": ("/usr/include/grape.h",),
    **{f"fig{number}-devel": (f"/usr/include/fig{number}/settings.h",) for number in range(1, 8)},
}
_PROVIDES = {"orange-devel": ("Provides: pkgconfig(orange) = 1", "Provides: cmake(Orange) = 1")}


def _spec(name: str, version: str, *fields: str, files: Sequence[str] = ()) -> tuple[str, str]:
    head = f"Name: {name}\nVersion: {version}\nRelease: 1\nSummary: empty\nLicense: MIT\nBuildArch: noarch\n"
    make = "".join(f"install -D /dev/null %{{buildroot}}{file}\n" for file in files)
    listed = "".join(f"{file}\n" for file in files)
    body = f"%description\nempty\n%install\n{make}%files\n{listed}"
    return f"/srv/specs/{name}-{version}.spec", head + "".join(f"{field}\n" for field in fields) + body


RPM_SPECS = (
    _spec(
        *("demo-devel", "1", "Provides: pkgconfig(demo) = 1", "Requires: demo-libs", "Recommends: demo-doc"),
        files=("/usr/bin/demo-config",),
    ),
    _spec("demo-libs", "1"),
    _spec("demo-libs", "2"),
    _spec("demo-doc", "1"),
    _spec("demo-foe", "1", "Conflicts: demo-libs"),
    _spec("demo-heir", "1", "Obsoletes: demo-doc"),
    _spec("demo-old", "1", "Requires: demo-libs = 1"),
    _spec("demo-broken", "1", "Requires: no-such-thing"),
    *(_spec(name, "1", *_PROVIDES.get(name, ()), files=files) for name, files in FRUIT.items()),
)
MAKE_RPM_REPOSITORY = (
    (
        "sh",
        "-c",
        "rpmbuild -bb --quiet --define '_topdir /srv/build' --define '_rpmdir /srv/repo' /srv/specs/*.spec",
    ),
    ("createrepo_c", "--quiet", "/srv/repo"),
)


def _pkgbuild(name: str, version: str, *fields: str, files: Sequence[str] = ()) -> tuple[str, str]:
    lines = [f"pkgname={name}", f"pkgver={version}", "pkgrel=1", "arch=(any)", "options=(!strip !debug)", *fields]
    make = "; ".join(f'install -D /dev/null "$pkgdir{file}"' for file in files) or ":"
    return f"/srv/pkgbuilds/{name}-{version}/PKGBUILD", "\n".join([*lines, f"package() {{ {make}; }}", ""])


PKGBUILDS = (
    _pkgbuild("demo", "1", "depends=(demo-libs)", "provides=(demo-dev)", files=("/usr/include/demo.h",)),
    _pkgbuild("demo-libs", "1"),
    _pkgbuild("demo-libs", "2"),
    _pkgbuild("demo-foe", "1", "conflicts=(demo-libs)"),
    _pkgbuild("demo-old", "1", "depends=('demo-libs=1')"),
    _pkgbuild("demo-broken", "1", "depends=(no-such-thing)"),
    *(
        _pkgbuild(name.removesuffix("-devel"), "1", files=[file.replace("/lib64/", "/lib/") for file in files])
        for name, files in FRUIT.items()
    ),
)
MAKE_PACMAN_REPOSITORY = (
    ("ln", "-sf", "/proc/self/mounts", "/etc/mtab"),  # pacman reads it for the free space
    ("useradd", "--create-home", "maker"),  # makepkg refuses root
    ("sh", "-c", "mkdir -p /srv/repo && chown -R maker /srv/pkgbuilds /srv/repo"),
    (
        *("su", "maker", "-c"),
        "for d in /srv/pkgbuilds/*; do cd $d && PKGDEST=/srv/repo PKGEXT=.pkg.tar.gz makepkg --nodeps || exit; done",
    ),
    ("sh", "-c", "cd /srv/repo && repo-add --quiet demo.db.tar.gz *.pkg.tar.gz"),
)


# What a repository gains after a machine has read its metadata.
_ANEW = "rm -r /srv/repo/repodata && createrepo_c --quiet /srv/repo"
LATE_RPM = (
    ("sh", "-c", f"mkdir -p /srv/late && mv /srv/repo/noarch/lemon-devel-*.rpm /srv/late && {_ANEW}"),
    ("sh", "-c", f"mv /srv/late/*.rpm /srv/repo/noarch && {_ANEW}"),
)
