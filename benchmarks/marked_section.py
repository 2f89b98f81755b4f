"""The section of a page that a script writes, between two marks that say so."""

END = "<!-- measured: end -->"


def begin(script: str) -> str:
    """Return the mark before what a script of this repository writes."""
    return f"<!-- measured: written by {script} -->"


def rewritten(page: str, script: str, measured: str) -> str:
    """Return the page with another section between its two marks.

    Raises
    ------
    ValueError
        If the marks are not there, once each.
    """
    mark = begin(script)
    if page.count(mark) != 1 or page.count(END) != 1:
        raise ValueError(f"page: {mark} and {END} are wanted in it, once each")
    before, rest = page.split(mark)
    return f"{before}{mark}\n{measured}\n{END}{rest.split(END)[1]}"
