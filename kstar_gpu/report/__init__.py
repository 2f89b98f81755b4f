"""A sweep as a page of HTML that needs no other file.

    networks.sweep.Sweep --> content, confused --> page.write_report, with assets/, which draws it

`kstar_gpu.report.write_report` is its name; `kstar-gpu report` is it for a directory.
"""

from .page import write_report

__all__ = ["write_report"]
