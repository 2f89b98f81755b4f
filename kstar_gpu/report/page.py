"""A sweep as one self-contained page of HTML: pictures, tables, and how they were computed."""

import base64
import io
import os
import platform
from html import escape
from typing import Any

import numpy as np
import torch

from ..files import as_path, write_whole
from ..names import one_line
from ..networks.sweep import Key, Sweep
from ..plot.layers import check_sweep, plot_layers
from ..version import __version__

STYLE = """
body { font: 15px/1.5 sans-serif; max-width: 72em; margin: 2em auto; padding: 0 1em; color: #222 }
table { border-collapse: collapse; margin: 1em 0; font-size: 13px }
th, td { padding: 0.2em 0.7em; text-align: right; border-bottom: 1px solid #ddd }
th:first-child, td:first-child { text-align: left }
th, td { overflow-wrap: anywhere; min-width: 4em }
.F { background: #fbe3d6 } .O { background: #efe3f3 } .C { background: #d9ecf7 }
figure { display: inline-block; width: 48%; min-width: 24em; margin: 0 1% 1em 0 }
figure { vertical-align: top }
img { max-width: 100% } footer { color: #666; font-size: 13px; margin-top: 3em }
"""


def write_report(sweep: Sweep, path: str | os.PathLike[str], title: str = "k* of layers") -> None:
    """Write a page that needs no other file and no network.

    Parameters
    ----------
    sweep : Sweep
    path : of the page
    title : its heading

    Raises
    ------
    TypeError
        If `sweep` is no Sweep, or `path` no path.
    ValueError
        If the sweep is empty.
    ImportError
        Without matplotlib.
    """
    check_sweep(sweep)
    target = as_path(path)
    if len(sweep) == 0:
        raise ValueError("sweep: one result at least is wanted, got none")
    pairs = dict.fromkeys(key[:2] for key in sweep.results)
    parts = [f"<h1>{marked(title)}</h1>", _meaning()]
    for model, data in pairs:
        keys = [key for key in sweep.results if key[:2] == (model, data)]
        parts.append(f"<h2>{marked(model)}, {marked(data)}</h2>")
        parts += [_picture(sweep, model, data, kind) for kind in ("lines", "map")]
        parts.append(_table(sweep, keys))
    if sweep.errors:
        lines = (f"<li>{marked('/'.join(k))}: {marked(e)}</li>" for k, e in sweep.errors.items())
        parts.append(f"<h2>Failed</h2><ul>{''.join(lines)}</ul>")
    parts.append(_footer(sweep))
    page = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{marked(title)}</title>'
        f"<style>{STYLE}</style></head><body>{''.join(parts)}</body></html>\n"
    )
    write_whole(target, page)


def marked(text: object) -> str:
    """Return text of the user's, or a library's, as it stands in a page, in attributes too."""
    return escape(one_line(text))


def _meaning() -> str:
    return (
        "<p>The k* value of a sample is the rank of its first neighbour from another class. "
        "Divided by the class size, the values of a class form its k* distribution: "
        "<b>F</b>ractured (many small islands; skewness above the threshold), <b>O</b>verlapped, "
        "or <b>C</b>lustered (one compact region; below minus the threshold). "
        "Kotyan, Ueda and Vargas, arXiv 2312.04024.</p>"
    )


def _picture(sweep: Sweep, model: str, data: str, kind: str) -> str:
    import matplotlib.pyplot as plt

    plot_layers(sweep, model, data, kind=kind)
    content = io.BytesIO()
    plt.savefig(content, format="png", dpi=110)
    plt.close()
    encoded = base64.b64encode(content.getvalue()).decode()
    text = marked(f"{kind} of {model}, {data}")
    return f'<figure><img alt="{text}" src="data:image/png;base64,{encoded}"></figure>'


def _table(sweep: Sweep, keys: list[Key]) -> str:
    """Write the mean k* / class size of each class and layer; skewness when pointed at."""
    results = [sweep.results[key] for key in keys]
    head = "".join(f"<th>{marked(key.layer or '(model)')}</th>" for key in keys)
    codes = [{label: code for code, label in enumerate(r.classes.tolist())} for r in results]
    names: dict[Any, str] = {}  # by label: two classes may be called alike
    for result in results:
        names |= dict(zip(result.classes.tolist(), result.class_names, strict=True))
    rows = []
    for label, name in names.items():
        cells = []
        for result, code_of in zip(results, codes, strict=True):
            if label not in code_of:
                cells.append("<td>-</td>")
                continue
            code = code_of[label]
            mark = result.pattern[code][0].upper()
            skew = result.skewness_plain[code]
            told = "undefined" if np.isnan(skew) else f"{skew:+.3f}"
            cells.append(
                f'<td class="{mark}" title="skewness {told}, {result.pattern[code]}">'
                f"{result.mean[code]:.3f} {mark if mark != 'U' else ''}</td>"
            )
        rows.append(f"<tr><td>{marked(name)}</td>{''.join(cells)}</tr>")
    return f"<table><tr><th>class</th>{head}</tr>{''.join(rows)}</table>"


def _footer(sweep: Sweep) -> str:
    first = next(iter(sweep.results.values()))
    return (
        f"<footer>Mean of k* / class size; metric {marked(first.metric)}; pattern by the "
        f"{marked(first.skewness)} skewness, threshold {first.threshold:g}; intervals: 95 %, "
        f"bootstrap of k* values. kstar-gpu {__version__}, torch {marked(torch.__version__)}, "
        f"numpy {marked(np.__version__)}, Python {marked(platform.python_version())}.</footer>"
    )
