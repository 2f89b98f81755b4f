"""The CUDA engine over kernels that run on the host, thread for thread."""

import shutil

import pytest


@pytest.fixture(scope="module")
def on_host():
    """Let kstar() take them; gives the engine's modules, by name."""
    if shutil.which("g++") is None:
        pytest.skip("there is no C++ compiler")
    from helpers.cuda_on_host import install

    with pytest.MonkeyPatch.context() as patch:
        yield install(patch)
