"""A line of text, of which a picture can have thousands."""

from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from matplotlib import rcParams
from matplotlib.backends import backend_agg
from matplotlib.colors import to_rgba
from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.ft2font import FT2Font
from matplotlib.text import Text
from matplotlib.transforms import Bbox
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.backend_bases import RendererBase

# No other part of matplotlib's is used here that its manual does not promise.
AT_ONE_GO = hasattr(backend_agg, "get_hinting_flag") and hasattr(FT2Font, "draw_glyphs_to_bitmap")
MIDDLE = 0.26  # of the size, from the baseline to the middle of what most letters fill


class Measured(NamedTuple):
    """A line in pixels; where pixels are drawn, how much of each is letters, from 0 to 255."""

    width: float
    height: float
    descent: float
    letters: NDArray[np.uint8] | None = None


class TextLine(Text):
    """One upright line, vertically in the middle of its place, measured and drawn at one go.

    Of any text matplotlib works out anew, several times a picture, how its lines break, and draws
    it letter by letter: ten times as long for a thousand names.

    Parameters
    ----------
    known : lines as they are drawn, which others share that say the same
    x, y, text, options : of matplotlib's text
    """

    def __init__(
        self, x: float, y: float, text: str, known: dict[Any, Measured], **options: Any
    ) -> None:
        super().__init__(x, y, text, va="center", clip_on=False, **options)
        self._known = known

    def draw(self, renderer: "RendererBase") -> None:
        """Draw the line; what is no plain one is left to matplotlib."""
        if not (self.get_visible() and self._is_plain()):
            super().draw(renderer)
            return
        left, baseline = self._place(renderer)
        line = self._measured(renderer)
        gc = renderer.new_gc()
        renderer.open_group("text", self.get_gid())
        if line.letters is not None:
            colour = np.multiply(255, to_rgba(self.get_color(), self.get_alpha()))
            image = np.empty((*line.letters.shape, 4), np.uint8)
            image[..., :3] = colour[:3].round()
            image[..., 3] = (line.letters * (colour[3] / 255)).round()
            edge = (len(image) - line.height) / 2  # above and below the letters
            below = round(baseline - line.descent - edge)
            renderer.draw_image(gc, round(left), below, image[::-1])
        else:
            gc.set_foreground(to_rgba(self.get_color(), self.get_alpha()), isRGBA=True)
            if renderer.flipy():
                baseline = renderer.get_canvas_width_height()[1] - baseline
            font = self.get_fontproperties()
            renderer.draw_text(gc, left, baseline, self.get_text(), font, 0, False, self)
        renderer.close_group("text")
        gc.restore()
        self.stale = False

    def get_window_extent(
        self, renderer: "RendererBase | None" = None, dpi: float | None = None
    ) -> Bbox:
        """Return the box around the line, in pixels."""
        if renderer is None or dpi is not None or not self._is_plain():
            box: Bbox = super().get_window_extent(renderer, dpi)
            return box
        left, baseline = self._place(renderer)
        line = self._measured(renderer)
        return Bbox.from_bounds(left, baseline - line.descent, line.width, line.height)

    def _is_plain(self) -> bool:
        """Whether it is a line that is drawn here: no formula, not for TeX, not decorated."""
        text = self.get_text()
        if not text or "$" in text or "\n" in text or self.get_usetex():
            return False
        if not rcParams["text.antialiased"]:
            return False
        return not (
            self.get_path_effects()
            or self.get_bbox_patch()
            or self.get_rotation()
            or self.get_clip_on()
        )

    def _place(self, renderer: "RendererBase") -> tuple[float, float]:
        """Return the left end and the baseline, in pixels from below."""
        place: Any = self.get_unitless_position()
        x, y = map(float, self.get_transform().transform(place))
        share = {"left": 0, "center": 0.5, "right": 1}[self.get_horizontalalignment()]
        pixels: Any = renderer.points_to_pixels(self.get_fontsize())
        return x - share * self._measured(renderer).width, y - MIDDLE * pixels

    def _measured(self, renderer: "RendererBase") -> Measured:
        """Return the line as this renderer draws it."""
        text, font = self.get_text(), self.get_fontproperties()
        asked = type(renderer), self.figure.dpi, text, hash(font)
        if asked not in self._known:
            if AT_ONE_GO and isinstance(renderer, backend_agg.RendererAgg):
                self._known[asked] = _drawn(text, font, renderer.dpi)
            else:
                measure = renderer.get_text_width_height_descent
                self._known[asked] = Measured(*measure(text, font, False))
        return self._known[asked]


def _drawn(text: str, properties: FontProperties, dpi: float) -> Measured:
    """Draw a line at one go."""
    font = get_font(_fonts(properties))
    font.set_size(properties.get_size_in_points(), dpi)
    flags: Any = backend_agg.get_hinting_flag  # matplotlib has no types for it
    font.set_text(text, 0, flags=flags())
    font.draw_glyphs_to_bitmap(antialiased=True)
    width, height = (pixels / 64 for pixels in font.get_width_height())
    return Measured(width, height, font.get_descent() / 64, np.array(font.get_image()))


def _fonts(properties: FontProperties) -> list[Any]:
    """Return the files of fonts, each of which is asked for the letters that those before lack."""
    found = []
    for family in properties.get_family():
        own = properties.copy()
        own.set_family(family)
        with suppress(ValueError):  # there is none; of all matplotlib tells once
            found.append(findfont(own, fallback_to_default=False))
    return found or [findfont(properties)]
