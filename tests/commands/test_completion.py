"""Shell completion: of commands, options, choices and files."""

import subprocess
import sys

import pytest

from kstar_gpu import cli
from kstar_gpu.commands.completion import SHELLS


def script(shell, capsys):
    with pytest.raises(SystemExit) as end:
        cli.main(["--completion", shell])
    assert end.value.code == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("shell", SHELLS)
def test_each_shell(shell, capsys):
    pytest.importorskip("shtab")
    text = script(shell, capsys)
    for word in ("compute", "sweep", "layers", "--checkpoint", "violins"):
        assert word in text


def completed(tmp_path, capsys, line):
    """Return what bash offers for the last word of a line."""
    (tmp_path / "completion.sh").write_text(script("bash", capsys))
    words = line.split(" ")
    code = f"""
        source ./completion.sh
        COMP_WORDS=({" ".join(words[:-1])} "{words[-1]}")
        COMP_CWORD={len(words) - 1}
        _shtab_kstar_gpu
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    done = subprocess.run(["bash", "-c", code], cwd=tmp_path, capture_output=True, text=True)
    return done.stdout.split()


def test_in_bash(tmp_path, capsys):
    pytest.importorskip("shtab")
    (tmp_path / "features.npz").touch()
    assert completed(tmp_path, capsys, "kstar-gpu swe") == ["sweep"]
    assert completed(tmp_path, capsys, "kstar-gpu plot --stat") == ["--statistic"]
    assert completed(tmp_path, capsys, "kstar-gpu compute feat") == ["features.npz"]
    assert completed(tmp_path, capsys, "kstar-gpu compute x.npy --labels feat") == ["features.npz"]
    assert completed(tmp_path, capsys, "kstar-gpu plot r.npz --kind vio") == ["violins"]


def test_what_it_needs_is_named(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "shtab", None)
    with pytest.raises(SystemExit) as end:
        cli.main(["--completion", "bash"])
    assert end.value.code == 2
    assert (
        '--completion needs shtab: pip install "kstar-gpu[completion]"' in capsys.readouterr().err
    )
