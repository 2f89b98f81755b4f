"""What is asked of every picture: that its text can be read."""

from itertools import combinations


def texts_overlap(ax):
    """Return the pairs of tick labels and texts that lie on each other."""
    ax.figure.canvas.draw()
    texts = [*ax.get_xticklabels(), *ax.get_yticklabels()]
    boxes = [(t.get_text(), t.get_window_extent()) for t in texts if t.get_text()]
    # Slanted labels have boxes larger than themselves: look at upright ones.
    upright = [
        (text, box)
        for (text, box), t in zip(boxes, [t for t in texts if t.get_text()], strict=True)
        if t.get_rotation() == 0
    ]
    return [(a, b) for (a, x), (b, y) in combinations(upright, 2) if x.overlaps(y)]
