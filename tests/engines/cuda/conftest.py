"""The CUDA engine over kernels that run on the host, thread for thread."""

import pytest
from helpers.cuda_on_host import install, what_is_missing


@pytest.fixture(scope="module")
def on_host():
    """Let kstar() take them; gives the engine's modules, by name."""
    if missing := what_is_missing():
        pytest.skip(missing)
    with pytest.MonkeyPatch.context() as patch:
        yield install(patch)
