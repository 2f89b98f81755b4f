"""What kernels are told: arrays of the right type, long enough, on one device, and kept alive."""

import gc
import weakref

import pytest
import torch

SIZES = {"samples": 200, "room": 256, "width": 64}


def tensors(**changed):
    """Return the columns of a panel of 200 samples, by name; some of them changed."""
    n, room, width = SIZES.values()
    columns = {
        "values": torch.zeros(n, 50),
        "norms": torch.ones(n, dtype=torch.float64),
        "place": torch.arange(n),
        "number": torch.arange(n),
        "points": torch.zeros(room, width, dtype=torch.float16),
        "seeds": torch.zeros(room),
        "codes": torch.zeros(room, dtype=torch.int32),
        "strips": torch.tensor([[0, 0, 0, 1, 2, 2]]),  # two blocks of rows, and two of columns
        "done": torch.zeros(4, dtype=torch.int32),
        "pairs": torch.zeros(2048, 3, dtype=torch.int32),
        "cursor": torch.zeros(5, dtype=torch.int64),
        "radii": torch.zeros(n, dtype=torch.float64),
        "slack": torch.zeros(n, dtype=torch.float64),
        "thresholds": torch.zeros(room),
        "squared": torch.zeros(n, dtype=torch.float64),
        "row": torch.zeros(n, dtype=torch.int64),
        "noted_at": torch.zeros(n, dtype=torch.float64),
        "limit": torch.zeros(n, dtype=torch.float64),
        "settled": torch.zeros(n, dtype=torch.bool),
        "outer": torch.zeros(room),
        "inner": torch.zeros(room),
        "give": torch.zeros(room),
        "weights": torch.zeros(room, dtype=torch.int32),
        "counts": torch.zeros(room, dtype=torch.int32),
        "distances": torch.zeros(2048, dtype=torch.float64),
    }
    return columns | changed


class Made:
    """All that is made of arrays."""

    def __init__(self, on_host, columns):
        kernels, array = on_host.arrays._cuda, on_host.arrays.array
        a = {name: array(column) for name, column in columns.items()}

        def of(*names):
            return (a[name] for name in names)

        self.rows = kernels.Rows(*of("values", "norms"))
        self.members = kernels.Members(self.rows, *of("place", "number"))
        self.side = kernels.Side(*of("points", "seeds", "codes"), SIZES["samples"])
        self.walk = kernels.Walk(self.side, self.side, True, True, a["strips"], 0, 4, a["done"])
        self.survivors = kernels.Survivors(*of("pairs", "cursor"))
        self.reach = kernels.Reach(*of("radii", "slack", "thresholds"))
        self.sieve = kernels.Sieve(self.reach, self.reach, 1.0, 1.0, 1.0)
        names = ("outer", "inner", "give", "weights", "counts", "squared")
        self.radii = kernels.Radii(*of(*names), self.members)
        names = ("squared", "row", "noted_at", "limit", "settled")
        self.nearest = kernels.Nearest(*of(*names))


WANTED = {
    "norms": "200 float64",
    "number": "200 int64",
    "points": "256 x 64 float16",
    "seeds": "256 float32",
    "codes": "256 int32",
    "done": "4 int32",
    "pairs": "2048 x 3 int32",
    "cursor": "5 int64",
    "slack": "200 float64",
    "thresholds": "256 float32",
    "row": "200 int64",
    "noted_at": "200 float64",
    "limit": "200 float64",
    "settled": "200 bool",
    "outer": "256 float32",
    "inner": "256 float32",
    "give": "256 float32",
    "weights": "256 int32",
    "counts": "200 int32",
}


@pytest.mark.parametrize("name", WANTED)
def test_another_type_is_refused(name, on_host):
    wrong = tensors()[name].to(torch.int8)
    wanted = f"^{name}: at least {WANTED[name]} are wanted, got .* int8$"
    with pytest.raises(ValueError, match=wanted):
        Made(on_host, tensors(**{name: wrong}))


@pytest.mark.parametrize("name", WANTED)
def test_what_is_too_short_is_refused(name, on_host):
    least = int(WANTED[name].split()[0])
    short = tensors()[name][: least - 1]
    wanted = f"^{name}: at least {WANTED[name]} are wanted, got {least - 1} "
    with pytest.raises(ValueError, match=wanted):
        Made(on_host, tensors(**{name: short}))


@pytest.mark.parametrize("name", [*WANTED, "place", "strips"])
def test_another_device_is_refused(name, on_host, monkeypatch):
    there = tensors()
    plain = torch.Tensor.get_device
    monkeypatch.setattr(
        torch.Tensor, "get_device", lambda tensor: 1 if tensor is there[name] else plain(tensor)
    )
    with pytest.raises(ValueError, match=r"memory of device -?1, like \w+, is wanted, got device"):
        Made(on_host, there)


def test_features_of_no_known_type_are_refused(on_host):
    with pytest.raises(ValueError, match="unknown element type int8"):
        Made(on_host, tensors(values=torch.zeros(200, 50, dtype=torch.int8)))


def test_gaps_are_refused_but_between_rows_of_features(on_host):
    Made(on_host, tensors(values=torch.zeros(200, 70)[:, :50]))
    wide = torch.zeros(256, 128, dtype=torch.float16)
    with pytest.raises(ValueError, match="points: rows without gaps are wanted, got 64 in every"):
        Made(on_host, tensors(points=wide[:, :64]))
    with pytest.raises(ValueError, match="seeds: rows without gaps are wanted, got 1 in every 2"):
        Made(on_host, tensors(seeds=torch.zeros(512)[::2]))
    with pytest.raises(ValueError, match="tensor: rows whose numbers stand side by side are want"):
        Made(on_host, tensors(points=wide.T))


def test_widths_are_those_of_chunks_and_of_each_other(on_host):
    narrow = torch.zeros(256, 40, dtype=torch.float16)
    with pytest.raises(ValueError, match="points: a width that is a multiple of 32 is wanted, got"):
        Made(on_host, tensors(points=narrow))
    one, other = (
        Made(on_host, tensors(points=torch.zeros(256, width, dtype=torch.float16)))
        for width in (64, 32)
    )
    array = on_host.arrays.array
    with pytest.raises(ValueError, match="columns: points as wide as those of rows, 64, are want"):
        on_host.arrays._cuda.Walk(
            one.side, other.side, False, True, array(tensors()["strips"]), 0, 4, None
        )


@pytest.fixture
def search(on_host):
    """From arguments in the place of those that belong together, to a search's launch."""
    made = Made(on_host, tensors())
    arguments = {
        "walk": made.walk,
        "sieve": made.sieve,
        "row_tails": None,
        "column_tails": None,
        "full_rows": made.side,
        "full_columns": made.side,
        "full": made.sieve,
        "rows": made.members,
        "columns": made.members,
        "row_nearest": made.nearest,
        "column_nearest": None,
        "survivors": made.survivors,
        "distances": on_host.arrays.array(tensors()["distances"]),
        "stream": 0,
    }
    return lambda **changed: on_host.arrays._cuda.search(**arguments | changed)


def test_what_is_launched_together_is_of_as_many_samples(on_host, search):
    search()  # all tiles are of one class: nothing is looked at
    array = on_host.arrays.array
    columns = tensors()
    few = {name: column[:100] for name, column in columns.items() if len(column) == 200}
    other = Made(on_host, columns | few)
    for name, too_few in [
        ("rows", other.members),
        ("columns", other.members),
        ("row_nearest", other.nearest),
        ("column_nearest", other.nearest),
        ("sieve", other.sieve),
        ("full", other.sieve),
    ]:
        with pytest.raises(ValueError, match=rf"^{name}: at least 200 samples are wanted, got 100"):
            search(**{name: too_few})
    with pytest.raises(ValueError, match=r"^distances: at least 2048 float64 are wanted, got 9 "):
        search(distances=array(torch.zeros(9, dtype=torch.float64)))
    with pytest.raises(ValueError, match=r"^row_tails: at least 256 float32 are wanted, got 9 "):
        search(row_tails=array(torch.zeros(9)), column_tails=array(torch.zeros(256)))


def test_what_a_search_must_be_told_is_wanted(on_host, search):
    kernels, made = on_host.arrays._cuda, Made(on_host, tensors())
    reach = kernels.Reach(
        *(on_host.arrays.array(tensors()[name]) for name in ("radii", "slack")), None
    )
    with pytest.raises(ValueError, match=r"^sieve: thresholds are wanted, got None"):
        search(sieve=kernels.Sieve(reach, made.reach, 1.0, 1.0, 1.0))
    strips = on_host.arrays.array(tensors()["strips"])
    with pytest.raises(ValueError, match=r"^walk: what notes the tiles that are done is wanted"):
        search(walk=kernels.Walk(made.side, made.side, True, True, strips, 0, 4, None))


def test_memory_lives_as_long_as_what_was_made_of_it(on_host):
    columns = tensors()
    del columns["distances"]
    watched = {name: weakref.ref(column) for name, column in columns.items()}
    made = Made(on_host, columns)
    del columns
    gc.collect()
    assert [name for name, column in watched.items() if column() is None] == []
    # Each by the one thing that is left of them.
    kept = made.walk, made.sieve, made.radii, made.nearest, made.survivors
    del made
    gc.collect()
    assert [name for name, column in watched.items() if column() is None] == []
    del kept
    gc.collect()
    assert [name for name, column in watched.items() if column() is not None] == []
