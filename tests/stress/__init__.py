"""Stress: what a machine and its other users do to a computation and to what it has kept.

    make test-stress                       all scenarios, to build/stress.json: minutes
    cd tests && python -m stress --help    some of them, with another seed

A scenario is a function from a source of random numbers to verdicts, one a trial (`tally.py`). What
may be killed, crash or hang runs in a process of its own (`trial.py`), on stores and problems whose
right result is known (`stores.py`, `problems.py`). `scenarios.py` lists them all, `report.py`
writes the tables of docs/reliability.md. A few trials of each are part of the test suite
(`tests/test_stress.py`).
"""
