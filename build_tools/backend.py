"""The build backend: setuptools' own, but a build of the CUDA engine asks for its compiler.

pip installs what these functions ask for into the environment of the build, where setup.py finds
it (nvcc.py). Nothing is asked for where the engine is left out or a compiler is there.
"""

from typing import Any

import nvcc
from setuptools import build_meta
from setuptools.build_meta import *  # noqa: F403  # the hooks that stay as they are


def get_requires_for_build_wheel(settings: Any = None) -> list[str]:
    """Return what a wheel is built with, beside pyproject.toml's requirements."""
    return [*build_meta.get_requires_for_build_wheel(settings), *_compiler()]


def get_requires_for_build_editable(settings: Any = None) -> list[str]:
    """Return what an editable installation is built with."""
    return [*build_meta.get_requires_for_build_editable(settings), *_compiler()]


def _compiler() -> list[str]:
    return [nvcc.FROM_PYPI] if nvcc.is_wanted() and nvcc.of_system() is None else []
