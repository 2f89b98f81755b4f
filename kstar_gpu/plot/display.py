"""A Display in the style of scikit-learn's, which need not be there."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..stats.distribution import KStarDistribution, check_result
from ..stats.from_features import kstar_distribution
from ..stats.options import DISTRIBUTION_OPTIONS
from .colours import Palette, check_palette

if TYPE_CHECKING:
    from matplotlib.axes import Axes

RESPONSES = ("transform", "decision_function", "predict_proba")
OPTIONS = DISTRIBUTION_OPTIONS | {"device"}


class KStarDisplay:
    """k* distributions as a Display of scikit-learn's: computed once, drawn as often as wanted.

    Made by `from_estimator` or `from_predictions`, or of a result that is there.

    Parameters
    ----------
    result : KStarDistribution

    Attributes
    ----------
    result : KStarDistribution
    ax_ : matplotlib.axes.Axes
        Drawn into by the last `plot`.
    figure_ : matplotlib.figure.Figure

    Examples
    --------
    >>> display = KStarDisplay.from_predictions(labels, features)
    >>> display.plot(sort="mean").figure_.savefig("display.pdf")
    """

    ax_: "Axes"
    figure_: Any

    def __init__(self, result: KStarDistribution) -> None:
        check_result(result, "result")
        self.result = result

    def plot(self, ax: "Axes | None" = None, **options: Any) -> "KStarDisplay":
        """Draw the distributions; arguments as for `kstar_gpu.plot_distributions`.

        Returns
        -------
        KStarDisplay
            Itself.

        Examples
        --------
        >>> display = KStarDisplay(result)
        >>> display.plot(classes=["ant", "bee"]) is display
        True
        """
        self.ax_ = self.result.plot(ax, **options)
        self.figure_ = self.ax_.figure
        return self

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: Any,
        *,
        response_method: str = "auto",
        class_names: Sequence[str] | Mapping[Any, str] | None = None,
        ax: "Axes | None" = None,
        palette: Palette = None,
        **options: Any,
    ) -> "KStarDisplay":
        """Compute and draw k* in the space that a fitted estimator maps samples into.

        Parameters
        ----------
        estimator : fitted estimator or pipeline
        X, y : samples and their true labels
        response_method : {"auto", "transform", "decision_function", "predict_proba"}
            What gives the features; "auto" takes the first of these that the estimator has.
        class_names, options
            As for `kstar_gpu.kstar_distribution`: metric, backend, device, memory_limit, skewness,
            threshold.
        ax : matplotlib.axes.Axes, optional
        palette
            As for `kstar_gpu.plot_distributions`.

        Raises
        ------
        ValueError
            For another `response_method`, or an estimator without it; for what
            `kstar_distribution` refuses.
        TypeError
            For other options.

        Examples
        --------
        >>> from sklearn.decomposition import PCA
        >>> pca = PCA(2).fit(features)
        >>> display = KStarDisplay.from_estimator(pca, features, labels)
        >>> display.result.class_names
        ('ant', 'bee', 'cat')
        """
        scores = _response(estimator, response_method)(X)
        if getattr(scores, "ndim", 2) == 1:  # of two classes: one decision
            scores = scores.reshape(-1, 1)
        drawing: dict[str, Any] = {"ax": ax, "palette": palette}
        return cls.from_predictions(y, scores, class_names=class_names, **drawing, **options)

    @classmethod
    def from_predictions(
        cls,
        y_true: Any,
        y_score: Any,
        *,
        class_names: Sequence[str] | Mapping[Any, str] | None = None,
        ax: "Axes | None" = None,
        palette: Palette = None,
        **options: Any,
    ) -> "KStarDisplay":
        """Compute and draw k* of what a network or an estimator gave.

        Parameters
        ----------
        y_true : (N,) true labels
        y_score : (N, d) embeddings, logits or probabilities
        class_names, ax, palette, options
            As for `from_estimator`.

        Raises
        ------
        ValueError, TypeError
            As `from_estimator`.

        Examples
        --------
        >>> display = KStarDisplay.from_predictions(labels, features, metric="cosine")
        >>> display.figure_.savefig("display.png")
        """
        unknown = set(options) - OPTIONS
        if unknown:
            known = ", ".join(sorted(OPTIONS))
            raise TypeError(f"KStarDisplay: options are {known}, got {', '.join(sorted(unknown))}")
        check_palette(palette)  # before there is anything to draw
        display = cls(kstar_distribution(y_score, y_true, class_names, **options))
        return display.plot(ax, palette=palette)


def _response(estimator: Any, method: str) -> Any:
    """Return the method of an estimator that gives features."""
    if method not in ("auto", *RESPONSES):
        raise ValueError(f"response_method: auto, {', '.join(RESPONSES)} is wanted, got {method!r}")
    for name in RESPONSES if method == "auto" else [method]:
        if hasattr(estimator, name):
            return getattr(estimator, name)
    wanted = " or ".join(RESPONSES) if method == "auto" else method
    raise ValueError(f"estimator: one with {wanted} is wanted, got {type(estimator).__name__}")
