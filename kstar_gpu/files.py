"""Small files that are there whole or not at all, and names that any file system takes."""

import os
import re
import uuid
from pathlib import Path


def write_whole(path: Path, text: str) -> None:
    """Replace a file by this text, in one step."""
    partial = path.with_name(f".{uuid.uuid4().hex}.partial")
    partial.write_text(text)
    os.replace(partial, path)


def plain_name(name: str) -> str:
    """Return a name without what file systems may refuse; "model" for an empty one."""
    return re.sub("[^A-Za-z0-9_.-]", "_", name) or "model"
