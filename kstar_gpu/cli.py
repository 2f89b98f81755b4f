"""The command `kstar-gpu`: k* distributions from files, without writing any Python."""

import argparse
from collections.abc import Sequence

from .commands import compute, info, layers, plot, report, sweep, table
from .commands.completion import SHELLS, Completion
from .terminal import complain, fault_of_user
from .version import __version__

COMMANDS = (compute, sweep, layers, plot, table, report, info)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status.

    Parameters
    ----------
    argv : sequence of str, optional
        The arguments after the program's name; by default those of the process.

    Returns
    -------
    int
        0, or 2 after an error of the user (one line on stderr), or 130 after Ctrl-C.

    Raises
    ------
    Exception
        What is neither an error of the user nor of the user's model or data: a fault of ours.
    """
    arguments = _parser().parse_args(argv)
    try:
        arguments.run(arguments)
    except Exception as error:
        message = fault_of_user(error)
        if message is None:
            raise
        complain(message)
        return 2
    except KeyboardInterrupt:
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="kstar-gpu", description="Exact k* values and k* distributions of latent spaces."
    )
    parser.add_argument("--version", action="version", version=f"kstar-gpu {__version__}")
    parser.add_argument(
        "--completion",
        action=Completion,
        choices=SHELLS,
        help="print the shell's script that completes commands, options and files",
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in COMMANDS:
        command.add(commands)
    return parser
