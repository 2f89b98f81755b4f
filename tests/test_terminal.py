"""What the command says: whatever the console can show, and errors of one line."""

import io
import subprocess
import sys

import pytest
import torch

from kstar_gpu.terminal import complain, fault_of_user, say
from kstar_gpu.user_code import user_code


def fault(error, what=None):
    """Raise an error, in code of the user's if that is named, and return what is told of it."""
    try:
        if what is None:
            raise error
        with user_code(what):
            raise error
    except Exception as raised:
        return fault_of_user(raised)


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (ValueError("features: numbers are wanted"), "features: numbers are wanted"),
        (TypeError("labels: integers\n  are wanted"), "labels: integers are wanted"),
        (FileNotFoundError(2, "No such file", "x.npy"), "[Errno 2] No such file: 'x.npy'"),
        (ImportError(), "ImportError"),
        (ValueError("a\x1b[2Jb\udcff"), r"a\x1b[2Jb\udcff"),
        (MemoryError("17 TiB"), "memory does not suffice: 17 TiB"),
        (MemoryError(), "memory does not suffice: MemoryError"),
        (torch.cuda.OutOfMemoryError("CUDA: 17 GiB"), "CUDA: 17 GiB"),
        (
            RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: 9 bytes"),
            "memory does not suffice: [enforce fail] DefaultCPUAllocator: can't allocate memory: 9 "
            "bytes",
        ),
    ],
)
def test_what_the_user_can_mend_is_one_line(error, told):
    assert fault(error) == told


@pytest.mark.parametrize(
    "error", [RuntimeError("x"), KeyError("x"), ZeroDivisionError(), AssertionError(), IndexError()]
)
def test_whose_fault_it_is(error):
    assert fault(error) is None
    told = fault(error, "the model")
    assert told.startswith(f"the model failed: {type(error).__name__}: ")
    assert "(test_terminal.py, line " in told


def test_of_a_worker_of_a_loader_the_end_is_told():
    message = "Caught OSError in DataLoader worker process 0.\nOriginal Traceback (most recent call"
    message += " last):\n  File x, line 3\n    y\nOSError: image file is truncated\n"
    assert fault(OSError(message)) == "OSError: image file is truncated"
    error = OSError(message)
    with pytest.raises(OSError, match="truncated"), user_code("the data"):
        raise error
    assert fault(error).startswith("the data failed: OSError: image file is truncated (test_term")


class Console(io.TextIOWrapper):
    """A console of some encoding, which keeps what is shown."""

    def __init__(self, encoding):
        super().__init__(io.BytesIO(), encoding=encoding, newline="\n")

    def shown(self):
        return self.buffer.getvalue().decode(self.encoding)


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [
        ("utf-8", "naïve 猫 é\n"),
        ("cp1252", "naïve \\u732b é\n"),
        ("ascii", "na\\xefve \\u732b \\xe9\n"),
        ("cp437", "naïve \\u732b é\n"),
        ("utf-16", "naïve 猫 é\n"),
    ],
)
def test_letters_that_the_console_lacks(encoding, shown, monkeypatch):
    console = Console(encoding)
    monkeypatch.setattr(sys, "stdout", console)
    say("naïve 猫 é")
    assert console.shown() == shown


def test_what_would_rule_the_terminal_is_shown_by_its_number(capsys):
    hostile = "a\x1b[2J\x9b1m\x07b\u202ec\r"
    say(f"{hostile}\nd")
    complain(f"{hostile}\ne")
    printed = capsys.readouterr()
    assert printed.out == "a\\x1b[2J\\x9b1m\\x07b\\u202ec\\r\nd\n"
    assert printed.err == "kstar-gpu: error: a\\x1b[2J\\x9b1m\\x07b\\u202ec\\r\\ne\n"


def test_no_console_at_all(monkeypatch):
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)
    say("anything")
    complain("anything")


CALL = "from kstar_gpu.terminal import say\nfor _ in range(9): say('x' * 10000)\nprint('still')"


def test_a_reader_that_has_gone_away():
    program = [sys.executable, "-c", CALL]
    with subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0
