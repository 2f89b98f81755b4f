"""Write docs/benchmarks.md and its pictures from results: run with --help for the arguments."""

import argparse
import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from bench_pictures import draw_growth, draw_wrong
from cases import SERIES
from targets import targets

TEMPLATE = Path(__file__).with_name("bench_report.md")
PAGE = "benchmarks.md"
OURS = "kstar (cpu)"
KIND = re.compile(r"[^:\[]+")  # of a set, without its size
GROWING = {name for series in SERIES for name in series.names()}
WIDEST = 7  # sets in a table
FEW = 0.001  # wrong ones are counted below this share


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
                    "seconds": seconds,
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
    """Return samples by dimensions, and classes, of the set that all rows share."""
    samples, dimensions, classes = part[["samples", "dimensions", "classes"]].iloc[0]
    return f"{samples:,} x {dimensions}, {classes} classes"


def glance(frame: pd.DataFrame) -> str:
    """Return methods by sets, in as many tables as fit a page."""
    shown = frame.assign(cell=frame.apply(cell, axis=1))
    parts = shown.groupby("set", sort=False)
    sizes = {name: f"{KIND.findall(name)[0]}, {size_of(part)}" for name, part in parts}
    table = shown.pivot_table(
        index="method", columns="set", values="cell", aggfunc="first", sort=False
    )
    table = table[[*sizes]].rename(columns=sizes).fillna("-")
    tables = np.array_split(np.arange(len(sizes)), -(-len(sizes) // WIDEST))
    return "\n\n".join(_markdown(table.iloc[:, part].reset_index()) for part in tables)


def exponents(frame: pd.DataFrame) -> str:
    """Return the fitted growth of each method's time with samples and dimensions."""
    rows = []
    for method in frame["method"].unique():
        row: dict[str, str] = {"method": method}
        for series in SERIES:
            points = frame[(frame["method"] == method) & frame["set"].isin(series.names())]
            timed = points[points["why"] == ""]
            known = len(timed) > 2
            sizes, seconds = (
                np.log(timed[name].to_numpy(float)) for name in (series.growing, "median_s")
            )
            slope = f"{np.polyfit(sizes, seconds, 1)[0]:.2f}" if known else "-"
            row[f"{series.kind}: time ~ {series.growing} ^"] = slope
        rows.append(row)
    return _markdown(pd.DataFrame(rows))


def survivors(frame: pd.DataFrame) -> str:
    """Return how many pairs per sample the CPU engine's sieves leave along all series."""
    points = frame[(frame["method"] == OURS) & frame["set"].isin(GROWING) & (frame["why"] == "")]
    lines = [
        {
            "set": row["set"],
            "samples": row["samples"],
            "dimensions": row["dimensions"],
            "all pairs": f"{row['samples'] / 2:.0f}",
            **{key: f"{value:.1f}" for key, value in row["pairs_per_sample"].items()},
        }
        for _, row in points.iterrows()
    ]
    return _markdown(pd.DataFrame(lines))


def wrong(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the largest share of wrong k* by method and set, where one was found wrong."""
    checked = frame[(frame["why"] == "") & (frame["checked"] > 1)].copy()
    checked["share"] = checked["wrong"].astype(float) / checked["checked"]
    table = checked.pivot_table(
        index="set", columns="method", values="share", aggfunc="max", sort=False
    )
    return table.loc[(table > 0).any(axis=1)]


def details(frame: pd.DataFrame) -> str:
    """Return a table of all figures for each set."""
    parts = []
    for (file, name), part in frame.groupby(["file", "set"], sort=False):
        rows = [figures(row) for _, row in part.iterrows()]
        table = _markdown(pd.DataFrame(rows, dtype=object).fillna(""))
        summary = f"<summary>{file}: {name}, {size_of(part)}</summary>"
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
        "peak memory": "-" if pd.isna(row["peak_bytes"]) else f"{row['peak_bytes'] / 1e6:.0f} MB",
        "wrong": f"{int(row['wrong'])} of {int(row['checked'])}" if row["checked"] else "-",
    }


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
    first = frame[frame["file"] == machines[0]["file"]]
    if not first["set"].isin(GROWING).any():
        parser.error(f"results: one of `make bench` must come first, got {arguments.results[0]}")
    others = frame[~frame["set"].isin(GROWING)]
    draw_growth(first, arguments.out / growth_picture)
    shares = wrong(frame)
    draw_wrong(shares, arguments.out / wrong_picture)
    percent = (shares * 100).map(lambda share: "-" if np.isnan(share) else f"{share:.2f}")
    page = TEMPLATE.read_text().format(
        sources=", ".join(f"`{machine['file']}`" for machine in machines),
        machine="\n".join(map(described, machines)),
        glance="\n\n".join(
            f"`{name}`:\n\n{glance(part)}" for name, part in others.groupby("file", sort=False)
        ),
        growth_picture=growth_picture,
        growth=exponents(first),
        survivors=survivors(first),
        wrong_picture=wrong_picture,
        wrong=_markdown(percent.reset_index()),
        targets=_markdown(targets(frame, machines)),
        details=details(frame),
    )
    (arguments.out / PAGE).write_text(page)
    print(f"written: {arguments.out / PAGE}")


if __name__ == "__main__":
    main()
