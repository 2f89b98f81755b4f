"""What README and docs say is there, and runs: links, names, options, extras, blocks of code."""

import importlib
import re
import sys
from collections import OrderedDict
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from helpers import house
from helpers.pages import PAGES, anchors, blocks, commands, links, prose, text_of
from torch.utils.data import DataLoader, TensorDataset

import kstar_gpu
from kstar_gpu import cli

PRESENT = [page for page in PAGES if page != "CHANGELOG.md"]  # which tells of what was
PYTHON = [block for page in PAGES for block in blocks(page, "python")]
# Only compiled: what they need is nowhere but in a cluster.
CLUSTER = {("docs/scale.md", 0): "schedulers, and a module of one's own"}
NEEDS = {
    "README.md": ["matplotlib", "sklearn"],
    "docs/api.md": ["matplotlib", "pandas", "sklearn"],
    "docs/layers.md": ["matplotlib", "pandas", "sklearn", "lightning", "tensorboard", "wandb"],
    "docs/scale.md": ["dask.dataframe", "distributed", "zarr", "pyarrow"],
    "docs/command_line.md": ["matplotlib", "pandas", "sklearn", "pyarrow"],
}
ZOOS = ("timm:", "torchvision:")
NET = """
import torch

def make_net():
    net = torch.nn.Sequential(torch.nn.Flatten())
    net.add_module("body", torch.nn.Linear(4, 8))
    net.add_module("head", torch.nn.Linear(8, 3))
    return net
"""


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page):
    here = (house.ROOT / page).parent
    for link in links(page):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (here / path).resolve() if path else house.ROOT / page
        assert target.exists(), link
        if anchor:
            assert anchor in anchors(target.relative_to(house.ROOT).as_posix()), link


@pytest.mark.parametrize("page", PRESENT)
def test_files_that_are_named_are_there(page):
    for name in {*re.findall(r"[`\s](\w+/[\w/]+\.(?:pyi?|[ch]pp|cu|sbatch))`?", text_of(page))}:
        places = [house.ROOT / name, house.ROOT / house.PACKAGE / name]
        assert "NAME" in name or any(place.is_file() for place in places), name


@pytest.mark.parametrize("page", PRESENT)
def test_what_is_named_of_the_package_is_there(page):
    modules = house.modules()
    for name in {*re.findall(r"`(kstar_gpu(?:\.\w+)+)`", text_of(page))}:
        if name not in modules:  # which may want an extra
            place, _, own = name.rpartition(".")
            place, _, owner = (place, "", "") if place in modules else place.rpartition(".")
            found = importlib.import_module(place)
            assert hasattr(getattr(found, owner) if owner else found, own), name


@pytest.mark.parametrize("page", PRESENT)
def test_targets_of_make_and_extras_are_there(page):
    makefile = (house.ROOT / "Makefile").read_text(encoding="utf-8")
    targets = {*re.findall(r"^([\w-]+)%?:", makefile, re.M)}
    named = re.findall(r"`make ([a-z][\w-]*)(?=[ `])", prose(page))
    named += [words[1] for words in commands(page) if words[0] == "make"]
    for target in named:
        assert target in targets or target.startswith("example-"), target
    for extras in re.findall(r"(?:kstar-gpu|\.)\[([\w,]+)\]", text_of(page)):
        assert {*extras.split(",")} <= extras_of_the_package()


def extras_of_the_package():
    project = (house.ROOT / "pyproject.toml").read_text(encoding="utf-8")
    section = project.partition("[project.optional-dependencies]")[2].partition("\n[")[0]
    return {*re.findall(r"^(\w+) = \[", section, re.M)}


def test_installing_lists_all_extras():
    listed = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \|", prose("docs/install.md"), re.M)
    assert {name for row in listed for name in re.findall(r"\w+", row)} == extras_of_the_package()


@pytest.mark.parametrize("page", PAGES)
def test_commands_are_understood(page):
    for words in commands(page):
        if words[0] == "kstar-gpu":
            cli._parser().parse_args(words[1:])


def test_options_of_the_command_line_are_there(capsys):
    known = ""
    for command in ([], *([module.__name__.split(".")[-1]] for module in cli.COMMANDS)):
        with pytest.raises(SystemExit):
            cli.main([*command, "--help"])
        known += capsys.readouterr().out
    for option in re.findall(r"--[a-z][a-z-]*", text_of("docs/command_line.md")):
        assert re.search(rf"{option}\b", known), option


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Go into a folder in which pictures are not shown, and maps cost nothing."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "Agg")
    yield tmp_path
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")


def net(seed):
    torch.manual_seed(seed)
    layers = OrderedDict(
        layer3=torch.nn.Linear(4, 8), layer4=torch.nn.Linear(8, 8), fc=torch.nn.Linear(8, 3)
    )
    return torch.nn.Sequential(layers)


def given(page):
    """Return what the blocks of a page take for granted."""
    found = {name: getattr(kstar_gpu, name) for name in kstar_gpu.__all__}
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(3), 20)
    features = rng.standard_normal((60, 4)) + labels[:, None]
    tensors = torch.from_numpy(features).float(), torch.from_numpy(labels)
    found |= {"features": features, "labels": labels, "names": ["ant", "bee", "cat"]}
    found |= {"train": features[::2], "train_labels": labels[::2]}
    found |= {"test": features[1::2], "test_labels": labels[1::2]}
    found |= {"loader": DataLoader(TensorDataset(*tensors), batch_size=60)}
    found |= {"noisy": [(tensors[0] + 0.1, tensors[1])], "model": net(0), "a": net(0), "b": net(1)}
    if page == "docs/layers.md":
        found |= of_loops_and_searches(features, labels)
    if page == "docs/scale.md":
        found |= of_ranks(tensors)
    return found


def of_loops_and_searches(features, labels):
    from sklearn.decomposition import PCA
    from sklearn.metrics import make_scorer
    from sklearn.model_selection import GridSearchCV
    from torch.utils.tensorboard import SummaryWriter

    found = {"class_names": ["ant", "bee", "cat"]}
    found |= {"writer": SummaryWriter("logs"), "run": SimpleNamespace(log=lambda *_, **__: None)}
    found |= {"step": 0, "result": kstar_gpu.kstar_distribution(features, labels)}
    found |= {"images": features.reshape(-1, 2, 2), "paths": [f"{n}.png" for n in range(60)]}
    found |= {"pipeline": PCA(2).fit(features), "grid": {"n_components": [1, 2]}}
    found |= {"X": features, "X_test": features, "y_test": labels, "logits": features}
    return {**found, "GridSearchCV": GridSearchCV, "make_scorer": make_scorer}


def of_ranks(tensors):
    import pandas as pd
    import zarr
    from torch.utils.data import DistributedSampler

    features, labels = (part.numpy() for part in tensors)
    np.save("features.npy", features)
    zarr.save_array("features.zarr", features)
    table = pd.DataFrame(features, columns=["a", "b", "c", "d"]).assign(label=labels)
    table.to_parquet("features.parquet")
    return {
        "index": np.arange(60),
        "dataset": TensorDataset(*tensors),
        "torch": torch,
        "DataLoader": DataLoader,
        "DistributedSampler": DistributedSampler,
        "encode": lambda loader: torch.cat([batch for batch, _ in loader]),
    }


@pytest.mark.parametrize("page", {block.page: None for block in PYTHON})
def test_python_runs(page, folder, monkeypatch):
    """All blocks of a page, one after the other, as somebody would read them."""
    for package in NEEDS[page]:
        pytest.importorskip(package)
    found = given(page)
    monkeypatch.setattr("kstar_gpu.plot.embedding.made_maps", quick_maps)
    for name, value in {"RANK": 0, "WORLD_SIZE": 1, "MASTER_PORT": 0}.items():
        monkeypatch.setenv(name, str(value))
    monkeypatch.setenv("MASTER_ADDR", "localhost")
    if page == "docs/scale.md":
        monkeypatch.setattr("dask.distributed.Client", lambda address: None)
    try:
        for block in blocks(page, "python"):
            code = compile(
                block.code.replace("/shared", "shared"), f"{page}:{block.number}", "exec"
            )
            if block[:2] not in CLUSTER:
                exec(code, found)
    finally:
        if torch.distributed.is_initialized():
            torch.distributed.destroy_process_group()


def quick_maps(rows, seed, progress):
    return dict.fromkeys(["PCA", "t-SNE", "Isomap", "UMAP"], np.asarray(rows[:, :2], np.float64))


@pytest.mark.parametrize("page", ["README.md", "docs/command_line.md"])
def test_commands_run(page, folder, monkeypatch):
    """All but those for models of others, whose weights would have to come from somewhere."""
    for package in NEEDS[page]:
        pytest.importorskip(package)
    monkeypatch.setattr("kstar_gpu.plot.embedding.made_maps", quick_maps)
    files_for_commands(folder)
    for words in commands(page):
        if words[0] == "kstar-gpu" and not any(word.startswith(ZOOS) for word in words):
            assert cli.main(words[1:]) == 0, words


def files_for_commands(folder):
    """Write what the commands on the pages read."""
    import pyarrow as pa
    import pyarrow.parquet

    found = given("")
    features, labels = found["features"].astype(np.float32), found["labels"]
    np.savez("features.npz", features=features)
    np.save("labels.npy", labels)
    np.savez("data.npz", features=features, labels=labels)
    np.savez("images.npz", inputs=features.reshape(-1, 2, 2), labels=labels)
    table = pa.table({"vector": features.tolist(), "species": labels.astype(str).tolist()})
    pa.parquet.write_table(table, "embeddings.parquet")
    (folder / "nets.py").write_text(NET)
    made = {}
    exec(NET, made)
    torch.save({"state_dict": made["make_net"]().state_dict()}, "best.ckpt")
    kstar_gpu.kstar_distribution(features, labels, return_foreign=True).save("result.npz")
    kstar_gpu.sweep({"net": found["model"]}, {"test": found["loader"]}, ["fc"], out="runs")
