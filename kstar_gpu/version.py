"""The package's version, which pyproject.toml reads: it is known where nothing is installed."""

__version__ = "0.1.0"
