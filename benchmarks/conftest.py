"""What every benchmark shares: the set at hand, its true k*, and the figures that are kept."""

import resource
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from cases import LARGE, SMALL, set_name
from feature_sets import load
from in_turns import environment
from measure import NOT_TIMED, Case, checked
from memory import kilobytes


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add what `make bench` and `make bench-full` tell apart."""
    group = parser.getgroup("kstar")
    group.addoption("--large", action="store_true", help="the large sets instead of the small")
    group.addoption("--longest", type=float, default=10, help="seconds that a call may take")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run every benchmark on every set, all of one set together."""
    if "case" in metafunc.fixturenames:
        cases = LARGE if metafunc.config.getoption("--large") else SMALL
        names = [set_name(*each) for each in cases]
        metafunc.parametrize("case", cases, ids=names, indirect=True, scope="session")


@pytest.fixture(scope="session")
def case(request: pytest.FixtureRequest) -> Case:
    """Load a set and decide what is right; sets whose file is not here are skipped."""
    try:
        return checked(load(*request.param))
    except FileNotFoundError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session", autouse=True)
def memory() -> Iterator[None]:
    """Turn what does not fit into the machine's memory into an error of the one who asks for it.

    Not on a GPU, whose driver reserves far more addresses than there is memory.
    """
    if torch.cuda.is_available():
        yield
        return
    before = resource.getrlimit(resource.RLIMIT_AS)
    available = kilobytes("MemAvailable", "/proc/meminfo")
    held = kilobytes("VmSize")
    resource.setrlimit(resource.RLIMIT_AS, (1024 * (available + held), before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_AS, before)


def pytest_benchmark_update_machine_info(config: pytest.Config, machine_info: Any) -> None:
    """Keep what the times depend on, and leave out what the machine is called."""
    machine_info.clear()
    machine_info.update(environment())


def pytest_benchmark_update_json(
    config: pytest.Config, benchmarks: Any, output_json: dict[str, Any]
) -> None:
    """Keep what could not be timed, too, and of the timed no more than the report needs."""
    for one in output_json["benchmarks"]:
        kept = {"extra_info": one["extra_info"], "stats": {"data": one["stats"]["data"]}}
        one.clear()
        one.update(kept)
    output_json["not_timed"] = config.stash.get(NOT_TIMED, [])
