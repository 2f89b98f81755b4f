"""Growth with samples: the exponent is that of the medians."""

import growth
import pytest


def timed(power: float) -> list[growth.Timed]:
    """Return times that grow with this power, but for one that is far off."""
    found: list[growth.Timed] = [
        {"samples": n, "seconds": 3 * [n**power]} for n in (1_000, 2_000, 4_000, 8_000)
    ]
    found[-1]["seconds"][1] *= 100
    return found


@pytest.mark.parametrize("power", [1.0, 1.5, 2.0])
def test_exponent(power: float) -> None:
    """The call that was disturbed does not change it."""
    # A fit of logarithms: no k*.
    assert growth.exponent(timed(power)) == pytest.approx(power)
    assert growth.told(timed(power)) == (
        f"time ~ samples ^ {power:.2f}; aim of 200,000 samples: 4 s"
    )


def test_one_size_has_no_exponent() -> None:
    """It says so."""
    assert growth.told(timed(1)[:1]) == "one size alone; aim of 200,000 samples: 4 s"


def test_all_calls_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """By size, from samples of as many classes as are meant, but for that to warm up."""
    shapes = []
    monkeypatch.setattr(growth, "kstar", lambda x, y: shapes.append((*x.shape, y.max() < 1_000)))
    found = growth.measure([300, 600], rounds=2)
    assert [(one["samples"], len(one["seconds"])) for one in found] == [(300, 2), (600, 2)]
    assert shapes == 3 * [(300, 128, True)] + 3 * [(600, 128, True)]
