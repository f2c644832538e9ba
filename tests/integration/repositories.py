"""Small repositories for real package managers: made on a machine, by the tools their maintainers use."""

from __future__ import annotations


def _spec(name: str, version: str, *fields: str, file: str = "") -> tuple[str, str]:
    head = f"Name: {name}\nVersion: {version}\nRelease: 1\nSummary: empty\nLicense: MIT\nBuildArch: noarch\n"
    make = f"%install\nmkdir -p $(dirname %{{buildroot}}{file})\ntouch %{{buildroot}}{file}\n" if file else ""
    body = f"%description\nempty\n{make}%files\n{file}\n"
    return f"/srv/specs/{name}-{version}.spec", head + "".join(f"{field}\n" for field in fields) + body


RPM_SPECS = (
    _spec(
        *("demo-devel", "1", "Provides: pkgconfig(demo) = 1", "Requires: demo-libs", "Recommends: demo-doc"),
        file="/usr/bin/demo-config",
    ),
    _spec("demo-libs", "1"),
    _spec("demo-libs", "2"),
    _spec("demo-doc", "1"),
    _spec("demo-foe", "1", "Conflicts: demo-libs"),
    _spec("demo-heir", "1", "Obsoletes: demo-doc"),
    _spec("demo-old", "1", "Requires: demo-libs = 1"),
    _spec("demo-broken", "1", "Requires: no-such-thing"),
)
MAKE_RPM_REPOSITORY = (
    (
        "sh",
        "-c",
        "rpmbuild -bb --quiet --define '_topdir /srv/build' --define '_rpmdir /srv/repo' /srv/specs/*.spec",
    ),
    ("createrepo_c", "--quiet", "/srv/repo"),
)


def _pkgbuild(name: str, version: str, *fields: str, file: str = "") -> tuple[str, str]:
    lines = [f"pkgname={name}", f"pkgver={version}", "pkgrel=1", "arch=(any)", "options=(!strip !debug)", *fields]
    directory = file.rpartition("/")[0]
    make = f'mkdir -p "$pkgdir{directory}"; touch "$pkgdir{file}"' if file else ":"
    return f"/srv/pkgbuilds/{name}-{version}/PKGBUILD", "\n".join([*lines, f"package() {{ {make}; }}", ""])


PKGBUILDS = (
    _pkgbuild("demo", "1", "depends=(demo-libs)", "provides=(demo-dev)", file="/usr/include/demo.h"),
    _pkgbuild("demo-libs", "1"),
    _pkgbuild("demo-libs", "2"),
    _pkgbuild("demo-foe", "1", "conflicts=(demo-libs)"),
    _pkgbuild("demo-old", "1", "depends=('demo-libs=1')"),
    _pkgbuild("demo-broken", "1", "depends=(no-such-thing)"),
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
