"""What balls that meet have in common: chosen where there is room."""

from dataclasses import replace

import pytest
from helpers.families import gaussian, labels, problem_of
from helpers.narrow import full_coarse, narrowest_coarse

pytest.importorskip("kstar_gpu.engines.cpu._cpu", reason="the CPU engine is not built")

from kstar_gpu.engines import projection
from kstar_gpu.engines.cpu import _cpu, common, sides
from kstar_gpu.engines.cpu.algebra import Crew
from kstar_gpu.engines.cpu.memory import Room

CREW = Crew(2, "")
ROOM = Room(40, True)


def common_of(x, y, room=ROOM, crew=CREW):
    return sides.make_sides(problem_of(x, y), room, crew)[-1]


@pytest.fixture
def asked(monkeypatch):
    """What balls were chosen by: width of rows, costs and most directions."""
    asked = []

    def watched(trial, *given):
        asked.append(given)
        return projection.Choice(None)

    monkeypatch.setattr(projection, "choose_balls", watched)
    return asked


@pytest.mark.parametrize("target", _cpu.targets())
def test_bytes_are_considered_where_they_are_faster_and_where_there_is_room(target, asked, rng):
    x, y = gaussian(rng, 200, 60), labels(rng, 200, 3)
    for in_bytes in (True, False):
        common_of(x, y, Room(17, in_bytes), Crew(2, target))
    (_, with_room, widest), (_, without, _) = asked
    assert widest == 17
    assert with_room.coarse_product == common.BYTE_PRODUCT.get(target)
    assert without.coarse_product is None
    assert target == "portable" or with_room.coarse_product < 1


@pytest.mark.parametrize("choice", [full_coarse, narrowest_coarse])
def test_what_is_chosen_is_in_common(choice, monkeypatch, rng):
    x, y = gaussian(rng, 200, 60), labels(rng, 200, 3)
    monkeypatch.setattr(projection, "choose_balls", choice)
    chosen = common_of(x, y)
    assert chosen.coarsening is not None
    assert (chosen.directions is None) == (choice is full_coarse)
    assert (chosen.reach is None) == (choice is narrowest_coarse)


@pytest.mark.parametrize("share", [0, 0.045])
def test_bytes_that_blur_nearly_all_points_are_not_looked_at(share, monkeypatch, rng):
    # A few long rows: a unit that they fit in is too coarse for all others, and so the other way.
    x, y = gaussian(rng, 2000, 256), labels(rng, 2000, 3)
    x[: int(share * len(x))] *= 7.9
    monkeypatch.setattr(common, "BYTE_PRODUCT", dict.fromkeys(_cpu.targets(), 0.1))
    monkeypatch.setattr(common, "COSTS", replace(common.COSTS, worth=0))
    made = sides.make_sides(problem_of(x, y), ROOM, CREW)[0]
    assert made[0].bytes == (share == 0)
