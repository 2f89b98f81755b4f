"""Builds the compiled engines; everything else stands in pyproject.toml.

An engine that cannot be built here is left out, never fatal: the package then works with the
engines that remain, and `kstar_gpu.available_backends()` repeats the reason noted down here.
"""

import json
from pathlib import Path

from pybind11.setup_helpers import Pybind11Extension
from setuptools import setup
from setuptools.command.build_ext import build_ext


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
        try:
            super().build_extension(ext)
        except Exception as error:
            self.failures[ext.name] = f"{type(error).__name__}: {error}"
            raise


setup(
    cmdclass={"build_ext": BuildEngines},
    ext_modules=[
        Pybind11Extension(
            "kstar_gpu._cpu",
            ["csrc/bindings_cpu.cpp"],
            depends=[*map(str, Path("csrc").rglob("*.hpp"))],
            include_dirs=["csrc"],
            cxx_std=17,
            # A fused multiply-add would change the last bit of the canonical distance.
            extra_compile_args=["-O3", "-ffp-contract=off", "-Wall", "-Wextra", "-pthread"],
            extra_link_args=["-pthread"],
            optional=True,
        )
    ],
)
