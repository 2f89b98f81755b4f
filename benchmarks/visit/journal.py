"""What a visit saw: one JSON object a line, on the disk as soon as it is known."""

import json
import os
import time
from pathlib import Path
from typing import Any

Record = dict[str, Any]
NAME = "visit.jsonl"
START, RECORD, OUTCOME = "start", "record", "outcome"  # kinds of lines


def append(folder: Path, step: str, kind: str, fields: Record) -> None:
    """Write one line, and wait until it is on the disk: the machine may go at any time."""
    line = {"step": step, "kind": kind, "at": round(time.time(), 2), **fields}
    with (folder / NAME).open("a") as file:
        file.write(json.dumps(line) + "\n")
        file.flush()
        os.fsync(file.fileno())


def read(path: Path) -> list[Record]:
    """Return all lines; the last one may be half a line, of a step that was ended as it wrote."""
    whole, _, rest = path.read_text().rpartition("\n")
    lines = [json.loads(line) for line in whole.splitlines()]
    try:
        return [*lines, json.loads(rest)] if rest else lines
    except json.JSONDecodeError:
        return lines


def records(lines: list[Record], step: str, what: str) -> list[Record]:
    """Return a step's records of one kind, as their field `what` names it."""
    return [
        line
        for line in lines
        if (line["step"], line["kind"], line.get("what")) == (step, RECORD, what)
    ]


def outcomes(lines: list[Record]) -> dict[str, Record]:
    """Return how each step ended, in their order."""
    return {line["step"]: line for line in lines if line["kind"] == OUTCOME}
