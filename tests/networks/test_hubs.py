"""A hub out of reach is told at once; what a library has kept is taken without asking."""

import socket
import sys
import threading
import types

import pytest

from kstar_gpu.networks import hubs
from kstar_gpu.networks.hubs import hub_address, is_reachable, loading


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch):
    monkeypatch.setattr(hubs, "getproxies", dict)


@pytest.fixture
def server():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/models"


@pytest.fixture
def hub(monkeypatch):
    """What huggingface_hub has of a hub."""
    constants = types.SimpleNamespace(HF_HUB_OFFLINE=False, ENDPOINT="https://hub.invalid")
    monkeypatch.setitem(sys.modules, "huggingface_hub", types.SimpleNamespace(constants=constants))
    return constants


def test_who_answers(server):
    assert is_reachable(server)
    assert not is_reachable("http://127.0.0.1:9")
    assert not is_reachable("https://no-such-host.invalid/x")


def test_a_name_that_is_looked_for_for_ever_is_not_waited_for(monkeypatch):
    ended = threading.Event()

    def stuck(*_, **__):
        ended.wait(60)
        raise OSError

    monkeypatch.setattr(socket, "create_connection", stuck)
    monkeypatch.setattr(hubs, "PATIENCE", 0.05)
    assert not is_reachable("https://hub.invalid")
    ended.set()


def test_through_a_proxy_one_cannot_know(monkeypatch):
    monkeypatch.setattr(hubs, "getproxies", lambda: {"https": "http://proxy.invalid"})
    assert is_reachable("https://hub.invalid")


def test_out_of_reach_what_is_kept_is_taken_without_asking(hub):
    with loading("the model", "https://hub.invalid") as asked:
        assert not asked
        assert hub.HF_HUB_OFFLINE
    assert hub.HF_HUB_OFFLINE is False


def test_out_of_reach_what_is_lacking_is_told(hub):
    def load():
        with loading("timm's net", "https://hub.invalid"):
            raise FileNotFoundError("not in the cache")

    with pytest.raises(ConnectionError, match=r"timm's net has not been .* and hub\.inv"):
        load()
    assert hub.HF_HUB_OFFLINE is False


def test_other_errors_are_their_own(hub, server):
    def load(address, error):
        with loading("the model", address):
            raise error

    for address in (server, None):
        with pytest.raises(FileNotFoundError, match="x"):
            load(address, FileNotFoundError("x"))
    with pytest.raises(KeyError):
        load("https://hub.invalid", KeyError("x"))


def test_where_the_hub_is(hub, monkeypatch):
    assert hub_address() == "https://hub.invalid"
    hub.HF_HUB_OFFLINE = True
    assert hub_address() is None  # the user says so: the library tells
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    assert hub_address() is None
