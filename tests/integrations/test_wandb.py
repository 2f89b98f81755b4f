"""Scalars, a picture and a table: given to a run that stands in for one, and to one offline."""

import sys
from types import SimpleNamespace

import pytest
from helpers.made_result import made

from kstar_gpu.integrations.scalars import scalars_of
from kstar_gpu.integrations.wandb import COLUMNS, log_to_wandb

RESULT = made([1, 1, 1, 4, 1, 4, 4, 4, 2, 2], [4, 4, 2])


class Run:
    """Stands in for a run."""

    def __init__(self):
        self.logged = []

    def log(self, values, step=None):
        self.logged.append((values, step))


@pytest.fixture
def stand_in(monkeypatch):
    pytest.importorskip("matplotlib")
    module = SimpleNamespace(
        Image=lambda figure: figure, Table=lambda columns, data: (columns, data)
    )
    monkeypatch.setitem(sys.modules, "wandb", module)


def test_all_is_logged_in_one_call(stand_in):
    run = Run()
    log_to_wandb(run, RESULT, 3, name="layer1")
    ((values, step),) = run.logged
    assert step == 3
    for name, value in scalars_of(RESULT).items():
        assert values.pop(f"{name}/layer1") == value
    assert {*values} == {"kstar/layer1", "kstar_classes/layer1"}
    columns, rows = values["kstar_classes/layer1"]
    assert columns == [*COLUMNS]
    assert [row[:3] for row in rows] == [["c0", 4, 7 / 16], ["c1", 4, 13 / 16], ["c2", 2, 1.0]]
    assert [row[-1] for row in rows] == [*RESULT.pattern]
    assert {type(number) for row in rows for number in row} == {str, int, float}


def test_the_columns_are_those_of_the_frame(stand_in):
    pytest.importorskip("pandas")
    run = Run()
    log_to_wandb(run, RESULT)
    columns, rows = run.logged[0][0]["kstar_classes"]
    frame = RESULT.to_frame()
    assert columns == [*frame.columns]
    assert repr(rows) == repr(frame.astype(object).to_numpy().tolist())  # repr: nan is nan
    assert run.logged[0][1] is None


def test_a_run_offline_takes_it(tmp_path):
    pytest.importorskip("matplotlib")
    wandb = pytest.importorskip("wandb")
    settings = wandb.Settings(silent=True, console="off")
    with wandb.init(dir=tmp_path, project="k", mode="offline", settings=settings) as run:
        log_to_wandb(run, RESULT, 0, name="layer1")
        log_to_wandb(run, RESULT, name="$odd/name\n")
        kept = dict(run.summary)
    assert kept["kstar_mean/layer1"] == scalars_of(RESULT)["kstar_mean"]
    assert list(tmp_path.rglob("*.png"))
    assert list(tmp_path.rglob("*.table.json"))


def test_what_is_no_argument_is_refused_before_anything_is_logged(stand_in):
    run = Run()
    with pytest.raises(TypeError, match=r"run: what wandb.init gives is wanted, got NoneType"):
        log_to_wandb(None, RESULT)
    with pytest.raises(TypeError, match="result"):
        log_to_wandb(run, [RESULT])
    with pytest.raises(TypeError, match="step: an integer is wanted, got float"):
        log_to_wandb(run, RESULT, 1.0)
    with pytest.raises(TypeError, match="name: a string is wanted, got int"):
        log_to_wandb(run, RESULT, name=3)
    assert run.logged == []


def test_without_wandb_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "wandb", None)  # importing it fails now
    run = Run()
    with pytest.raises(ImportError, match=r'log_to_wandb needs wandb: pip install "kstar-gpu\[wan'):
        log_to_wandb(run, RESULT)
    assert run.logged == []
