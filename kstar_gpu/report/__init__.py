"""A sweep as a page of HTML."""

from .page import write_report

__all__ = ["write_report"]
