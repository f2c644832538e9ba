"""Commands whose defaults come from the configuration files."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click


class ConfiguredCommand(click.Command):
    """A command whose options have the configuration's values as defaults."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Parse, with the configuration as defaults."""
        from accel_doctor.cli.configuration import read_configuration, user_directory

        if not {"-h", "--help"} & set(args):
            values = read_configuration(user_directory(os.environ), Path.cwd())
            extra.setdefault("default_map", {key.replace("-", "_"): value for key, value in values.items()})
        return super().make_context(info_name, args, parent, **extra)


class PipLineCommand(ConfiguredCommand):
    """A command that takes pip's argument line: unknown options, which may be pip's, name the way out."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Parse, with the configuration as defaults."""
        try:
            return super().make_context(info_name, args, parent, **extra)
        except click.NoSuchOption as error:
            from accel_doctor.requirements.options import unsupported

            explained = unsupported(error.option_name)
            if error.possibilities and explained.message.startswith("no such option"):
                explained.hint = f"did you mean {error.possibilities[0]}?"  # closest first
            raise explained from None
