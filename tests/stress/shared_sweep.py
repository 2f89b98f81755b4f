"""Several processes share the work of one sweep: once each when nobody dies, and with kill -9.

Of many models and data sets, each process begins with what nobody works on.
"""

import os
import time
from functools import partial
from itertools import cycle
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from unittest.mock import patch

from kstar_gpu import sweep
from kstar_gpu.networks import sweep as sweeps

from . import stores
from .tally import LOST, SURVIVED, WRONG, Verdict
from .trial import Running, together

MODELS = {f"model{number}": partial(stores.network, number) for number in range(3)}
DATA = {f"data{number}": partial(stores.loader, number) for number in range(3)}
PROCESSES = (2, 4, 8)
SLOW = 0.05  # seconds that a result takes at most, so that there is time to be killed in
LONGEST = 0.3  # seconds until the next kill
LOG = "computed"  # a line for each result that is begun; hidden from sweeps by what it lies beside


def shared(random):
    """2, 4 and 8 processes: all layers are there, and each was computed once."""
    wanted = _swept(None)
    for number in cycle(PROCESSES):
        with TemporaryDirectory() as out:
            spill = random.random() < 0.5
            ended = together(
                [(_swept, out, spill, random.randrange(1 << 30)) for _ in range(number)]
            )
            yield _of_all(ended, out, wanted)


def _of_all(ended, out, wanted):
    for one in ended:
        if not one.returned:
            return Verdict(LOST if one.hung else WRONG, str(one))
        if one.value != wanted:
            return Verdict(WRONG, "another result")
    if (times := _computed(out)) != len(wanted):
        return Verdict(WRONG, f"{len(ended)} processes: {times} computed of {len(wanted)}")
    return _finished(out, wanted)


def killed(random):
    """One of several processes is killed, at a random moment, and another one takes its place.

    A verdict is of one kill: what was finished is there as it was. When the sweep is done, it is as
    if nobody had died, and no kill has cost more than the result that was just being computed.
    """
    wanted = _swept(None)
    for number in cycle(PROCESSES):
        with TemporaryDirectory() as out:
            spill = random.random() < 0.5
            begin = partial(Running, _swept, out, spill)
            running = [begin(random.randrange(1 << 30)) for _ in range(number)]
            whole, kills = {}, 0
            try:
                while len(whole) < len(wanted):
                    time.sleep(random.uniform(0, LONGEST))
                    kills += 1
                    victim = running.pop(random.randrange(number))
                    victim.kill()
                    victim.wait()
                    running.append(begin(random.randrange(1 << 30)))
                    now = stores.whole_results(out)
                    gone = [path.name for path, what in whole.items() if now.get(path) != what]
                    whole |= now
                    yield (
                        Verdict(LOST, f"computed again or gone: {gone}")
                        if gone
                        else Verdict(SURVIVED)
                    )
                yield _after(running, out, wanted, kills)
            finally:
                for one in running:
                    one.wait(limit=0)


def _after(running, out, wanted, kills):
    while running:
        ended = running.pop().wait()
        if not ended.returned or ended.value != wanted:
            return Verdict(LOST if ended.hung else WRONG, str(ended))
    if (times := _computed(out)) > len(wanted) + kills:
        return Verdict(LOST, f"{times} computed of {len(wanted)}, with {kills} kills")
    return _finished(out, wanted)


def _finished(out, wanted):
    if stores.loaded(out) != wanted:
        return Verdict(WRONG, "another result is kept")
    left = [*stores.left_behind(out), *map(str, Path(out).rglob("claim.*"))]
    return Verdict(WRONG, f"left behind: {left}") if left else Verdict(SURVIVED)


def _swept(out, spill=False, seed=None):
    """Sweep all models over all data; note what is computed, and take some time for it."""
    plain, random = sweeps.kstar_distribution, Random(seed)

    def noted(*arguments, **options):
        if out is not None:
            log = os.open(Path(out) / LOG, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
            os.write(log, b"\n")
            os.close(log)
            time.sleep(random.uniform(0, SLOW))
        return plain(*arguments, **options)

    with patch.object(sweeps, "kstar_distribution", noted):
        return stores.by_key(sweep(MODELS, DATA, stores.LAYERS, out=out, spill=spill))


def _computed(out):
    return (Path(out) / LOG).stat().st_size
