"""Define the options of builds' sandbox."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

import click
from packaging.utils import canonicalize_name

from accel_doctor.cli.options import own
from accel_doctor.model.processes import Isolation, SandboxChoice


@dataclass(frozen=True)
class SandboxOptions:
    """Choose what the code of source distributions may do."""

    sandbox: SandboxChoice = own(
        "--sandbox",
        type=click.Choice(get_args(SandboxChoice)),
        default="auto",
        help="Limit what builds do: as far as this kernel can, wholly or not at all, or never.",
    )
    allow_build_network: tuple[str, ...] = own(
        "--allow-build-network", metavar="NAME", default=(), help="Let this project's build use the network; or :all:."
    )
    pass_env: tuple[str, ...] = own(
        "--pass-env", metavar="VARIABLE", default=(), help="Let builds see this variable although it may hold a secret."
    )

    @property
    def isolation(self) -> Isolation:
        """Return the choices, names normalized."""
        names = (name if name == ":all:" else canonicalize_name(name) for name in self.allow_build_network)
        return Isolation(self.sandbox, frozenset(names), frozenset(self.pass_env))
