"""Builds the compiled engines; everything else stands in pyproject.toml.

An engine that cannot be built here is left out, never fatal: the package then works with the
engines that remain, and `kstar_gpu.available_backends()` repeats the reason noted down here.
"""

import json
import os
import platform
from pathlib import Path
from typing import Any

from pybind11.setup_helpers import ParallelCompile, Pybind11Extension
from setuptools import setup
from setuptools.command.build_ext import build_ext

# A fused multiply-add would change the last bit of the canonical distance. GCC 12 takes the
# undefined start values of its own AVX-512 intrinsics for a mistake.
FLAGS = ["-O3", "-ffp-contract=off", "-fno-math-errno", "-pthread"]
FLAGS += ["-Wall", "-Wextra", "-Wno-maybe-uninitialized"]
SOURCES = ["csrc/bindings_cpu.cpp", "csrc/cpu/dispatch.cpp", "csrc/cpu/kernels_portable.cpp"]
if platform.machine().lower() in ("x86_64", "amd64"):
    SOURCES += [f"csrc/cpu/kernels_{target}.cpp" for target in ("avx2", "avx512", "avx512_vnni")]


def own_flags(source: str) -> list[str]:
    """Return the flags that a source asks for in a line `// flags: ...`."""
    lines = Path(source).read_text().splitlines()
    return [flag for line in lines if line.startswith("// flags: ") for flag in line.split()[2:]]


class BuildEngines(build_ext):  # type: ignore[misc]  # setuptools has no types
    """`build_ext` that records why an engine could not be built."""

    def run(self) -> None:
        """Build, then write the record beside the package's modules."""
        self.failures: dict[str, str] = {}
        super().run()
        in_source = self.inplace or self.editable_mode
        package = Path("kstar_gpu" if in_source else f"{self.build_lib}/kstar_gpu")
        package.mkdir(parents=True, exist_ok=True)
        (package / "_build_failures.json").write_text(json.dumps(self.failures) + "\n")

    def build_extension(self, ext: Pybind11Extension) -> None:
        """Build one engine; on failure note the reason and let `optional` turn it to a warning."""
        compile_source = self.compiler._compile

        def compile_with_own_flags(obj: str, source: str, *rest: Any) -> None:
            suffix, cc_args, flags, pp_opts = rest
            compile_source(obj, source, suffix, cc_args, [*flags, *own_flags(source)], pp_opts)

        self.compiler._compile = compile_with_own_flags
        try:
            super().build_extension(ext)
        except Exception as error:
            self.failures[ext.name] = f"{type(error).__name__}: {error}"
            raise


ParallelCompile(default=os.cpu_count() or 1).install()
setup(
    cmdclass={"build_ext": BuildEngines},
    ext_modules=[
        Pybind11Extension(
            "kstar_gpu._cpu",
            SOURCES,
            depends=[*map(str, Path("csrc").rglob("*.hpp"))],
            include_dirs=["csrc"],
            cxx_std=17,
            extra_compile_args=FLAGS,
            extra_link_args=["-pthread"],
            optional=True,
        )
    ],
)
