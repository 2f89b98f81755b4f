"""`kstar-gpu --completion SHELL`: the script by which a shell completes what is typed."""

import argparse
import re
from collections.abc import Iterator
from typing import Any

from ..extras import import_extra

SHELLS = ("bash", "zsh", "tcsh")
OF_FILES = re.compile(r"FILE|FOLDER|DIR|\.\w+$")  # in what stands for a value


class Completion(argparse.Action):
    """Prints the script, and ends."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        """Print the script for the shell that is named."""
        try:
            shtab: Any = import_extra("shtab", "completion", f"{option_string} needs shtab")
        except ImportError as error:
            parser.error(str(error))
        for action in _actions(parser):
            if OF_FILES.search(str(action.metavar)):
                action.complete = shtab.FILE  # type: ignore[attr-defined]  # where it looks
        print(shtab.complete(parser, values))
        parser.exit()


def _actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """Yield the options of a parser and of its commands."""
    for action in parser._actions:
        yield action
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                yield from _actions(command)
