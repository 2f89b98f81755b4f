"""A sweep as one self-contained page of HTML that one can explore.

The page is our own: inline SVG and some 700 lines of plain JavaScript (`assets/`), 40 kB a page,
and no template engine, since it is put together from six pieces. Inlined, plotly.js would be 4.5 MB
a page and vega-lite 0.8 MB; the tables, the search and the linked layers would still have to be
written beside them, and their versions to be followed.

What users have named comes in as JSON alone, and the script makes text of it, never markup. The
browser is told, by their hashes, to run this script and this style alone, and to load nothing.
"""

import base64
import hashlib
import json
import os
import re
from collections.abc import Mapping
from html import escape
from importlib.resources import files
from typing import Any

from ..files import as_path, write_whole
from ..names import one_line
from ..networks.sweep import Sweep
from ..plot.layers import check_sweep
from .confused import images_of, reference_images_of
from .content import content_of

SCRIPTS = ("base", "table", "hover", "multiples", "lines", "tables", "confused", "controls")


def write_report(
    sweep: Sweep,
    path: str | os.PathLike[str],
    title: str = "k* of layers",
    *,
    images: Any = None,
    reference_images: Any = None,
) -> None:
    """Write a page that needs no other file and no network.

    It shows the layers beside one another, classes along the layers, tables that can be sorted and
    searched, the distributions of a layer, and its most confused samples.

    Parameters
    ----------
    sweep : Sweep
    path : of the page
    title : its heading
    images : sequence of N images or texts, or mapping from the data set's name to such, optional
        Shown beside the most confused samples; in the order of the samples, of the kinds that
        `kstar_gpu.plot_confused` takes.
    reference_images : sequence of M images or texts, or mapping as `images`, optional
        In the query form: those of the references, which are only named without.

    Raises
    ------
    TypeError
        If `sweep` is no Sweep, `path` no path, or `images` or `reference_images` are none.
    ValueError
        If the sweep is empty; if there is not one image per sample, images are of a data set that
        the sweep does not have, or of several data sets without their names; if images are of
        references and there are none, or more than those.
    ImportError
        For images without Pillow.

    Examples
    --------
    >>> from kstar_gpu.report.page import write_report
    >>> results = sweep({"net": model}, {"test": loader}, ["encoder", "head"])
    >>> write_report(results, "page.html", "Two layers")
    """
    check_sweep(sweep)
    target = as_path(path)
    if len(sweep) == 0:
        raise ValueError("sweep: one result at least is wanted, got none")
    shown = images_of(sweep, images), reference_images_of(sweep, reference_images)
    write_whole(target, page_of(title, content_of(sweep, *shown)))


def page_of(title: str, content: Mapping[str, Any]) -> str:
    """Return the page of this content, which is numbers, texts, and lists and mappings of them."""
    style, script = _asset("page.css"), "".join(_asset(f"{name}.js") for name in SCRIPTS)
    pieces = {
        "title": escape(one_line(title)),
        "style": style,
        "style_hash": _hash(style),
        "script": script,
        "script_hash": _hash(script),
        "data": _json(content),
    }
    # In one pass, so that nothing that is put in is taken for a place to put something.
    return re.sub(r"\{\{(\w+)\}\}", lambda place: pieces[place[1]], _asset("page.html"))


def _asset(name: str) -> str:
    return (files(__package__) / "assets" / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    """Return how a page's security policy names a script or a style."""
    digest = hashlib.sha256(text.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"


def _json(content: Mapping[str, Any]) -> str:
    """Return JSON that no element of HTML ends in, or begins in."""
    text = json.dumps(content, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
