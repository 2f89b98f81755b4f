"""Houses that are badly built are noticed, each by the rule that it breaks."""

import pytest

from helpers import house
from helpers.house import Arrow

SOUND = {
    "kstar_gpu/__init__.py": "from .api import kstar",
    "kstar_gpu/api.py": "from .engines.cpu import engine\nfrom .inputs import labels as names",
    "kstar_gpu/inputs/__init__.py": "",
    "kstar_gpu/inputs/labels.py": "import numpy as np\nfrom .arrays import to_tensor",
    "kstar_gpu/inputs/arrays.py": "from ..definition import LANES",
    "kstar_gpu/definition.py": "LANES = 32",
    "kstar_gpu/engines/__init__.py": "",
    "kstar_gpu/engines/cpu/__init__.py": "",
    "kstar_gpu/engines/cpu/engine.py": "from . import _cpu\nfrom ...inputs import labels",
    "kstar_gpu/engines/cpu/_cpu.pyi": "",
    "kstar_gpu/engines/portable/__init__.py": "",
    "kstar_gpu/stats/__init__.py": "",
    "kstar_gpu/stats/distribution.py": "def plot():\n    from ..plot.violins import draw",
    "kstar_gpu/plot/__init__.py": "",
    "kstar_gpu/plot/violins.py": "from ..stats.distribution import plot",
    "csrc/cpu/search.hpp": '#include <vector>\n#include "common/rows.hpp"\n#include "cpu/tile.hpp"',
    "csrc/cuda/search.hpp": '#include "simt/simt.hpp"',
    "tests/helpers/made.py": "",
    "benchmarks/peers.py": "",
}


@pytest.fixture
def built(tmp_path):
    """Build a house of these files, or of others in their place."""

    def build(**others):
        changed = {name.replace("__", "/") + ".py": text for name, text in others.items()}
        for name, text in {**SOUND, **{f"kstar_gpu/{n}": t for n, t in changed.items()}}.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return house.imports(tmp_path)

    return build


def complaints(arrows, root):
    inside = house.inside(arrows)
    return {
        "circle": bool(house.circle(inside)),
        "upward": bool(house.upward(inside)),
        "engines": bool(house.between_engines(inside)),
        "tests": bool(house.of_tests(arrows, root)),
    }


def test_a_sound_house(built, tmp_path):
    arrows = built()
    assert Arrow("kstar_gpu.api", "kstar_gpu.engines.cpu.engine") in arrows
    assert Arrow("kstar_gpu.api", "kstar_gpu.inputs.labels") in arrows
    assert Arrow("kstar_gpu.engines.cpu.engine", "kstar_gpu.engines.cpu._cpu") in arrows
    assert Arrow("kstar_gpu.inputs.arrays", "kstar_gpu.definition") in arrows
    assert Arrow("kstar_gpu.inputs.labels", "numpy") in arrows
    assert not any(complaints(arrows, tmp_path).values())
    assert not house.forbidden(house.includes(tmp_path))


BAD = {
    "circle": dict(inputs__arrays="from . import labels"),
    "circle in a function": dict(inputs__arrays="def f():\n    from .labels import encode"),
    "upward": dict(definition="from .inputs.labels import encode"),
    "upward to the door": dict(inputs__arrays="from .. import kstar"),
    "upward by name": dict(inputs__arrays="api = import_module('..api', __package__)"),
    "upward where there is no checker": dict(
        inputs__arrays="if TYPE_CHECKING:\n    pass\nelse:\n    from ..api import kstar"
    ),
    "upward beside the lazy one": dict(stats__statistic="from ..plot import violins"),
    "engines": dict(engines__cpu__engine="from .. import portable"),
    "tests": dict(inputs__arrays="import helpers.made"),
    "tests or benchmarks": dict(inputs__arrays="from peers import faiss"),
    "tests by their folder": dict(inputs__arrays="import tests"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_house(case, built, tmp_path):
    found = complaints(built(**BAD[case]), tmp_path)
    assert found[case.partition(" ")[0]]


def test_what_only_a_type_checker_reads_is_no_arrow(built):
    checked = "if TYPE_CHECKING:\n    from ..api import kstar"
    assert not house.upward(house.inside(built(inputs__arrays=checked)))


WRONG_WAYS = ["cpu cuda", "cpu simt", "cuda cpu", "common cpu", "simt cuda"]


@pytest.mark.parametrize("way", WRONG_WAYS)
def test_a_header_of_another_room(way, tmp_path):
    header, used = way.split()
    path = tmp_path / "csrc" / header / "some.hpp"
    path.parent.mkdir(parents=True)
    path.write_text(f'#pragma once\n  #  include "{used}/other.hpp"\n')
    arrow = Arrow(f"{header}/some.hpp", f"{used}/other.hpp")
    assert house.forbidden(house.includes(tmp_path)) == [arrow]
