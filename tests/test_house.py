"""The house: data flows one way, and every room says what it is for.

`python tests/helpers/house.py` draws it.
"""

import re
from itertools import chain

import pytest
from helpers import house

MODULES = house.modules()
ARROWS = house.imports()
INSIDE = house.inside(ARROWS)
ROOMS = [name for name, path in MODULES.items() if path.name == "__init__.py"]
# Modules that have no test of their own name, and what tests them instead.
TESTED_BY = {
    "engines/cuda/count": "engines/cuda/test_engine",
    "engines/cuda/launches": "engines/cuda/test_engine",
    "engines/cuda/panels": "engines/cuda/test_engine",
    "engines/cuda/question": "engines/cuda/test_engine",
    "engines/cuda/search": "engines/cuda/test_engine",
    "stats/options": "stats/test_intervals",
    "stats/statistic": "stats/test_intervals",
}


def test_every_module_lies_on_a_floor():
    known = {*chain.from_iterable(house.FLOORS)}
    assert {house.room(module) for module in MODULES} == known
    assert len(INSIDE) > len(MODULES)


def test_no_modules_import_one_another_in_a_circle():
    assert house.circle(INSIDE) == []


def test_no_arrow_goes_back_up():
    assert house.upward(INSIDE) == []


def test_the_lazy_plot_is_the_one_exception():
    lazy = [arrow for arrow in ARROWS if house.is_lazy(arrow)]
    assert house.upward(lazy) == lazy
    assert len(lazy) == 1


def test_engines_do_not_import_one_another():
    assert house.between_engines(INSIDE) == []


def test_nothing_is_imported_from_tests_or_benchmarks():
    assert house.of_tests(ARROWS) == []


@pytest.mark.parametrize("name", ROOMS)
def test_a_room_says_in_one_line_what_it_is_for(name):
    assert re.fullmatch(r"\S[^\n]{10,}\.", house.purpose(MODULES[name]))


def test_the_package_lists_its_rooms_in_the_order_of_the_floors():
    listed = re.findall(r"^    (\w+) {2,}\S", MODULES[house.PACKAGE].read_text("utf-8"), re.M)
    rooms = {house.room(name) for name in ROOMS} - {house.PACKAGE}
    assert rooms <= {*listed}
    order = [*chain.from_iterable(house.FLOORS)]
    assert listed == sorted(listed, key=order.index)


def test_a_module_is_tested_by_its_name():
    tests = house.ROOT / "tests"
    named = [
        path.relative_to(house.ROOT / house.PACKAGE).with_suffix("")
        for path in MODULES.values()
        if path.suffix == ".py" and path.name != "__init__.py"
    ]
    missing = [
        name.as_posix()
        for name in named
        if not (tests / name.with_name(f"test_{name.name}.py")).is_file()
    ]
    assert {*missing} <= {*TESTED_BY}
    assert all((tests / f"{test}.py").is_file() for test in TESTED_BY.values())


def test_headers_include_their_own_room_and_those_below():
    found = house.includes()
    assert house.forbidden(found) == []
    assert all((house.ROOT / "csrc" / arrow.used).is_file() for arrow in found)
    assert {arrow.user.partition("/")[0] for arrow in found} == {*house.NATIVE}


def test_it_can_be_drawn():
    drawn = house.draw()
    for name in chain.from_iterable(house.FLOORS):
        assert re.search(rf"^{name} +\d+ lines  \S", drawn, re.M)
    assert "tiles " in drawn
    assert "csrc/cuda " in drawn
