"""`kstar-gpu plot`: what is saved becomes the picture that is asked for."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from helpers.command_line import FEATURES, LABELS, error_of, write_samples
from helpers.made_sweep import LAYERS, kept, made_sweep

from kstar_gpu import cli, kstar_distribution
from kstar_gpu.commands import plot
from kstar_gpu.plot import plot_distributions, plot_layers

PNG = b"\x89PNG"
VIOLINS, LINES = "plot_distributions", "plot_layers"


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    write_samples(tmp_path, monkeypatch)
    kstar_distribution(FEATURES, LABELS).save("result.npz")
    kept(made_sweep(3), "runs")
    return tmp_path


@pytest.fixture
def drawn(monkeypatch):
    """Note what is drawn, with which options."""
    calls = []

    def noting(name, draw):
        def call(*arguments, **options):
            calls.append((name, arguments, options))
            return draw(*arguments, **options)

        monkeypatch.setattr(plot, name, call)

    noting(VIOLINS, plot_distributions)
    noting(LINES, plot_layers)
    noting("plot_embedding", lambda *_, **__: plt.figure())
    return calls


@pytest.mark.parametrize(
    ("given", "function", "options"),
    [
        (["result.npz"], VIOLINS, {"sort": "class"}),
        (["result.npz", "--kind", "violins", "--sort", "mean"], VIOLINS, {"sort": "mean"}),
        (["result.npz", "--classes", "1", "--palette", "magma"], VIOLINS, {"classes": ["1"]}),
        (["result.npz", "--top", "2"], VIOLINS, {"top": 2}),
        (["runs"], LINES, {"kind": "lines", "statistic": "mean"}),
        (["runs", "--kind", "map", "--statistic", "skewness"], LINES, {"statistic": "skewness"}),
        (["runs", "--kind", "violins", "--layer", "head"], VIOLINS, {"sort": "class"}),
        (["result.npz", "--kind", "embedding", "--features", "data.npz"], "plot_embedding", {}),
    ],
)  # fmt: skip
def test_each_kind(given, function, options, drawn, folder, capsys):
    assert cli.main(["plot", *given, "--out", "k.png"]) == 0
    assert capsys.readouterr().out == "k.png\n"
    assert (folder / "k.png").read_bytes().startswith(PNG)
    ((name, _, found),) = drawn
    assert name == function
    assert found | options == found


def test_layers_that_are_chosen(drawn):
    assert cli.main(["plot", "runs", "--layer", "head", "stem", "--out", "k.png"]) == 0
    assert [key.layer for key in drawn[0][1][0].results] == ["stem", "head"]
    violins = ["plot", "runs", "--kind", "violins", "--layer", "head", "stem", "--out", "k.png"]
    assert cli.main(violins) == 0
    assert [*drawn[1][1][0]] == ["stem", "head"]


def test_an_embedding_has_the_features_and_the_result(drawn):
    command = ["plot", "result.npz", "--kind", "embedding", "--features", "data.npz:features"]
    assert cli.main([*command, "--out", "k.svg"]) == 0
    features, result = drawn[0][1]
    np.testing.assert_array_equal(features, FEATURES)
    np.testing.assert_array_equal(result.kstar, kstar_distribution(FEATURES, LABELS).kstar)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["none.npz"], "No such file"),
        (["data.npz"], "a saved KStarDistribution is wanted, got another .npz file"),
        (["."], "a sweep's directory is wanted, got none"),
        (
            ["result.npz", "--kind", "map"],
            "--kind map: the directory of a sweep is wanted, got",
        ),
        (
            ["result.npz", "--layer", "x"],
            "--layer: the directory of a sweep is wanted with",
        ),
        (
            ["runs", "--layer", "stage"],
            "--layer: one of 'stem', 'stage1.block', 'stage2.block",
        ),
        (["runs", "--model", "ne"], "--model: one of 'net' is wanted, got 'ne'"),
        (
            ["runs", "--kind", "violins"],
            "a choice of one result is wanted, got 4: net/test/stem",
        ),
        (["result.npz", "--kind", "embedding"], "--features and --kind embedding go together"),
        (["result.npz", "--features", "data.npz"], "--features and --kind embedding go together"),
        (["result.npz", "--classes", "7"], "'7'"),
        (["result.npz", "--palette", "no such"], "palette: "),
    ],
)
def test_what_does_not_fit_is_one_line(given, message, capsys, folder):
    assert message in error_of(capsys, "plot", *given, "--out", "k.png")
    assert not (folder / "k.png").exists()
    assert not plt.get_fignums()


def test_embeddings_show_all_classes(capsys):
    more = ["--kind", "embedding", "--features", "data.npz", "--classes", "1"]
    error = error_of(capsys, "plot", "result.npz", *more, "--out", "k.png")
    assert "--classes: none is wanted for an embedding" in error


def test_the_layers_are_those_of_the_sweep():
    assert LAYERS == ["stem", "stage1.block", "stage2.block", "head"]
