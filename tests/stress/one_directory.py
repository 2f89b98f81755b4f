"""Several processes in one directory: at the same time, and some of them killed.

Each gives what it gives alone, or is refused by an error that names the directory; what is there
afterwards is whole, of one data set alone, and can be gone on with.
"""

from tempfile import TemporaryDirectory

from . import stores
from .kills import resumed
from .tally import LOST, NOTICED, SURVIVED, WRONG, Verdict
from .trial import together

KILLED_WITHIN = 0.4  # seconds, in which a sweep here does most of its work


def same_data(random):
    """2 to 8 processes that do the same, with features in memory or on disk."""
    wanted = stores.swept(None)
    while True:
        with TemporaryDirectory() as out:
            spill = random.random() < 0.5
            ended = together([(stores.swept, out, spill)] * random.randint(2, 8))
            yield from (_of(one, out, wanted) for one in ended)
            yield resumed(out, spill, wanted, stores.whole_results(out))


def other_layers(random):
    """Each process wants other layers; afterwards all of them are listed."""
    wanted = stores.swept(None)
    parts = [[layer] for layer in stores.LAYERS] + [stores.LAYERS[:2], stores.LAYERS[1:]]
    while True:
        with TemporaryDirectory() as out:
            asked = parts[:3] + random.choices(parts, k=random.randint(0, 3))
            spill = random.random() < 0.5
            ended = together([(stores.swept, out, spill, 0, layers) for layers in asked])
            outcomes = [
                _of(one, out, {key: wanted[key] for key in wanted if key[2] in layers})
                for one, layers in zip(ended, asked, strict=True)
            ]
            yield from outcomes
            if all(one.outcome == SURVIVED for one in outcomes) and stores.loaded(out) != wanted:
                yield Verdict(LOST, f"listed: {sorted(stores.loaded(out))}")
            else:
                yield resumed(out, spill, wanted, stores.whole_results(out))


def other_data(random):
    """Two data sets of the same name: one has the directory, all others are refused."""
    wanted = [stores.swept(None, seed=seed) for seed in range(2)]
    while True:
        with TemporaryDirectory() as out:
            seeds = [0, 1, *random.choices(range(2), k=random.randint(0, 4))]
            spill = random.random() < 0.5
            ended = together([(stores.swept, out, spill, seed) for seed in seeds])
            yield from (_of(one, out, wanted[seed]) for one, seed in zip(ended, seeds, strict=True))
            yield _of_one(out, wanted)


def _of_one(out, wanted):
    """Return whether each model's results are of one data set."""
    found = stores.loaded(out)
    for model in stores.MODELS:
        have = {key: value for key, value in found.items() if key[0] == model}
        if not any(have.items() <= data.items() for data in wanted):
            return Verdict(WRONG, f"the results of {model} are mixed")
    return Verdict(SURVIVED)


def some_killed(random):
    """2 to 8 processes that do the same, some of them killed on the way."""
    wanted = stores.swept(None)
    while True:
        with TemporaryDirectory() as out:
            spill = random.random() < 0.5
            number = random.randint(2, 8)
            dying = random.randint(1, number - 1)
            deaths = [random.uniform(0, KILLED_WITHIN) for _ in range(dying)]
            ended = together(
                [(stores.swept, out, spill)] * number, [*deaths, *[None] * (number - dying)]
            )
            yield from (_of(one, out, wanted) for one in ended[dying:])
            yield resumed(out, spill, wanted, stores.whole_results(out))


def _of(ended, out, wanted):
    """Return what came of one process that was not killed."""
    if ended.returned:
        right = ended.value == wanted
        return Verdict(SURVIVED) if right else Verdict(WRONG, "another result")
    if ended.failure and "ValueError" in ended.failure.kinds and out in ended.failure.message:
        return Verdict(NOTICED)
    return Verdict(LOST if ended.hung else WRONG, str(ended))
