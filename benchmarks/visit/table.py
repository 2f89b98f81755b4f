"""Print one table of the visit, and keep its rows."""

from visit import journal
from visit.context import Visit
from visit.summary import HEAD, markdown, table


def run(visit: Visit) -> None:
    """Read what all steps kept."""
    lines = journal.read(visit.folder / journal.NAME)
    rows = table(lines)
    for row in rows:
        journal.append(visit.folder, visit.step, journal.RECORD, {"what": "row", **row._asdict()})
    print(markdown(HEAD, rows))
