"""Where CUDA's compiler is, and where it comes from if it is not there: PyPI.

For setup.py, which builds with it, and for backend.py, which says what a build needs.
"""

import os
import platform
import re
import shutil
import subprocess
from functools import cache
from importlib.util import find_spec
from pathlib import Path

CUDA = os.environ.get("KSTAR_CUDA", "")
CUDA_HERE = platform.system() == "Linux" and platform.machine() == "x86_64"
OLDEST = (13, 0)
FROM_PYPI = "cuda-toolkit[nvcc,cccl,cudart]==13.0.*"


def is_wanted() -> bool:
    """Whether the CUDA engine is built here at all."""
    return CUDA_HERE and CUDA != "0"


@cache
def of_system() -> Path | None:
    """Return the root of an installed CUDA toolkit that is new enough."""
    at_home = Path(os.environ.get("CUDA_HOME", "/usr/local/cuda")) / "bin" / "nvcc"
    for nvcc in (at_home, shutil.which("nvcc")):
        if nvcc is None or not Path(nvcc).is_file():
            continue
        told = subprocess.run([nvcc, "--version"], capture_output=True, text=True).stdout
        release = re.search(r"release (\d+)\.(\d+)", told)
        # nvcc may be a script in another place than the toolkit: it knows itself.
        dry = subprocess.run([nvcc, "--dryrun", "x.cu"], capture_output=True, text=True).stderr
        top = re.search(r"^#\$ TOP=(.*)$", dry, re.MULTILINE)
        if release and top and tuple(map(int, release.groups())) >= OLDEST:
            return Path(top.group(1).strip()).resolve()
    return None


def of_pypi() -> Path | None:
    """Return the root of the toolkit that came from PyPI for this build."""
    spec = find_spec("nvidia")
    places = (spec.submodule_search_locations if spec else None) or []
    roots = [Path(place) / "cu13" for place in places]
    return next((root for root in roots if (root / "bin" / "nvcc").is_file()), None)
