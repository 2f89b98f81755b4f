"""A few trials of each stress scenario; and that what comes of trials is counted, kept and told.

`make test-stress` runs them for minutes.
"""

import errno
import json
import signal
import sys

import pytest
from helpers.endings import end
from marked_section import END, begin
from stress import __main__ as command
from stress import report
from stress.full_disk import Disk, limited
from stress.scenarios import SCENARIOS, Scenario, run_short
from stress.tally import LOST, NOTICED, SURVIVED, WRONG, Verdict, run
from stress.trial import call, together

SEED = 0


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_few_trials(name):
    tally = run_short(name, SEED)
    assert tally.tried > 0
    assert tally.notes == []


def of_all_kinds(random):
    yield Verdict(SURVIVED, times={"cpu": 0.5})
    yield Verdict(NOTICED)
    yield Verdict(WRONG, f"{random.random()}")
    yield Verdict(LOST, "gone")


def test_what_comes_of_trials_is_counted():
    tally = run("all kinds", of_all_kinds, seed=1)
    assert (tally.tried, tally.survived, tally.noticed, tally.wrong, tally.lost) == (4, 1, 1, 1, 1)
    assert tally.notes[1] == "trial 4, lost: gone"
    assert tally.times == {"cpu": [0.5]}
    assert run("all kinds", of_all_kinds, 1).notes == tally.notes
    assert run("all kinds", of_all_kinds, 2).notes != tally.notes
    assert run("all kinds", of_all_kinds, 1, trials=2).tried == 2
    assert run("all kinds", of_all_kinds, 1, seconds=0).tried == 1


def test_how_another_process_ends_is_told():
    assert call(end, "value").value == "value"
    failed = call(end, "error")
    assert failed.failure.kinds[0] == "OSError"
    assert failed.failure.number == errno.ENOSPC
    assert not failed.returned
    assert call(end, "crash").signal == signal.SIGSEGV
    assert call(end, "sleep", kill_after=0.01).signal == signal.SIGKILL
    slept, returned = together([(end, "sleep"), (end, "value")], [0.05, None])
    assert slept.signal == signal.SIGKILL
    assert returned.returned


def test_a_call_that_does_not_end_is_ended():
    assert call(end, "sleep", limit=0.1).hung


def write(path, unwritten, options):
    with open(path, **options) as file:
        while unwritten:
            unwritten = unwritten[file.write(unwritten) :]


@pytest.mark.parametrize("options", [dict(mode="wb"), dict(mode="w+b", buffering=0)])
def test_a_disk_takes_no_more_than_it_has_room_for(options, tmp_path):
    path = tmp_path / "file"
    with limited(Disk(5, errno.EDQUOT)), pytest.raises(OSError, match="quota"):
        write(path, b"12345678", options)
    assert path.read_bytes() == b"12345"
    (tmp_path / "other").write_bytes(b"12345678")


def test_the_command_keeps_tallies_and_the_report_tells_them(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(command, "SCENARIOS", {"all kinds": Scenario(of_all_kinds, 4, 1, None)})
    monkeypatch.setattr("stress.scenarios.SCENARIOS", command.SCENARIOS)
    monkeypatch.setattr(report, "SCENARIOS", command.SCENARIOS)
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    kept, page = tmp_path / "made" / "stress.json", tmp_path / "page.md"
    monkeypatch.setattr(sys, "argv", ["stress", "--seed", "3", "--out", str(kept)])
    assert command.main() == 1  # since something was wrong
    assert "all kinds: 4 tried, 1 survived" in capsys.readouterr().out
    assert json.loads(kept.read_text())["seed"] == 3
    page.write_text(f"before\n{begin(report.SCRIPT)}\nold\n{END}\nafter\n")
    monkeypatch.setattr(sys, "argv", ["report", str(kept), "--page", str(page)])
    report.main()
    text = page.read_text()
    assert "| all kinds | 4 | 1 | 1 | 1 | 1 |" in text
    assert "| all kinds | 500.0 ms |" in text
    assert "old" not in text
    assert text.startswith("before\n")
    assert text.endswith("\nafter\n")


def test_parts_of_a_run_are_told_together():
    first, second, third = [*SCENARIOS][:3]

    def part(*names, tried=1, seed=3):
        tallies = [{"scenario": name, "tried": tried} for name in names]
        return {"seed": seed, "machine": "this", "tallies": tallies}

    whole = report.together([part(first, third), part(third, second, tried=2)])
    assert [(tally["scenario"], tally["tried"]) for tally in whole["tallies"]] == [
        (first, 1),
        (second, 2),
        (third, 2),
    ]
    with pytest.raises(ValueError, match="runs of one seed are wanted, got 3, 4"):
        report.together([part(first), part(second, seed=4)])


def test_the_page_has_its_marks():
    page = report.PAGE.read_text(encoding="utf-8")
    assert report.rewritten(page, report.SCRIPT, "measured").count("measured") >= 1
