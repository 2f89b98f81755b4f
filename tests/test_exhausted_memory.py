"""Where memory is exhausted, that is a MemoryError."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch

from kstar_gpu.exhausted_memory import as_memory_error, is_exhausted


def test_what_torch_says_becomes_a_memory_error():
    with pytest.raises(MemoryError, match="allocate"), as_memory_error():
        torch.empty(1 << 46)
    with pytest.raises(RuntimeError) as plain:
        torch.empty(1 << 46)
    assert is_exhausted(plain.value)
    assert is_exhausted(MemoryError())


@pytest.mark.parametrize(
    "error",
    [RuntimeError("expected a matrix"), ValueError("x"), torch.OutOfMemoryError("CUDA")],
    ids=lambda error: type(error).__name__,
)
def test_other_errors_stay_what_they_are(error):
    with pytest.raises(type(error)) as caught, as_memory_error():
        raise error
    assert caught.value is error
    assert not is_exhausted(error)


def test_functions_are_decorated():
    @as_memory_error()
    def grow(elements):
        """Grow."""
        return torch.empty(elements)

    assert grow(3).shape == (3,)
    assert grow.__doc__ == "Grow."
    for _ in range(2):
        with pytest.raises(MemoryError):
            grow(1 << 46)


@pytest.mark.skipif(sys.platform != "linux", reason="address space is limited on Linux")
def test_a_process_whose_memory_is_exhausted_lives_on(backend):
    script = Path(__file__).parent / "helpers" / "scarce_memory.py"
    forms, megabytes = (
        ["integers", "euclidean", "references", "precomputed"],
        ["0.2", "2", "9", "20", "70"],
    )
    command = [sys.executable, script, backend, ",".join(forms), "1000", "200", *megabytes]
    ended = subprocess.run([*map(str, command)], capture_output=True, text=True, timeout=300)
    assert ended.returncode == 0, ended.stderr
    lines = ended.stdout.splitlines()
    assert lines[0] == "MemoryError"
    for _ in forms:
        scarce, plenty, growth = lines[:5], lines[5:8], lines[8]
        assert {*scarce} <= {"MemoryError", "right"}
        assert {*plenty} == {"right"}
        # Each call takes megabytes, and what the allocator holds varies by some.
        assert int(growth.split()[0]) < 32
        lines = lines[9:]
