"""README, docs and what else is read on the web: links, headings and blocks of code in them."""

import re
import shlex
from typing import NamedTuple

from . import house

PAGES = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md", "benchmarks/README.md")
PAGES += tuple(sorted(f"docs/{path.name}" for path in (house.ROOT / "docs").glob("*.md")))
FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.M | re.S)
LINK = re.compile(r"\[(?:[^][]|\[[^]]*\])*\]\(([^()\s]+)\)")


class Block(NamedTuple):
    """A block of code."""

    page: str
    number: int  # of those of its language on the page
    code: str


def text_of(page):
    return (house.ROOT / page).read_text(encoding="utf-8")


def blocks(page, language):
    """Return the blocks of a language on a page."""
    codes = [code for kind, code in FENCED.findall(text_of(page)) if kind == language]
    return [Block(page, number, code) for number, code in enumerate(codes)]


def prose(page):
    """Return a page without its blocks of code."""
    return FENCED.sub("", text_of(page))


def links(page):
    """Return where the links and pictures of a page lead."""
    return LINK.findall(prose(page))


def anchors(page):
    """Return what links to the headings of a page end in, as GitHub makes them."""
    found = []
    for heading in re.findall(r"^#+ (.+)$", prose(page), re.M):
        words = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading).lower()  # the text of links
        slug = re.sub(r"[^\w\- ]", "", words).replace(" ", "-")
        found.append(slug if slug not in found else f"{slug}-{found.count(slug)}")
    return found


def commands(page):
    """Return the commands in the blocks of a shell: their words, without comments."""
    lines = "".join(block.code for block in blocks(page, "bash")).replace("\\\n", " ")
    return [*filter(None, (shlex.split(line, comments=True) for line in lines.splitlines()))]
