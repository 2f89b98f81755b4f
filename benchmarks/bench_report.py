"""Write docs/benchmarks.md and its pictures from results: run with --help for the arguments."""

import argparse
import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from cases import DIMENSIONS, SAMPLES, Cases, set_name

TEMPLATE = Path(__file__).with_name("bench_report.md")
PAGE = "benchmarks.md"
OURS = "kstar (cpu)"
KIND = re.compile(r"[^:\[]+")  # of a set, without its size
FEW = 0.001  # wrong ones are counted below this share
SERIES = {"samples": SAMPLES, "dimensions": DIMENSIONS}
TARGETS = [  # DESIGN: set, peer, at least so many times slower than kstar()
    ("fc1", "product", 15),
    ("conv3", "product", 6),
    ("effnet", "product", 5),
    ("minilm", "product", 5.5),
    ("logits", "product", 18),
    ("gaussian:20000x512", "product", 3.5),
    ("fc1", "faiss", 30),
    ("fc1", "authors", 130),
    ("effnet[1280]", "authors", 5),
]


def read(paths: Iterable[Path]) -> tuple[pd.DataFrame, list[dict[str, Any]]]:
    """Return a row per method and set, and what the results say of their machines."""
    rows, machines = [], []
    for path in paths:
        content = json.loads(path.read_text())
        commit = content["commit_info"]
        machines.append({**content["machine_info"], "commit": commit["id"][:10], "file": path.name})
        for one in content["benchmarks"]:
            record = dict(one["extra_info"])
            ours = np.median(record["kstar_s"])
            seconds = one["stats"]["data"]
            rows.append(
                {
                    **record,
                    "file": path.name,
                    "median_s": np.median(seconds),
                    "fastest_s": min(seconds),
                    "slowest_s": max(seconds),
                    "rounds": len(seconds),
                    "ratio": np.median(seconds) / ours,
                    "why": "",
                }
            )
        rows += [{**record, "file": path.name} for record in content["not_timed"]]
    return pd.DataFrame(rows), machines


def cell(row: pd.Series) -> str:
    """Return a method's ratio on a set, and how many k* are wrong; or why there is none."""
    if row["why"]:
        return str(row["why"])
    text = f"{row['ratio']:.1f}x" if row["ratio"] < 100 else f"{row['ratio']:.0f}x"
    if row["wrong"] and row["wrong"] > 0:
        share = row["wrong"] / row["checked"]
        told = f"{share:.1%}" if share >= FEW else f"{row['wrong']:.0f} of {row['checked']:,.0f}"
        text += f", **{told} wrong**" if row["checked"] > 1 else ", **wrong**"
    return text


def size_of(part: pd.DataFrame) -> str:
    """Return samples by dimensions of the set that all rows share."""
    return f"{int(part['samples'].iloc[0]):,} x {int(part['dimensions'].iloc[0])}"


def glance(frame: pd.DataFrame) -> str:
    """Return methods by sets, those of the series left out."""
    growing = {name for series in SERIES.values() for name in _names(series)}
    shown = frame[~frame["set"].isin(growing)].copy()
    shown["cell"] = shown.apply(cell, axis=1)
    parts = shown.groupby("set", sort=False)
    sizes = {name: f"{KIND.findall(name)[0]}, {size_of(part)}" for name, part in parts}
    table = shown.pivot_table(
        index="method", columns="set", values="cell", aggfunc="first", sort=False
    )
    table = table[[*sizes]].rename(columns=sizes).fillna("-")
    return _markdown(table.reset_index())


def exponents(frame: pd.DataFrame) -> str:
    """Return the fitted growth of each method's time with samples and dimensions."""
    rows = []
    for method in frame["method"].unique():
        row: dict[str, str] = {"method": method}
        for axis, series in SERIES.items():
            points = frame[(frame["method"] == method) & frame["set"].isin(_names(series))]
            timed = points[points["why"] == ""]
            known = len(timed) > 2
            slope = np.polyfit(np.log(timed[axis]), np.log(timed["median_s"]), 1)[0] if known else 0
            row[f"time ~ {axis} ^"] = f"{slope:.2f}" if known else "-"
        rows.append(row)
    return _markdown(pd.DataFrame(rows))


def survivors(frame: pd.DataFrame) -> str:
    """Return how many pairs per sample the CPU engine's sieves leave along both series."""
    lines = []
    for axis, series in SERIES.items():
        points = frame[(frame["method"] == OURS) & frame["set"].isin(_names(series))]
        for _, row in points.iterrows():
            left = row["pairs_per_sample"]
            lines.append(
                {
                    "set": row["set"],
                    axis: int(row[axis]),
                    "foreign and own pairs": f"{row['samples'] / 2:.0f}",
                    **{key: f"{value:.1f}" for key, value in left.items()},
                }
            )
    return _markdown(pd.DataFrame(lines, dtype=object).fillna(""))


def draw_growth(frame: pd.DataFrame, path: Path) -> None:
    """Draw time against samples and against dimensions, each method named at its line's end."""
    figure, axes = plt.subplots(1, 2, figsize=(13, 6.5), layout="constrained")
    for ax, (axis, series) in zip(axes, SERIES.items(), strict=True):
        points = frame[frame["set"].isin(_names(series)) & (frame["why"] == "")]
        ends = []
        for number, method in enumerate(frame["method"].unique()):
            line = points[points["method"] == method].sort_values(axis)
            if line.empty:
                continue
            ours = method.startswith("kstar")
            colour = "black" if ours else plt.colormaps["tab20"](number)
            ax.loglog(line[axis], line["median_s"], "o-", color=colour, lw=2.5 if ours else 1, ms=3)
            ends.append((line[axis].iloc[-1], line["median_s"].iloc[-1], method, colour))
        _name_lines(ax, ends)
        title = series[0][0].partition(":")[0]
        ax.set(xlabel=axis, ylabel="seconds, median", title=f"{title}, growing {axis}")
        values = sorted(points[axis].unique())
        ax.set_xticks(values, [f"{int(value):,}" for value in values])
        ax.minorticks_off()
        ax.grid(alpha=0.3)
    figure.savefig(path, dpi=110)
    plt.close(figure)


def _name_lines(ax: Any, ends: list[tuple[float, float, str, Any]]) -> None:
    """Write names beside the axes, pushed apart so that none lies on another."""
    low, high = (np.log(bound) for bound in ax.get_ylim())
    least = (high - low) / 30
    height = -np.inf
    for x, y, name, colour in sorted(ends, key=lambda end: end[1]):
        height = max(np.log(y), height + least)
        ax.annotate(
            name,
            (x, y),
            xytext=(1.03, (height - low) / (high - low)),
            textcoords="axes fraction",
            color=colour,
            va="center",
            fontsize=8,
            arrowprops={"arrowstyle": "-", "color": colour, "lw": 0.5, "alpha": 0.6},
        )


def wrong(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the share of wrong k* by method and set, where one was found wrong."""
    checked = frame[(frame["why"] == "") & (frame["checked"] > 1)].copy()
    checked["share"] = checked["wrong"].astype(float) / checked["checked"]
    table = checked.pivot_table(index="set", columns="method", values="share", sort=False)
    return table.loc[(table > 0).any(axis=1)]


def draw_wrong(table: pd.DataFrame, path: Path) -> None:
    """Draw the shares of wrong k* as bars."""
    shown = table[[name for name in table if table[name].max() > 0]] * 100
    ax = shown.plot.bar(figsize=(9, 3.6), width=0.8, rot=20)
    ax.set(ylabel="% of k* wrong", xlabel="", ylim=(0, 100))
    ax.set_yscale("symlog", linthresh=0.01)
    ticks = [0, 0.01, 0.1, 1, 10, 100]
    ax.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=5, fontsize=8, frameon=False)
    plt.tight_layout()
    plt.savefig(path, dpi=110)
    plt.close()


def targets(frame: pd.DataFrame) -> str:
    """Return each target beside what was measured."""
    rows = []
    for name, method, least in TARGETS:
        found = frame[(frame["set"] == name) & (frame["method"] == method) & (frame["why"] == "")]
        row = {"set": name, "against": method, "target": f"{least:g}x", "measured": "-"}
        row[""] = "not measured"
        if len(found):
            ratio = found["ratio"].iloc[-1]
            row["measured"] = f"{ratio:.1f}x"
            row[""] = "met" if ratio >= least else "**missed**"
        rows.append(row)
    return _markdown(pd.DataFrame(rows))


def details(frame: pd.DataFrame) -> str:
    """Return a table of all figures for each set."""
    parts = []
    for name, part in frame.groupby("set", sort=False):
        rows = [figures(row) for _, row in part.iterrows()]
        table = _markdown(pd.DataFrame(rows, dtype=object).fillna(""))
        summary = f"<summary>{name}, {size_of(part)}</summary>"
        parts.append(f"<details>{summary}\n\n{table}\n\n</details>")
    return "\n\n".join(parts)


def figures(row: pd.Series) -> dict[str, Any]:
    """Return all figures of a method on a set."""
    if row["why"]:
        return {"method": row["method"], "median": row["why"]}
    return {
        "method": row["method"],
        "median": f"{row['median_s']:.4f} s",
        "fastest to slowest": f"{row['fastest_s']:.4f} to {row['slowest_s']:.4f} s",
        "rounds": int(row["rounds"]),
        "to kstar()": f"{row['ratio']:.2f}x",
        "peak memory": f"{row['peak_bytes'] / 1e6:.0f} MB",
        "wrong": f"{int(row['wrong'])} of {int(row['checked'])}" if row["checked"] else "-",
    }


def _names(series: Cases) -> list[str]:
    return [set_name(*case) for case in series]


def _markdown(table: pd.DataFrame) -> str:
    head = [[*map(str, table.columns)], ["---"] * len(table.columns)]
    lines = [*head, *table.astype(str).to_numpy().tolist()]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def described(machine: dict[str, Any]) -> str:
    """Return a line about the machine of a result, its versions and the commit."""
    return "- " + ", ".join(f"{key} {value}" for key, value in machine.items())


def main() -> None:
    """Write the page and the pictures beside it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results", nargs="+", type=Path, help="files of `make bench`")
    parser.add_argument("--out", type=Path, default=Path("docs"), help="folder, default: docs")
    arguments = parser.parse_args()
    frame, machines = read(arguments.results)
    growth_picture, wrong_picture = "benchmarks_growth.png", "benchmarks_wrong.png"
    draw_growth(frame, arguments.out / growth_picture)
    shares = wrong(frame)
    draw_wrong(shares, arguments.out / wrong_picture)
    percent = (shares * 100).map(lambda share: "-" if np.isnan(share) else f"{share:.2f}")
    page = TEMPLATE.read_text().format(
        sources=", ".join(f"`{machine['file']}`" for machine in machines),
        machine="\n".join(map(described, machines)),
        glance="\n\n".join(
            f"`{name}`:\n\n{glance(part)}" for name, part in frame.groupby("file", sort=False)
        ),
        growth_picture=growth_picture,
        growth=exponents(frame),
        survivors=survivors(frame),
        wrong_picture=wrong_picture,
        wrong=_markdown(percent.reset_index()),
        targets=targets(frame),
        details=details(frame),
    )
    (arguments.out / PAGE).write_text(page)
    print(f"written: {arguments.out / PAGE}")


if __name__ == "__main__":
    main()
