"""Networks by name where nothing can be downloaded: by stand-ins for the libraries."""

import sys
import types

import pytest
import torch
from torch import nn

from kstar_gpu.networks import hubs, zoo
from kstar_gpu.networks.zoo import named_model


class Library:
    """Stands in for transformers; notes what it is asked for."""

    def __init__(self, kept=True, processor=True):
        self.asked = []
        self.kept, self.processor = kept, processor
        names = ("AutoModel", "AutoConfig", "AutoImageProcessor")
        for name in names:
            load = types.SimpleNamespace(from_pretrained=self._noting(name))
            setattr(self, name, load)
        self.AutoModel.from_config = lambda settings: nn.Linear(2, settings)

    def _noting(self, name):
        def load(place, **options):
            self.asked.append((name, place, options))
            if not self.kept or (name == "AutoImageProcessor" and not self.processor):
                raise OSError("not here")
            return {"AutoModel": nn.Linear(2, 2), "AutoConfig": 5}.get(name, self._process)

        return load

    def _process(self, images, return_tensors):
        assert return_tensors == "pt"
        return {"pixel_values": torch.full((1, 3, 2, 2), images)}


@pytest.fixture
def library(monkeypatch):
    def put(**options):
        made = Library(**options)
        monkeypatch.setitem(sys.modules, "transformers", made)
        return made

    constants = types.SimpleNamespace(HF_HUB_OFFLINE=False, ENDPOINT="https://hub.invalid")
    monkeypatch.setitem(sys.modules, "huggingface_hub", types.SimpleNamespace(constants=constants))
    monkeypatch.setattr(hubs, "getproxies", dict)
    return put


def test_out_of_reach_a_model_that_is_kept_is_taken(library):
    made = library()
    model, transform = named_model("hf:some/net")
    assert isinstance(model, nn.Linear)
    assert torch.equal(transform(3.0), torch.full((3, 2, 2), 3.0))
    places = {"local_files_only": True}
    assert made.asked == [
        ("AutoModel", "some/net", {"use_safetensors": True, **places}),
        ("AutoImageProcessor", "some/net", places),
    ]


def test_out_of_reach_and_not_kept(library):
    library(kept=False)
    with pytest.raises(ConnectionError, match=r"model: transformers' some/net has not been loaded"):
        named_model("hf:some/net")


def test_a_folder_asks_nobody(library, tmp_path, monkeypatch):
    monkeypatch.setattr(zoo, "hub_address", lambda: pytest.fail("asked for the hub"))
    library(processor=False)
    model, transform = named_model(f"hf:{tmp_path}")
    assert isinstance(model, nn.Linear)
    assert transform is None


def test_structure_alone(library):
    made = library()
    model, _ = named_model("hf:some/net", weights=False)
    assert model.out_features == 5
    assert "AutoModel" not in [name for name, *_ in made.asked]


def test_a_missing_library_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(ImportError, match=r'transformers .*pip install "kstar-gpu\[hf\]"'):
        named_model("hf:some/net")
