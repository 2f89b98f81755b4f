"""The compiler's own report of the CUDA kernels: no spills, and the instructions they live by."""

import pytest
from helpers import machine_code
from helpers.machine_code import KERNELS, TARGETS, TILES

_cuda = pytest.importorskip("kstar_gpu.engines.cuda._cuda", reason="the CUDA engine is not built")
if machine_code.tool() is None:
    pytest.skip("cuobjdump is not there", allow_module_level=True)


@pytest.fixture(scope="module")
def code():
    found = machine_code.read(_cuda.__file__)
    if {target for target, _ in found} != set(TARGETS):
        pytest.skip("built for other targets than all")
    return found


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("kernel", KERNELS)
def test_nothing_spills(kernel, target, code):
    kernel = code[target, kernel]
    assert kernel.stack == 0
    assert not kernel.has("STL")
    assert not kernel.has("LDL")


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("kernel", TILES)
def test_tiles_use_tensor_cores_and_copies_that_do_not_wait(kernel, target, code):
    kernel = code[target, kernel]
    assert kernel.has("HMMA")  # products
    assert kernel.has("LDGSTS")  # copies to shared memory past the registers
    assert kernel.has("LDSM")  # fragments
    assert kernel.blocks(target) >= 2  # one multiplies while the other decides


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("kernel", ["measure_limits", "measure_pairs", "count_open_pairs"])
def test_canonical_distances_are_not_fused(kernel, target, code):
    kernel = code[target, kernel]
    assert kernel.has("DMUL")
    assert kernel.has("DADD")


def test_the_table_counts_blocks_as_published():
    tile = machine_code.Code(registers=128, stack=0)
    assert [tile.blocks(target) for target in TARGETS] == [2, 2, 2, 2, 2, 2]
    assert machine_code.Code(registers=64, stack=0).blocks("80") == 3  # by shared memory
    assert machine_code.Code(registers=168, stack=0).blocks("90") == 1
