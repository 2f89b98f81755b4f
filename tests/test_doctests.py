"""The examples in docstrings run, and give what they say; all that is public has some.

They may use what `import kstar_gpu` gives by its own name, and what `given` has.
"""

import ast
import doctest
import importlib
import inspect
import re
import sys
from functools import cached_property
from types import FunctionType
from typing import NamedTuple

import numpy as np
import pytest
import torch
from helpers import house
from torch.utils.data import DataLoader, TensorDataset

import kstar_gpu

# What examples need beside the package: those of everything whose name begins so.
NEEDS = {
    "kstar_gpu.plot": ["matplotlib"],
    "kstar_gpu.plot.display.KStarDisplay.from_estimator": ["sklearn"],
    "kstar_gpu.stats.distribution.KStarDistribution.plot": ["matplotlib"],
    "kstar_gpu.stats.distribution.KStarDistribution.to_frame": ["pandas"],
    "kstar_gpu.stats.distribution.KStarDistribution.confused": ["pandas"],
    "kstar_gpu.stats.comparison.Comparison.to_frame": ["pandas"],
    "kstar_gpu.networks.sweep_results.Sweep.to_frame": ["pandas"],
    "kstar_gpu.networks.sweep_results.Sweep.add": ["matplotlib"],
    "kstar_gpu.integrations.kept_samples": ["torchmetrics"],
    "kstar_gpu.integrations.kstar_metric": ["torchmetrics"],
    "kstar_gpu.integrations.kstar_metric.KStarMetric.plot": ["matplotlib"],
    "kstar_gpu.integrations.torchmetrics": ["torchmetrics"],
    "kstar_gpu.integrations.lightning": ["torchmetrics", "lightning"],
    "kstar_gpu.integrations.tensorboard": ["tensorboard", "matplotlib"],
    "kstar_gpu.integrations.wandb": ["wandb", "matplotlib"],
}
# What is public beside `kstar_gpu` itself: the docs name it, and where it lies.
ELSEWHERE = {
    "kstar_gpu.definition": ["kstar"],
    "kstar_gpu.integrations.lightning": ["KStarCallback"],
    "kstar_gpu.integrations.tensorboard": ["log_to_tensorboard"],
    "kstar_gpu.integrations.torchmetrics": ["KStar", "KStarOnes", "KStarSkewness"],
    "kstar_gpu.integrations.wandb": ["log_to_wandb"],
    "kstar_gpu.report.page": ["write_report"],
    "kstar_gpu.scale.distributed": ["kstar"],
    "kstar_gpu.scale.stored": ["on_disk"],
}
WITHOUT = {"DamagedFileError", "LayerError"}  # errors: nobody makes them but the package
# torchmetrics calls it, and a Lightning trainer those.
WITHOUT |= {f"{metric}.sync_context" for metric in ("KStar", "KStarOnes", "KStarSkewness")}
STEPS = ("epoch_start", "batch_start", "batch_end", "epoch_end")
WITHOUT |= {f"KStarCallback.on_validation_{step}" for step in STEPS}
WITHOUT |= {f"KStarCallback.{step}" for step in ("on_fit_start", "on_exception", "teardown")}


class Docstring(NamedTuple):
    """A docstring with an example, and where it stands."""

    name: str
    text: str
    path: str
    line: int


def docstrings(node, name, path):
    """Yield those of a module, class or function, and of all that is in it."""
    text = ast.get_docstring(node, clean=False) or ""
    if ">>> " in text:
        yield Docstring(name, text, str(path), node.body[0].lineno - 1)
    for child in node.body:
        if isinstance(child, ast.ClassDef | ast.FunctionDef):
            yield from docstrings(child, f"{name}.{child.name}", path)


EXAMPLES = [
    found
    for name, path in house.modules().items()
    for found in docstrings(ast.parse(path.read_text(encoding="utf-8")), name, path)
]


def skip_without(name):
    """Skip the test if what the examples of this name need is not installed."""
    for place, packages in NEEDS.items():
        if f"{name}.".startswith(f"{place}."):
            for package in packages:
                pytest.importorskip(package, reason=f"the example needs {package}")


def given(name):
    """Return what an example finds: features of three classes, results of them, a network."""
    features = np.random.default_rng(0).standard_normal((60, 4))
    labels = np.repeat(["ant", "bee", "cat"], 20)
    features[labels == "ant"] += 2
    found = {public: getattr(kstar_gpu, public) for public in kstar_gpu.__all__}
    found |= {"kstar_gpu": kstar_gpu, "np": np, "features": features, "labels": labels}
    found["result"] = kstar_gpu.kstar_distribution(features, labels)
    found["other"] = kstar_gpu.kstar_distribution(features[:, :2], labels)
    batch = torch.from_numpy(features).float(), torch.arange(3).repeat_interleave(20)
    found["loader"] = DataLoader(TensorDataset(*batch), batch_size=60)
    found["model"] = model = torch.nn.Sequential()
    model.add_module("encoder", torch.nn.Linear(4, 8))
    model.add_module("head", torch.nn.Linear(8, 3))
    if name.startswith("kstar_gpu.integrations.k"):
        from kstar_gpu.metric import KStar

        found["metric"] = KStar(["ant", "bee", "cat"])
        found["metric"].update(*batch)
    if name.startswith("kstar_gpu.integrations.lightning"):
        import lightning

        found["module"] = module = lightning.LightningModule()
        module.encoder = model.encoder
        module.validation_step = lambda batch: module.encoder(batch[0])
    return found


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_examples_give_what_they_say(example, tmp_path, monkeypatch):
    skip_without(example.name)
    monkeypatch.chdir(tmp_path)  # for those that write files
    monkeypatch.setenv("MPLBACKEND", "Agg")
    test = doctest.DocTestParser().get_doctest(
        example.text, given(example.name), example.name, example.path, example.line
    )
    assert test.examples
    assert doctest.DocTestRunner().run(test).failed == 0
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")
    if "wandb" in sys.modules:
        sys.modules["wandb"].teardown()  # else its settings stay those of this run


def without_example(thing, name):
    """Return the names of what has none: this and, of a class, its methods and properties."""
    found = set() if ">>> " in (thing.__doc__ or "") else {name}
    kinds = (FunctionType, classmethod, staticmethod, property, cached_property)
    for base in thing.__mro__ if inspect.isclass(thing) else ():
        for own in vars(base) if base.__module__.startswith(house.PACKAGE) else ():
            member = inspect.getattr_static(thing, own)
            if isinstance(member, kinds) and not own.startswith("_"):
                found |= set() if ">>> " in (member.__doc__ or "") else {f"{name}.{own}"}
    return found


def described(thing):
    """Return the names under "Parameters" in a docstring."""
    text = inspect.getdoc(thing)
    section = re.search(r"^Parameters\n-+\n(.*?)(?=^\w+\n-+\n|\Z)", text, re.M | re.S)
    lines = re.findall(r"^(\w[^:\n]*)", section[1] if section else "", re.M)
    return {name for line in lines for name in line.strip().split(", ")}


@pytest.mark.parametrize("name", kstar_gpu.__all__)
def test_parameters_are_described(name):
    thing = getattr(kstar_gpu, name)
    for parameter in inspect.signature(thing).parameters if inspect.isfunction(thing) else ():
        assert parameter in described(thing)


def test_all_that_is_public_has_examples():
    public = [(kstar_gpu, name) for name in kstar_gpu.__all__ if name != "__version__"]
    for place, names in ELSEWHERE.items():
        try:
            public += [(importlib.import_module(place), name) for name in names]
        except ImportError:
            pytest.importorskip(NEEDS[place][-1])
            raise
    found = set().union(*(without_example(getattr(place, name), name) for place, name in public))
    assert found == WITHOUT
