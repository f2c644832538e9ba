"""The scripts that complete command lines in bash, zsh and fish. Importing this module corrects two of click's."""

from __future__ import annotations

import os
from pathlib import Path

import click
from click.shell_completion import (
    BashComplete,
    ZshComplete,
    add_completion_class,
    get_completion_class,
    split_arg_string,
)
from platformdirs import user_config_path, user_data_path

from accel_doctor.cli.main import COMPLETING

PROGRAM = "accel-doctor"
SHELLS = ("bash", "zsh", "fish")

# click's own takes the words as bash splits them: at ":" too, which stands in needs and distributions.
_BASH = """\
%(complete_func)s() {
    local line="${COMP_LINE:0:COMP_POINT}" kind value
    local replaced="${line##*[[:space:]]}" before=""
    [[ $replaced == -*=* && $COMP_WORDBREAKS == *=* ]] && replaced="${replaced#*=}"
    [[ $COMP_WORDBREAKS == *:* ]] && before="${replaced%%"${replaced##*:}"}"
    while IFS=, read -r kind value; do
        case $kind in
            dir) compopt -o dirnames ;;
            file) compopt -o default ;;
            plain)
                [[ $value == *: ]] && compopt -o nospace
                COMPREPLY+=("${value#"$before"}") ;;
        esac
    done < <(COMP_WORDS="$line" %(complete_var)s=bash_complete "$1" 2>/dev/null)
}
complete -F %(complete_func)s %(prog_name)s
"""


@add_completion_class
class _BashScript(BashComplete):
    source_template = _BASH

    def source(self) -> str:
        """Return the script; any bash since 4.4 can run it."""
        return self.source_template % self.source_vars()

    def get_completion_args(self) -> tuple[list[str], str]:
        """Return the words before the one that is completed, and its beginning."""
        line = os.environ["COMP_WORDS"]
        words = split_arg_string(line)[1:]
        return (words, "") if line[-1:].isspace() else (words[:-1], words[-1] if words else "")


@add_completion_class
class _ZshScript(ZshComplete):
    def source(self) -> str:
        """Return click's script, which, read from a directory of functions, completes nothing when called again."""
        return super().source().replace("$zsh_eval_context[-1] == loadautofunc", f"$funcstack[1] == _{PROGRAM}")


def script(shell: str, application: click.Command) -> str:
    """Return the script for one of :data:`SHELLS`."""
    chosen = get_completion_class(shell)
    return chosen(application, {}, PROGRAM, COMPLETING).source() if chosen else ""


def destination(shell: str) -> Path:
    """Return the path where a user's shell of this kind looks for the script; zsh has to be told of its directory."""
    own = os.environ.get("BASH_COMPLETION_USER_DIR")
    return {
        "bash": (Path(own) if own else user_data_path("bash-completion")) / "completions" / PROGRAM,
        "zsh": user_data_path("zsh") / "site-functions" / f"_{PROGRAM}",
        "fish": user_config_path("fish") / "completions" / f"{PROGRAM}.fish",
    }[shell]
