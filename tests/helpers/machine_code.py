"""What the compiler made of the CUDA kernels, read from the built extension: a table.

python tests/helpers/machine_code.py
"""

import re
import subprocess
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

from kstar_gpu.engines.cuda import capabilities

TARGETS = capabilities.COMPILED
TILES = ("seed_tiles", "search_tiles", "count_tiles")
KERNELS = (
    *TILES,
    "set_thresholds",
    "screen_pairs",
    "tighten_pairs",
    "measure_limits",
    "measure_pairs",
    "forget_rows",
    "note_rows",
    "count_open_pairs",
    "measure_samples",
    "round_samples",
)

# Per target: warps, and KB of shared memory, that a multiprocessor holds (CUDA C++ Programming
# Guide, "Technical Specifications per Compute Capability").
WARPS = {"80": 64, "86": 48, "89": 48, "90": 64, "100": 64, "120": 48}
SHARED_KB = {"80": 164, "86": 100, "89": 100, "90": 228, "100": 228, "120": 100}
REGISTERS = 65536
SHARED_KB_OF_SYSTEM = 1  # per block
TILE_WARPS = 8
TILE_SHARED_KB = 48


@dataclass
class Code:
    """One kernel for one target."""

    registers: int
    stack: int  # bytes: where registers would spill to
    instructions: list[str] = field(default_factory=list)  # opcodes with their modifiers

    def has(self, opcode: str) -> bool:
        """Whether an instruction is there."""
        return any(instruction.split(".")[0] == opcode for instruction in self.instructions)

    def blocks(self, target: str) -> int:
        """Return how many blocks of a tile's size a multiprocessor holds.

        Registers are given to warps in units of 256 (CUDA Occupancy Calculator).
        """
        per_warp = -(-self.registers * 32 // 256) * 256
        return min(
            REGISTERS // per_warp // TILE_WARPS,
            SHARED_KB[target] // (TILE_SHARED_KB + SHARED_KB_OF_SYSTEM),
            WARPS[target] // TILE_WARPS,
        )


def tool() -> Path | None:
    """Return cuobjdump as PyPI has it."""
    spec = find_spec("nvidia")
    places = (spec.submodule_search_locations if spec else None) or []
    found = [Path(place) / "cu13" / "bin" / "cuobjdump" for place in places]
    return next((path for path in found if path.is_file()), None)


def read(extension: str) -> dict[tuple[str, str], Code]:
    """Return the code of an extension by target and kernel."""
    result: dict[tuple[str, str], Code] = {}
    target = kernel = ""
    for line in _run("--dump-resource-usage", extension):
        if arch := re.search(r"arch = sm_(\d+)", line):
            target = arch.group(1)
        elif name := re.search(r"Function (\S+):", line):
            kernel = _kernel(name.group(1))
        elif usage := re.search(r"REG:(\d+) STACK:(\d+)", line):
            result[target, kernel] = Code(*map(int, usage.groups()))
    for line in _run("-sass", extension):
        if arch := re.search(r"arch = sm_(\d+)", line):
            target = arch.group(1)
        elif name := re.search(r"Function : (\S+)", line):
            kernel = _kernel(name.group(1))
        elif instruction := re.match(r"\s+/\*[0-9a-f]{4,}\*/\s+(?:@!?U?P\w+ )?([A-Z][\w.]*)", line):
            result[target, kernel].instructions.append(instruction.group(1))
    return result


def _run(option: str, extension: str) -> list[str]:
    command = [str(tool()), option, extension]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()


def _kernel(symbol: str) -> str:
    return next(kernel for kernel in KERNELS if f"{len(kernel)}{kernel}" in symbol)


def main() -> None:
    """Print the table of docs/cuda.md."""
    from kstar_gpu.engines.cuda import _cuda

    code = read(_cuda.__file__)
    print("| kernel | " + " | ".join(f"sm_{target}" for target in TARGETS) + " |")
    print("|---|" + "---|" * len(TARGETS))
    for kernel in KERNELS:
        cells = [code[target, kernel] for target in TARGETS]
        print(f"| {kernel} | " + " | ".join(f"{c.registers}, {c.stack}" for c in cells) + " |")


if __name__ == "__main__":
    main()
