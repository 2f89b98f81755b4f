"""Which loggers take pictures; real ones are in test_lightning."""

from types import SimpleNamespace

import pytest
from helpers.made_result import made

from kstar_gpu.integrations.trackers import check_trackers, log_picture

RESULT = made([1, 1, 4, 2, 2, 2], [4, 2])


class TensorBoardLogger:
    """Stands in for one of either library."""

    def __init__(self):
        self.figures = []
        self.experiment = SimpleNamespace(add_figure=self._add)

    def _add(self, tag, figure, step, close):
        self.figures.append((tag, step))


class OwnLogger(TensorBoardLogger):
    """Somebody's own, made from one."""


class CSVLogger:
    """Takes no pictures: it has no experiment to ask."""


def test_one_that_takes_pictures_is_enough():
    check_trackers([CSVLogger(), OwnLogger()])


@pytest.mark.parametrize(("loggers", "found"), [([], "none"), ([CSVLogger()], "CSVLogger")])
def test_without_one_that_does_they_are_refused(loggers, found):
    with pytest.raises(ValueError, match=f"TensorBoardLogger or WandbLogger .* got {found}$"):
        check_trackers(loggers)


def test_a_picture_goes_to_those_that_take_it():
    pytest.importorskip("matplotlib")
    logger = OwnLogger()
    log_picture(logger, RESULT, 3, "layer1")
    log_picture(CSVLogger(), RESULT, 3, "layer1")
    assert logger.figures == [("kstar/layer1", 3)]
