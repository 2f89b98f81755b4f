"""A sweep as one self-contained page of HTML: pictures, tables, and how they were computed."""

import base64
import io
import os
import platform
from html import escape
from pathlib import Path

import numpy as np
import torch

from ..networks.sweep import Key, Sweep
from ..plot import plot_layers
from ..version import __version__

STYLE = """
body { font: 15px/1.5 sans-serif; max-width: 72em; margin: 2em auto; padding: 0 1em; color: #222 }
table { border-collapse: collapse; margin: 1em 0; font-size: 13px }
th, td { padding: 0.2em 0.7em; text-align: right; border-bottom: 1px solid #ddd }
th:first-child, td:first-child { text-align: left }
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
    ValueError
        If the sweep is empty.
    ImportError
        Without matplotlib or seaborn.
    """
    if len(sweep) == 0:
        raise ValueError("sweep: one result at least is wanted, got none")
    pairs = dict.fromkeys(key[:2] for key in sweep.results)
    parts = [f"<h1>{escape(title)}</h1>", _meaning()]
    for model, data in pairs:
        keys = [key for key in sweep.results if key[:2] == (model, data)]
        parts.append(f"<h2>{escape(model)}, {escape(data)}</h2>")
        parts += [_picture(sweep, model, data, kind) for kind in ("lines", "map")]
        parts.append(_table(sweep, keys))
    if sweep.errors:
        lines = (f"<li>{escape('/'.join(k))}: {escape(e)}</li>" for k, e in sweep.errors.items())
        parts.append(f"<h2>Failed</h2><ul>{''.join(lines)}</ul>")
    parts.append(_footer(sweep))
    page = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{STYLE}</style></head><body>{''.join(parts)}</body></html>\n"
    )
    Path(path).write_text(page, encoding="utf-8")


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
    text = escape(f"{kind} of {model}, {data}")
    return f'<figure><img alt="{text}" src="data:image/png;base64,{encoded}"></figure>'


def _table(sweep: Sweep, keys: list[Key]) -> str:
    """Write the mean k* / class size of each class and layer; skewness when pointed at."""
    results = [sweep.results[key] for key in keys]
    head = "".join(f"<th>{escape(key.layer or '(model)')}</th>" for key in keys)
    names = list(dict.fromkeys(name for result in results for name in result.class_names))
    rows = []
    for name in names:
        cells = []
        for result in results:
            if name not in result.class_names:
                cells.append("<td>-</td>")
                continue
            code = result.class_names.index(name)
            mark = result.pattern[code][0].upper()
            skew = result.skewness_plain[code]
            told = "undefined" if np.isnan(skew) else f"{skew:+.3f}"
            cells.append(
                f'<td class="{mark}" title="skewness {told}, {result.pattern[code]}">'
                f"{result.mean[code]:.3f} {mark if mark != 'U' else ''}</td>"
            )
        rows.append(f"<tr><td>{escape(name)}</td>{''.join(cells)}</tr>")
    return f"<table><tr><th>class</th>{head}</tr>{''.join(rows)}</table>"


def _footer(sweep: Sweep) -> str:
    first = next(iter(sweep.results.values()))
    return (
        f"<footer>Mean of k* / class size; metric {escape(first.metric)}; pattern by the "
        f"{escape(first.skewness)} skewness, threshold {first.threshold:g}; intervals: 95 %, "
        f"bootstrap of k* values. kstar-gpu {__version__}, torch "
        f"{escape(torch.__version__)}, numpy {np.__version__}, Python {platform.python_version()}."
        "</footer>"
    )
