"""One version, known to the package itself: it need not be installed to be used."""

import subprocess
import sys
from importlib.metadata import version

import kstar_gpu

# As after `build_ext --inplace`: the package is there, and nothing is known of it.
NOT_INSTALLED = """
import importlib.metadata as metadata
from importlib.metadata import version as of_others

def version(name):
    if name == "kstar-gpu":
        raise metadata.PackageNotFoundError(name)
    return of_others(name)

metadata.version = version
from kstar_gpu import cli
cli.main(["info"])
cli.main(["--version"])
"""


def test_a_package_that_is_not_installed_knows_its_version():
    done = subprocess.run([sys.executable, "-c", NOT_INSTALLED], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0].split() == ["kstar-gpu", kstar_gpu.__version__]
    assert done.stdout.splitlines()[-1] == f"kstar-gpu {kstar_gpu.__version__}"


def test_the_version_is_the_installed_ones():
    assert kstar_gpu.__version__ == version("kstar-gpu")
