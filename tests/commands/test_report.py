"""`kstar-gpu report`: the page lies where it is asked for."""

from helpers.command_line import error_of
from helpers.made_sweep import kept, made_sweep

from kstar_gpu import cli


def test_where_the_page_lies(tmp_path, capsys):
    kept(made_sweep(3), tmp_path / "runs")
    assert cli.main(["report", str(tmp_path / "runs")]) == 0
    assert capsys.readouterr().out == f"{tmp_path / 'runs' / 'report.html'}\n"
    assert "k* of layers: runs" in (tmp_path / "runs" / "report.html").read_text()
    assert cli.main(["report", str(tmp_path / "runs"), "--out", str(tmp_path / "p.html")]) == 0
    assert (tmp_path / "p.html").is_file()
    error = error_of(capsys, "report", str(tmp_path / "runs"), "--out", str(tmp_path / "no" / "p"))
    assert "there is no folder" in error
