"""Arrays of CuPy on a CUDA device: computed where they are, on CuPy's current stream."""

import numpy as np
import pytest
import torch
from helpers.families import labels

from kstar_gpu import definition, kstar, kstar_distribution
from kstar_gpu.inputs.streams import on_stream_of

pytestmark = pytest.mark.gpu
ENGINES = ["cuda", "torch"]
CLOCKS = 50_000_000  # of a device that waits: tens of milliseconds


@pytest.fixture
def cupy():
    return pytest.importorskip("cupy", reason="cupy is not installed")


@pytest.fixture
def samples(rng):
    return rng.standard_normal((3000, 64)), labels(rng, 3000, 5)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int32"])
def test_cupy_in_cupy_out(dtype, engine, cupy, rng):
    x, y = (9 * rng.standard_normal((300, 10))).astype(dtype), labels(rng, 300, 3)
    found = kstar(cupy.asarray(x), cupy.asarray(y), return_foreign=True, backend=engine)
    wanted = definition.table(x.astype(np.float64), y)
    assert all(isinstance(column, cupy.ndarray) for column in found)
    np.testing.assert_array_equal(cupy.asnumpy(found.kstar), wanted.kstar)
    np.testing.assert_array_equal(cupy.asnumpy(found.index), wanted.row)
    np.testing.assert_array_equal(cupy.asnumpy(found.distance), np.sqrt(wanted.squared_distance))


@pytest.mark.parametrize("normalize", [False, True])
def test_labels_may_be_cupys_or_not(normalize, cupy, samples):
    x, y = samples
    wanted = kstar(x, y, normalize=normalize, backend="cpu")
    for names in (cupy.asarray(y), cupy.asarray(y.astype(np.uint8)), y, [*map(str, y)]):
        found = kstar(cupy.asarray(x), names, normalize=normalize)
        np.testing.assert_array_equal(cupy.asnumpy(found), wanted)
    assert isinstance(kstar(x, cupy.asarray(y)), np.ndarray)


def test_among_references(cupy, samples):
    x, y = samples
    sides = [cupy.asarray(part) for part in (x[:500], y[:500], x[500:], y[500:])]
    found = kstar(sides[0], sides[1], references=sides[2], reference_labels=sides[3])
    wanted = definition.kstar(x[:500], y[:500], x[500:], y[500:])
    np.testing.assert_array_equal(cupy.asnumpy(found), wanted)


def test_of_every_nth_row_and_of_the_other_order(cupy, samples):
    x, y = samples
    for view in (cupy.asarray(x)[::2], cupy.asfortranarray(cupy.asarray(x[::2]))):
        found = kstar(view, cupy.asarray(y)[::2])
        np.testing.assert_array_equal(cupy.asnumpy(found), definition.kstar(x[::2], y[::2]))


def test_distributions_are_the_same(cupy, samples):
    x, y = samples
    found = kstar_distribution(cupy.asarray(x), cupy.asarray(y), return_foreign=True)
    wanted = kstar_distribution(x, y, return_foreign=True, backend="cpu")
    np.testing.assert_array_equal(found.kstar, wanted.kstar)
    np.testing.assert_array_equal(found.foreign_index, wanted.foreign_index)


def test_on_the_current_stream(cupy, samples):
    """What comes late is waited for, and what follows on the stream waits for the result."""
    x, y = (cupy.asarray(part) for part in samples)
    wanted = kstar(x, y)
    cupy.cuda.Device().synchronize()
    stream = cupy.cuda.Stream(non_blocking=True)
    with stream:
        late = cupy.zeros_like(x)
        with torch.cuda.stream(torch.cuda.ExternalStream(stream.ptr)):
            torch.cuda._sleep(CLOCKS)  # what is read too early is still zero
        late += x
        twice = kstar(late, y) * 2
    stream.synchronize()
    assert bool((twice == 2 * wanted).all())


@pytest.mark.skipif(torch.cuda.device_count() < 2, reason="there is one CUDA device")
def test_on_another_device(cupy, samples):
    with cupy.cuda.Device(1):
        x, y = (cupy.asarray(part) for part in samples)
    found = kstar(x, y)
    assert found.device.id == 1
    np.testing.assert_array_equal(cupy.asnumpy(found), definition.kstar(*samples))


def test_tensors_of_torch_beside_it_are_waited_for(cupy, samples):
    x, y = samples
    x, y = cupy.asarray(x), torch.from_numpy(y).cuda()
    wanted = kstar(x, y)
    torch.cuda.synchronize()
    with cupy.cuda.Stream(non_blocking=True) as stream:
        late = torch.zeros_like(y)
        torch.cuda._sleep(CLOCKS)
        late += y
        found = kstar(x, late)
        stream.synchronize()
    assert bool((found == wanted).all())


def test_on_the_default_stream_torchs_is_the_same(cupy):
    with torch.cuda.stream(torch.cuda.Stream()), on_stream_of(cupy.zeros(3)):
        assert torch.cuda.current_stream() == torch.cuda.default_stream()
