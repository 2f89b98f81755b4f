"""Names as they are printed, on any terminal, and as they are files, on any disk."""

import pytest

from kstar_gpu.names import file_name, one_line


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("one\ntwo\r\n", r"one\ntwo\r\n"),
        ("\x1b[31mred\x1b[0m\x00", r"\x1b[31mred\x1b[0m\x00"),
        ("a\u2028b\x85", r"a\u2028b\x85"),
        ("\udcff", r"\udcff"),
        ("Straße 猫 \u200d😀\xa0é $1$", "Straße 猫 \u200d😀\xa0é $1$"),
        ("\u202egnp.exe\u2069\ufeff\xad", r"\u202egnp.exe\u2069\ufeff\xad"),
        ("\u0645\u06cc\u200c\u062e", "\u0645\u06cc\u200c\u062e"),
        (7, "7"),
    ],
)
def test_a_name_is_one_line(name, wanted):
    assert one_line(name) == wanted
    assert one_line(name).encode()  # which half a surrogate pair does not bear


@pytest.mark.parametrize("name", ["layer1.0.conv1", "a-b_c", "0", "_x", "console", "com", "a..b"])
def test_names_that_stay(name):
    assert file_name(name) == name


HOSTILE = ["", ".", "..", ".hidden", "a.", "a ", "../x", "/etc", "a/b", "a\\b", "a:b", "\0", "-rf"]
HOSTILE += [
    "con",
    "nul.1",
    "com1",
    "lpt9.x.y",
    "net",
    "Net",
    "nET",
    "a_b",
    "n\xe9",
    "ne\u0301",
    "*",
]
HOSTILE += ["\x1b[2J", "a\nb", "\udcff", "\u202egnp", "-", "~", "猫" * 300, "猫" * 299, "x" * 100]
HOSTILE += ["x" * 101, "x" * 300, "x" * 10_000]
HOSTILE += [file_name(name) for name in ("a/b", "Net", "", "con")]  # a name may be what one becomes


@pytest.mark.parametrize("name", HOSTILE)
def test_any_name_is_a_file_on_any_disk(name, tmp_path):
    made = file_name(name)
    assert made.isascii()
    assert not set(made) & set('/\\:*?"<>| ')
    assert len(made) <= 120  # of 143 bytes at least, with a prefix and an ending
    assert made[0] not in ".-"
    assert made[-1] != "."
    assert made.split(".")[0] not in {"con", "prn", "aux", "nul", "com1", "lpt9"}
    (tmp_path / f"{made}.npz").touch()
    assert [path.name for path in tmp_path.iterdir()] == [f"{made}.npz"]


def test_other_names_are_other_files_where_case_does_not_count_too():
    names = dict.fromkeys([*HOSTILE, "layer1.0.conv1"])
    assert len({file_name(name).lower() for name in names}) == len(names)
