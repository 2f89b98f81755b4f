"""The most confused samples of a layer, and small pictures of them that stand inside the page."""

import base64
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..extras import import_extra
from ..names import one_line
from ..networks.sweep import Sweep
from ..plot.thumbnails import Thumbnail, check_images, thumbnail_of
from ..stats.distribution import KStarDistribution
from ..stats.samples import by_confusion, most_confused, sample_columns

MOST_OF_ALL, MOST_OF_CLASS = 24, 6
# Of each class as many as give so many in the whole page, with and without pictures.
MOST_SHOWN, MOST_NAMED = 1200, 6000
PIXELS = 96  # of the longer side
MOST_LETTERS = 200  # of a text
LOSSLESS = 32  # pixels: up to here, and with transparency, PNG


@dataclass
class Images:
    """Images of the samples of data sets, or of references, and those that the page shows.

    Attributes
    ----------
    given : by the data set's name
    argument : what they were given as
    shown : ``data:`` addresses of images, or texts, by the data set's name and the sample
    """

    given: Mapping[str, Any]
    argument: str = "images"
    shown: dict[str, dict[int, dict[str, str]]] = field(default_factory=dict)

    def show(self, data: str, sample: int) -> None:
        """Take a sample's image into the page, if there is one."""
        own = self.shown.setdefault(one_line(data), {})
        if data in self.given and sample not in own:
            own[sample] = shown_as(thumbnail_of(self.given[data], sample, self.argument))


def images_of(sweep: Sweep, images: Any) -> Images:
    """Return images of samples by data set, checked; see `write_report`."""
    counts: dict[str, set[int | None]] = {}
    for key, result in sweep.results.items():
        counts.setdefault(key.data, set()).add(len(result.kstar))
    return _checked(images, counts, "images", "data sets of the sweep")


def reference_images_of(sweep: Sweep, images: Any) -> Images:
    """Return images of references by data set, checked; see `write_report`."""
    counts: dict[str, set[int | None]] = {}
    for key, result in sweep.results.items():
        if result.query_form:
            counts.setdefault(key.data, set()).add(None)  # results do not know how many there are
    if images is not None and not counts:
        raise ValueError("reference_images: None is wanted for a sweep without references")
    return _checked(images, counts, "reference_images", "data sets with references")


def _checked(
    images: Any, counts: Mapping[str, set[int | None]], argument: str, wanted: str
) -> Images:
    """Return images by data set: of each so many as are counted, where that is known."""
    if images is None:
        return Images({}, argument)
    if not isinstance(images, Mapping):
        if len(counts) > 1:
            raise ValueError(
                f"{argument}: a mapping from the data set's name is wanted for {len(counts)} data "
                f"sets, got {type(images).__name__}"
            )
        images, name = dict.fromkeys(counts, images), argument
    else:
        name = f"{argument}[{{!r}}]"
    for data, own in images.items():
        if data not in counts:
            raise ValueError(f"{argument}: {wanted} are wanted, {[*counts]}, got {data!r}")
        for count in counts[data]:
            check_images(own, count, name.format(data))
    return Images(images, argument)


def confused_of(
    result: KStarDistribution,
    classes: Mapping[Any, tuple[int, str]],
    data: str,
    images: Images,
    references: Images,
    cells: int,
) -> list[dict[str, Any]]:
    """Return the most confused samples of a layer, and of each of its classes; the first the most.

    None where the result does not know its foreign samples.

    Parameters
    ----------
    result : of the layer
    classes : place and name of every class, by label
    data : name of the data set
    images, references : take those of the samples, and of the references that these meet
    cells : classes in layers of the whole page, which share its room
    """
    if result.foreign_index is None:
        return []
    others = references if result.query_form else images
    shown = data in images.given or data in others.given
    most = (MOST_SHOWN if shown else MOST_NAMED) // max(1, cells)
    rows = most_confused(result, MOST_OF_ALL)
    if most:
        of_classes = most_confused(result, min(most, MOST_OF_CLASS), by="class")
        rows = by_confusion(result, np.union1d(rows, of_classes))
    columns = {name: list(values) for name, values in sample_columns(result, rows).items()}
    places = [classes[label][0] for label in result.classes.tolist()]
    found = []
    for place, row in enumerate(rows.tolist()):
        foreign = int(columns["foreign_sample"][place])
        sample = {
            "sample": row,
            "class": places[result.class_index[row]],
            "kstar": int(columns["kstar"][place]),
            "size": int(result.population[result.class_index[row]]),
            "foreign": foreign,
            "meets": one_line(columns["foreign_class"][place]),
            "known": not result.query_form,  # whether the foreign one is a sample itself
        }
        for name in ("id", "foreign_id"):
            if name in columns:
                sample[name] = one_line(columns[name][place])
        found.append(sample)
        images.show(data, row)
        others.show(data, foreign)
    return found


def shown_as(thumbnail: Thumbnail) -> dict[str, str]:
    """Return what the page shows: the address of an image that is itself inside, or a text."""
    if isinstance(thumbnail, str):
        text = " ".join(thumbnail[: 2 * MOST_LETTERS].split())
        cut = len(text) > MOST_LETTERS or len(thumbnail) > 2 * MOST_LETTERS
        return {"text": one_line(text[:MOST_LETTERS]) + "\N{HORIZONTAL ELLIPSIS}" * cut}
    pillow = import_extra("PIL.Image", "plot", "write_report needs Pillow for images")
    image = pillow.fromarray(np.rint(thumbnail * 255).astype(np.uint8))
    image.thumbnail((PIXELS, PIXELS))
    kind = "PNG" if max(image.size) <= LOSSLESS or image.mode == "RGBA" else "JPEG"
    content = io.BytesIO()
    image.save(content, format=kind)
    encoded = base64.b64encode(content.getvalue()).decode()
    return {"image": f"data:image/{kind.lower()};base64,{encoded}"}
