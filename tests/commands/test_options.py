"""Options that commands share: the same names, the same meaning."""

import pytest

from kstar_gpu.cli import _parser

SHARED = ["--kind", "--sort", "--classes", "--top", "--palette"]


@pytest.mark.parametrize("option", SHARED)
def test_compute_and_plot_share_what_a_picture_shows(option):
    commands = next(iter(_parser()._subparsers._group_actions)).choices
    found = [
        next(each for each in commands[name]._actions if option in each.option_strings)
        for name in ("compute", "plot")
    ]
    assert len({(each.dest, each.nargs, each.type) for each in found}) == 1
    assert option == "--kind" or len({(each.help, each.default) for each in found}) == 1
