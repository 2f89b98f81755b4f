"""`kstar-gpu report`: the page lies where it is asked for."""

import numpy as np
from helpers.command_line import error_of
from helpers.made_sweep import features, kept, made_sweep

from kstar_gpu import Sweep, cli, kstar_distribution
from kstar_gpu.networks.sweep import Key


def test_where_the_page_lies(tmp_path, capsys):
    kept(made_sweep(3), tmp_path / "runs")
    assert cli.main(["report", str(tmp_path / "runs")]) == 0
    assert capsys.readouterr().out == f"{tmp_path / 'runs' / 'report.html'}\n"
    assert "k* of layers: runs" in (tmp_path / "runs" / "report.html").read_text()
    assert cli.main(["report", str(tmp_path / "runs"), "--out", str(tmp_path / "p.html")]) == 0
    assert (tmp_path / "p.html").is_file()
    error = error_of(capsys, "report", str(tmp_path / "runs"), "--out", str(tmp_path / "no" / "p"))
    assert "there is no folder" in error


def test_images_of_the_most_confused(tmp_path, capsys):
    x, y, names = features(3, 0.5)
    results = {
        Key("net", data, "layer"): kstar_distribution(x, y, names, return_foreign=True)
        for data in ("a", "b")
    }
    kept(Sweep(results), tmp_path)
    np.savez(tmp_path / "a.npz", inputs=np.zeros((60, 1, 4, 4)), labels=y)
    np.save(tmp_path / "texts.npy", [f"text of {n}" for n in range(60)])
    given = [str(tmp_path / "a.npz"), f"b={tmp_path / 'texts.npy'}"]
    assert cli.main(["report", str(tmp_path), "--images", *given]) == 0
    page = (tmp_path / "report.html").read_text()
    assert "data:image/png;base64," in page
    worst = results["net", "b", "layer"].confused(1)["sample"][0]
    assert f'{{"text":"text of {worst}"}}' in page
    np.save(tmp_path / "few.npy", ["text"] * 59)
    error = error_of(capsys, "report", str(tmp_path), "--images", f"a={tmp_path / 'few.npy'}")
    assert "images['a']: one per sample is wanted (60), got 59" in error
