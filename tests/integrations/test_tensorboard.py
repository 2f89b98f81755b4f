"""Scalars and a picture, read back from what TensorBoard's own writer has written."""

import sys

import pytest
from helpers.made_result import made, many

from kstar_gpu.integrations.scalars import scalars_of
from kstar_gpu.integrations.tensorboard import log_to_tensorboard

RESULT = made([1, 1, 1, 4, 1, 4, 4, 4], [4, 4])


class Writer:
    """Stands in for a SummaryWriter."""

    def __init__(self):
        self.scalars = {}

    def add_scalar(self, tag, value, step):
        self.scalars[tag] = (value, step)

    def add_figure(self, tag, figure, step, close):
        raise AssertionError("no picture was wanted")


def test_what_is_written_can_be_read(tmp_path):
    pytest.importorskip("matplotlib")
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from torch.utils.tensorboard import SummaryWriter

    with SummaryWriter(tmp_path) as writer:
        log_to_tensorboard(writer, RESULT, 7, name="layer1")
        log_to_tensorboard(writer, many(150), 8)
    events = EventAccumulator(str(tmp_path)).Reload()
    for name, value in scalars_of(RESULT).items():
        (found,) = events.Scalars(f"{name}/layer1")
        # TensorBoard keeps float32.
        assert (found.value, found.step) == (pytest.approx(value, abs=1e-6), 7)
        assert len(events.Scalars(name)) == 1
    (image,) = events.Images("kstar/layer1")
    assert image.step == 7
    assert image.width > image.height > 100
    assert len(events.Images("kstar")) == 1


def test_without_a_picture_nothing_is_drawn(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    writer = Writer()
    log_to_tensorboard(writer, RESULT, 0, picture=False)
    assert writer.scalars == {name: (value, 0) for name, value in scalars_of(RESULT).items()}
    with pytest.raises(ImportError, match=r'pictures need matplotlib: pip install "kstar-gpu\[plo'):
        log_to_tensorboard(writer, RESULT, 0)


def test_what_is_no_argument_is_refused_before_anything_is_written():
    writer = Writer()
    with pytest.raises(TypeError, match="writer: a SummaryWriter of TensorBoard is wanted, got st"):
        log_to_tensorboard("runs", RESULT, 0)
    with pytest.raises(TypeError, match="result"):
        log_to_tensorboard(writer, {"a": RESULT}, 0)
    with pytest.raises(TypeError, match="step: an integer is wanted, got NoneType"):
        log_to_tensorboard(writer, RESULT, None)
    with pytest.raises(ValueError, match="step: 0 or more"):
        log_to_tensorboard(writer, RESULT, -1)
    with pytest.raises(TypeError, match="name: a string"):
        log_to_tensorboard(writer, RESULT, 0, name=None)
    assert writer.scalars == {}
