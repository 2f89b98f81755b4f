"""Builds the compiled engines; everything else stands in pyproject.toml.

An engine that cannot be built here is left out, never fatal: the package then works with the
engines that remain, and `kstar_gpu.available_backends()` repeats the reason noted down here.

Environment variables
---------------------
KSTAR_CUDA : 0 leaves the CUDA engine out, 1 makes its failure fatal
KSTAR_CUDA_ARCHS : compute capabilities to compile for, such as "80 90"; newer ones use the first
KSTAR_NVCC_FLAGS : more flags for nvcc, such as "-lineinfo", by which profilers name source lines
"""

import json
import os
import platform
import runpy
import subprocess
from pathlib import Path
from typing import Any

import nvcc  # from build_tools, where backend.py is
from pybind11.setup_helpers import ParallelCompile, Pybind11Extension
from setuptools import setup
from setuptools.command.build_ext import build_ext
from setuptools.errors import CompileError

# A fused multiply-add would change the last bit of the canonical distance. GCC 12 takes the
# undefined start values of its own AVX-512 intrinsics for a mistake. Nobody asks which operations
# were inexact or invalid: loops that choose a minimum become vectors then.
FLAGS = ["-O3", "-ffp-contract=off", "-fno-math-errno", "-fno-trapping-math", "-pthread"]
FLAGS += ["-Wall", "-Wextra", "-Wno-maybe-uninitialized"]
SOURCES = ["csrc/cpu/bindings.cpp", "csrc/cpu/dispatch.cpp", "csrc/cpu/kernels_portable.cpp"]
TARGETS = {"aarch64": ["neon_dot", "i8mm"]}  # only Linux calls it so
TARGETS["x86_64"] = TARGETS["amd64"] = ["avx2", "avx_vnni", "avx512", "avx512_vnni", "amx"]
for target in TARGETS.get(platform.machine().lower(), []):
    SOURCES.append(f"csrc/cpu/kernels_{target}.cpp")

CAPABILITIES = runpy.run_path("kstar_gpu/engines/cuda/capabilities.py")["COMPILED"]
CUDA_ARCHS = os.environ.get("KSTAR_CUDA_ARCHS", " ".join(CAPABILITIES)).split()
NVCC_FLAGS = ["-O3", "-std=c++17", "-Icsrc", "-Xcompiler", "-fPIC", "-Werror", "all-warnings"]
NVCC_FLAGS += os.environ.get("KSTAR_NVCC_FLAGS", "").split()


def own_flags(source: str) -> list[str]:
    """Return the flags that a source asks for in a line `// flags: ...`."""
    lines = Path(source).read_text().splitlines()
    return [flag for line in lines if line.startswith("// flags: ") for flag in line.split()[2:]]


class BuildEngines(build_ext):  # type: ignore[misc]  # setuptools has no types
    """`build_ext` that compiles CUDA, and records why an engine could not be built."""

    def run(self) -> None:
        """Build, then write the record beside the package's modules."""
        self.failures: dict[str, str] = {}
        if nvcc.CUDA == "0":
            self.failures["kstar_gpu.engines.cuda._cuda"] = "KSTAR_CUDA=0 left it out"
        elif not nvcc.CUDA_HERE:
            self.failures["kstar_gpu.engines.cuda._cuda"] = "it is built on x86-64 Linux only"
        super().run()
        in_source = self.inplace or self.editable_mode
        package = Path("kstar_gpu" if in_source else f"{self.build_lib}/kstar_gpu") / "engines"
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
            if ext.name == "kstar_gpu.engines.cuda._cuda":
                self.add_kernels(ext)
            super().build_extension(ext)
        except Exception as error:
            self.failures[ext.name] = f"{type(error).__name__}: {error}"
            raise
        finally:
            self.compiler._compile = compile_source

    def add_kernels(self, ext: Pybind11Extension) -> None:
        """Compile the CUDA kernels, and link them and CUDA's runtime into the extension."""
        root = nvcc.of_system() or nvcc.of_pypi()
        if root is None:
            raise CompileError(f"no nvcc {nvcc.OLDEST[0]}.{nvcc.OLDEST[1]} or newer was found")
        targets = [f"-gencode=arch=compute_{arch},code=sm_{arch}" for arch in CUDA_ARCHS]
        targets.append(f"-gencode=arch=compute_{CUDA_ARCHS[0]},code=compute_{CUDA_ARCHS[0]}")
        kernels = Path(self.build_temp) / "kernels.o"
        kernels.parent.mkdir(parents=True, exist_ok=True)
        command = [str(root / "bin" / "nvcc"), *NVCC_FLAGS, *targets, "--threads", "0"]
        command += ["-c", "csrc/cuda/launch.cu", "-o", str(kernels)]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            raise CompileError(f"nvcc failed: {(done.stderr or done.stdout).strip()[-2000:]}")
        runtime = next(root.rglob("libcudart_static.a"), None)
        if runtime is None:
            raise CompileError(f"there is no libcudart_static.a in {root}")
        ext.extra_objects = [str(kernels), str(runtime)]


ENGINES = [
    Pybind11Extension(
        "kstar_gpu.engines.cpu._cpu",
        SOURCES,
        depends=[*map(str, Path("csrc").rglob("*.hpp"))],
        include_dirs=["csrc"],
        cxx_std=17,
        extra_compile_args=FLAGS,
        extra_link_args=["-pthread"],
        optional=True,
    )
]
if nvcc.is_wanted():
    ENGINES.append(
        Pybind11Extension(
            "kstar_gpu.engines.cuda._cuda",
            ["csrc/cuda/bindings.cpp"],
            depends=[*map(str, Path("csrc").rglob("*.[hc][pu]*"))],
            include_dirs=["csrc"],
            cxx_std=17,
            extra_compile_args=FLAGS,
            libraries=["rt", "dl", "pthread"],
            optional=nvcc.CUDA != "1",
        )
    )

ParallelCompile(default=os.cpu_count() or 1).install()
setup(cmdclass={"build_ext": BuildEngines}, ext_modules=ENGINES)
