"""Neither result nor global state depends on the other."""

import threading
import time
from contextlib import contextmanager, nullcontext

import numpy as np
import pytest
import torch
from helpers.families import denormal_differences, far_from_origin, gaussian, labels
from helpers.judge import flushed_denormals

from kstar_gpu import definition, kstar, kstar_distribution
from kstar_gpu.engines import torch_state


@contextmanager
def switched(set_value, get_value, value):
    before = get_value()
    set_value(value)
    try:
        yield
    finally:
        set_value(before)


def matmul_precision(value):
    return switched(torch.set_float32_matmul_precision, torch.get_float32_matmul_precision, value)


def default_dtype(value):
    return switched(torch.set_default_dtype, torch.get_default_dtype, value)


def deterministic():
    return switched(
        torch.use_deterministic_algorithms, torch.are_deterministic_algorithms_enabled, True
    )


@contextmanager
def default_device(value):
    with torch.device(value):
        yield


STATES = {
    "plain": nullcontext,
    "autocast": lambda: torch.autocast("cpu", dtype=torch.bfloat16),
    "high": lambda: matmul_precision("high"),
    "medium": lambda: matmul_precision("medium"),
    "default float64": lambda: default_dtype(torch.float64),
    "default float16": lambda: default_dtype(torch.float16),
    "default device meta": lambda: default_device("meta"),
    "deterministic": deterministic,
    "inference mode": torch.inference_mode,
    "anomaly detection": torch.autograd.detect_anomaly,
    "flushed denormals": flushed_denormals,
}


def observed():
    """What a caller could see of the state."""
    backends = torch.backends
    precisions = [
        getattr(switch, "fp32_precision", None)
        for switch in (backends.cuda.matmul, backends.mkldnn.matmul)
    ]
    product = torch.ones(2, 2, device="cpu", dtype=torch.float32)
    denormal = torch.full((1,), 1e-310, dtype=torch.float64, device="cpu") * 1.0
    return (
        (product @ product).dtype,
        torch.get_float32_matmul_precision(),
        precisions,
        torch.get_default_dtype(),
        torch.is_grad_enabled(),
        torch.get_num_threads(),
        denormal.view(torch.int64).item() == 0,
    )


@pytest.mark.filterwarnings("ignore:Anomaly Detection")
@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("family", ["gaussian", "denormals"])
def test_state_changes_nothing_and_is_kept(state, family, backend, rng):
    x = gaussian(rng, 600, 96) if family == "gaussian" else denormal_differences(rng, 600, 9)
    y = labels(rng, 600, 4)
    wanted = definition.table(x, y)
    with STATES[state]():
        before = observed()
        result = kstar(x, y, backend=backend, return_foreign=True)
        assert observed() == before
    np.testing.assert_array_equal(result.kstar, wanted.kstar)
    np.testing.assert_array_equal(result.index, wanted.row)


def test_squares_vanish_where_numpy_is_told_to_raise(backend, rng):
    x = gaussian(rng, 300, 9)
    x[:, 1] *= 1e-200
    y = labels(rng, 300, 4)
    wanted = definition.table(x, y, metric="cosine").kstar
    with np.errstate(all="raise"):
        np.testing.assert_array_equal(kstar(x, y, metric="cosine", backend=backend), wanted)
        assert np.geterr()["under"] == "raise"


class Switches:
    """Every switch of all threads, turned by one thread; and who else has turned any."""

    def __init__(self, patch):
        self.turning = threading.get_ident()
        self.others = []
        self.reduce = False
        self.setters = {
            "set_float32_matmul_precision": ["highest", "high", "medium"],
            "set_default_dtype": [torch.float64, torch.float16, torch.float32],
            "use_deterministic_algorithms": [True, False],
            "set_num_threads": [1, 2, 3],
            "set_default_device": ["meta", "cpu"],
            "set_flush_denormal": [True, False],
        }
        for name in self.setters:
            patch.setattr(torch, name, self._watched(name, getattr(torch, name)))
        if hasattr(torch.backends.mkldnn, "matmul"):  # torch >= 2.9
            plain = torch._C._set_fp32_precision_setter
            name = "_set_fp32_precision_setter"
            patch.setattr(torch._C, name, self._watched(name, plain))
        plain_mm, plain_matmul, plain_mv = torch.mm, torch.Tensor.__matmul__, torch.mv
        patch.setattr(torch, "mm", lambda a, b, **out: plain_mm(*self._reduced(a, b), **out))
        patch.setattr(torch, "mv", lambda a, b: plain_mv(*self._reduced(a, b)))
        patch.setattr(torch.Tensor, "__matmul__", lambda a, b: plain_matmul(*self._reduced(a, b)))

    def _watched(self, name, plain):
        def setter(*values, **options):
            # Whether denormals are flushed is each thread's own.
            if threading.get_ident() != self.turning and name != "set_flush_denormal":
                self.others.append(name)
            return plain(*values, **options)

        return setter

    def _reduced(self, *factors):
        """Do what some processors do to factors under "medium"; others ignore it."""
        if self.reduce and factors[0].dtype == torch.float32:
            return [factor.bfloat16().float() for factor in factors]
        return factors

    def turn(self, rng):
        name = rng.choice([*self.setters])
        values = self.setters[name]
        getattr(torch, name)(values[rng.integers(len(values))])
        if hasattr(torch.backends.mkldnn, "matmul"):
            for library in (torch.backends.mkldnn, torch.backends.cuda):
                library.matmul.fp32_precision = rng.choice(["ieee", "tf32"])
        self.reduce = rng.random() < 0.5


def turned():
    """Return how all switches of all threads are turned."""
    precisions = [
        getattr(getattr(library, "matmul", None), "fp32_precision", None)
        for library in (torch.backends.mkldnn, torch.backends.cuda)
    ]
    return (
        precisions,
        torch.get_default_dtype(),
        torch.are_deterministic_algorithms_enabled(),
        torch.get_num_threads(),
    )


@pytest.fixture
def switches(monkeypatch):
    precision, before = torch.get_float32_matmul_precision(), turned()
    with monkeypatch.context() as patch:
        yield Switches(patch)
    torch.set_float32_matmul_precision(precision)
    torch.set_default_dtype(before[1])
    torch.use_deterministic_algorithms(before[2])
    torch.set_num_threads(before[3])
    torch.set_default_device(None)
    torch.set_flush_denormal(False)
    for library, value in zip((torch.backends.mkldnn, torch.backends.cuda), before[0], strict=True):
        if value is not None:
            library.matmul.fp32_precision = value
    assert turned() == before


def cases(rng, backend):
    """Return calls with what they are to give, of every form, metric and kind of work."""
    x, y = gaussian(rng, 400, 96).astype(np.float32), labels(rng, 400, 4)
    y[200:] = 0
    repeated = np.repeat(x[:2], 300, axis=0)  # weights that bfloat16 does not hold
    many, classes = np.concatenate([repeated, x[:100]]), np.zeros(700, dtype=int)
    classes[600::7] = 1
    queries, asked = gaussian(rng, 90, 96), labels(rng, 90, 4)
    placed = {"references": x, "reference_labels": y}
    far = far_from_origin(rng, 300, 40)
    return [
        (lambda: kstar(x, y, backend=backend), definition.kstar(x, y)),
        (lambda: kstar(far, y[:300], backend=backend), definition.kstar(far, y[:300])),
        (lambda: kstar(many, classes, backend=backend), definition.kstar(many, classes)),
        (
            lambda: kstar(x, y, metric="cosine", backend=backend),
            definition.kstar(x, y, metric="cosine"),
        ),
        (
            lambda: kstar(queries, asked, **placed, backend=backend),
            definition.kstar(queries, asked, **placed),
        ),
        (lambda: kstar_distribution(x, y, backend=backend).kstar, definition.kstar(x, y)),
    ]


@pytest.mark.parametrize("tiles", [64], indirect=True)
def test_switches_that_others_turn_meanwhile(backend, tiles, narrow_balls, switches, rng):
    wanted = cases(rng, backend)
    wrong, errors = [], []

    def ask(number):
        torch.set_flush_denormal(number % 2 == 0)
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=number % 3 == 0):
            try:
                for _ in range(3):
                    for case, (call, expected) in enumerate(wanted):
                        if not np.array_equal(call(), expected):
                            wrong.append(case)
            except Exception as error:
                errors.append(error)

    asking = [threading.Thread(target=ask, args=[number]) for number in range(4)]
    for thread in asking:
        thread.start()
    while any(thread.is_alive() for thread in asking):
        switches.turn(rng)
        time.sleep(0.0003)
    last = turned()
    assert (wrong, errors, switches.others) == ([], [], [])
    call, expected = wanted[0]
    np.testing.assert_array_equal(call(), expected)
    assert turned() == last


@pytest.mark.parametrize("narrow", [False, True], ids=["full", "narrow"])
def test_products_that_are_always_reduced(backend, narrow, switches, rng, request):
    if narrow:
        request.getfixturevalue("narrow_balls")
    switches.reduce = True
    for call, expected in cases(rng, backend):
        np.testing.assert_array_equal(call(), expected)


def test_the_switch_that_cuda_needs_is_shared_and_put_back():
    guard = torch_state._AnyAlgorithm()
    with deterministic():
        with guard:
            assert not torch.are_deterministic_algorithms_enabled()
            with guard:
                assert not torch.are_deterministic_algorithms_enabled()
            assert not torch.are_deterministic_algorithms_enabled()  # the last puts it back
        assert torch.are_deterministic_algorithms_enabled()
        torch.use_deterministic_algorithms(True, warn_only=True)
        with guard:
            pass
        assert torch.is_deterministic_algorithms_warn_only_enabled()
    with guard:
        torch.use_deterministic_algorithms(True)  # by another thread, after the first
        with guard:
            assert not torch.are_deterministic_algorithms_enabled()
    assert torch.are_deterministic_algorithms_enabled()
    torch.use_deterministic_algorithms(False)
    with guard:
        pass
    assert not torch.are_deterministic_algorithms_enabled()
