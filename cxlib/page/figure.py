"""A figure with its alt text, drawn sharp, and the look that all figures share."""

import io
import re
import warnings
from dataclasses import dataclass
from functools import wraps
from html import escape
from pathlib import Path
from textwrap import fill

import matplotlib as mpl
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure as Canvas
from matplotlib.gridspec import GridSpec

from cxlib.page.carry import in_report
from cxlib.page.letters import make_drawable

# Okabe and Ito's colours, distinguished also by people who see few colours.
BLUE, ORANGE, GREEN, RED, PURPLE, SKY, YELLOW, GREY = (
    "#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#F0E442", "#6b7079",
)  # fmt: skip
PALETTE = (BLUE, ORANGE, GREEN, PURPLE, SKY, RED, YELLOW, GREY)
INK, FAINT = "#1f2328", "#d9dce1"
WIDTH, NARROW = 7.4, 3.9
# As many letters of a title as a phone shows.
TITLE_LETTERS = 46
LARGEST_SVG = 150_000
# Numbers from 1 on with more than two digits after the point; smaller ones may be scales.
FINER_THAN_SEEN = re.compile(r"(?<![\d.])([1-9]\d*\.\d\d)\d+")

STYLE = {
    **sns.axes_style("ticks"),
    "font.family": "DejaVu Sans",
    "font.size": 9.5,
    # No factor of a million above an axis, which readers miss.
    "axes.formatter.limits": (-5, 10),
    "axes.titlesize": 10.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.edgecolor": "#8a9099",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    # The same picture must give the same bytes.
    "svg.hashsalt": "cxlib",
    "svg.fonttype": "path",
    # A dollar is a dollar.
    "text.parse_math": False,
}


@dataclass(frozen=True)
class Figure:
    """A drawn figure; shows itself in a notebook, with its alt text.

    Attributes:
        canvas: The matplotlib figure.
        alt: What the figure shows, in words, for those who cannot see it.
    """

    canvas: Canvas
    alt: str

    @property
    def axes(self) -> list[Axes]:
        """The axes drawn on."""
        return self.canvas.axes

    def savefig(self, path: str | Path, **options) -> None:
        """Save it as a file, in the format of its ending; options as matplotlib's."""
        with mpl.rc_context(STYLE):
            self._lay_out()
            self.canvas.savefig(path, **options)

    def _repr_mimebundle_(self, include=None, exclude=None) -> tuple[dict, dict]:
        with mpl.rc_context(STYLE), warnings.catch_warnings():
            # The figure itself says so.
            warnings.filterwarnings("ignore", "Glyph", UserWarning)
            self._lay_out()
            svg = self._svg()
            if len(svg) <= LARGEST_SVG:
                kind, image = "image/svg+xml", _with_alt(svg, self.alt)
            else:
                kind, image = "image/png", self._save("png", dpi=192)
            about = {"alt": self.alt, "width": int(self.canvas.get_figwidth() * 96)}
            if self._ends_with_the_latest():
                about["latest"] = True
            if self._columns() > 1 and in_report():
                about["narrow"] = self._stacked()
        return {kind: image, "text/plain": self.alt}, {kind: about}

    def _ends_with_the_latest(self) -> bool:
        """Whether time runs to the right, in a single column: a phone shows that end first."""
        formatters = (axis.xaxis.get_major_formatter() for axis in self.axes)
        dates = any(isinstance(each, ConciseDateFormatter) for each in formatters)
        return dates and self._columns() == 1

    def _columns(self) -> int:
        return max((each.get_gridspec().ncols for each in self._panels()), default=1)

    def _panels(self) -> list[Axes]:
        """The axes that are parts of a grid, and are drawn on."""
        return [each for each in self.axes if each.axison and each.get_subplotspec()]

    def _stacked(self) -> str:
        """The figure for a phone, in SVG: its panels one below the other."""
        panels, columns = self._panels(), self._columns()
        size, specs = self.canvas.get_size_inches(), [each.get_subplotspec() for each in panels]
        height = size[1] / panels[0].get_gridspec().nrows
        grid = GridSpec(len(panels), 1, figure=self.canvas)
        bare = []
        for axis in self.axes:
            axis.set_in_layout(axis in panels)
        for place, axis in enumerate(panels):
            first = panels[place - place % columns]
            # What is written once in a row of panels is written beside each.
            if not any(each.get_text() for each in axis.get_yticklabels()):
                bare.append(axis)
                names = [each.get_text() for each in first.get_yticklabels()]
                axis.set_yticks(first.get_yticks(), names)
            axis.set_subplotspec(grid[place, 0])
        self._lay_out_anew((NARROW, height * len(panels)))
        svg = _with_alt(self._svg(), self.alt)
        # The figure is left as it was.
        for axis, spec in zip(panels, specs, strict=True):
            axis.set_subplotspec(spec)
        for axis in bare:
            axis.set_yticks(axis.get_yticks(), [""] * len(axis.get_yticks()))
        for axis in self.axes:
            axis.set_in_layout(True)
        self._lay_out_anew(size)
        return svg

    def _lay_out_anew(self, size) -> None:
        self.canvas.set_size_inches(*size)
        self.canvas.set_layout_engine("constrained")
        self._lay_out()

    def _lay_out(self) -> None:
        """Arrange the figure once; each saving would do it twice."""
        make_drawable(self.canvas)
        if layout := self.canvas.get_layout_engine():
            layout.execute(self.canvas)
            self.canvas.set_layout_engine("none")

    def _svg(self) -> str:
        """The figure as SVG, to a hundredth of a point."""
        svg = self._save("svg", metadata={"Date": None, "Creator": None}).decode()
        return FINER_THAN_SEEN.sub(r"\1", svg)

    def _save(self, kind: str, **options) -> bytes:
        file = io.BytesIO()
        self.canvas.savefig(file, format=kind, **options)
        return file.getvalue()


def _with_alt(svg: str, alt: str) -> str:
    """A picture that says by itself what it shows, wherever it is put."""
    said = escape("".join(letter for letter in alt if letter.isprintable()))
    return svg.replace("<svg ", f'<svg role="img" aria-label="{said}" ', 1)


def styled(draw):
    """Draw in the shared look, whatever the reader's own settings are."""

    @wraps(draw)
    def drawn(*args, **options):
        with mpl.rc_context(STYLE):
            return draw(*args, **options)

    return drawn


def contrast(one: str, other: str) -> float:
    """The contrast of two colours, from 1 to 21, as WCAG 2 defines it; text needs 4.5.

    Examples:
        >>> round(contrast("white", "black"), 1), round(contrast("white", GREY), 1)
        (21.0, 5.0)
    """
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    channels = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in to_rgb(colour)
    ]
    red, green, blue = channels
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def readable_on(colour: str) -> str:
    """Black or white, whichever can be read better on a colour; one of them always can."""
    return max(("black", "white"), key=lambda ink: contrast(ink, colour))


def canvas(height: float, rows: int = 1, columns: int = 1, width: float = WIDTH, **options):
    """An empty figure: the canvas and its axes (an array, if several)."""
    # Words are measured as wide as they will be in an SVG, which has 72 points to the inch.
    figure = Canvas(figsize=(width, height), dpi=72, layout="constrained")
    return figure, figure.subplots(rows, columns, **options)


def dated(axes: Axes) -> None:
    """Write the dates of an axis once, and short."""
    locator = AutoDateLocator(maxticks=8)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator, show_offset=False))


def conclude(axes: Axes, title: str) -> None:
    """Put what a figure shows above all of it, as wide as a phone shows."""
    axes.figure.suptitle(
        fill(title, TITLE_LETTERS), x=0.01, ha="left",
        fontsize=mpl.rcParams["axes.titlesize"], fontweight="bold",
    )  # fmt: skip


def towards_now(axes: Axes, title: str) -> None:
    """Put title and scale at the end that a phone shows first: beside the latest value."""
    axes.set_title(fill(title, TITLE_LETTERS), loc="right")
    axes.yaxis.tick_right()
    axes.yaxis.set_label_position("right")
    axes.spines.right.set_visible(True)
    axes.spines.left.set_visible(False)


def whiskers(axes: Axes, estimates, labels, colours, factor: float = 1.0) -> None:
    """A row per estimate: its value as a dot, its interval as a line."""
    for row, (each, colour) in enumerate(zip(estimates, colours, strict=True)):
        if each.has_interval:
            axes.plot(
                [each.low * factor, each.high * factor],
                [row, row],
                color=colour,
                lw=2,
                solid_capstyle="butt",
            )
        axes.plot(each.value * factor, row, "o", color=colour, ms=6)
    axes.set_yticks(range(len(labels)), labels)
    axes.set_ylim(len(labels) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x", color=FAINT, lw=0.6)
    axes.set_axisbelow(True)
