"""The report: one self-contained page that shows what was measured, what was selected, and why.

It opens from disk, makes no request to a server, and runs no script but its own.
"""

from autoclip.report.document import DroppedWindow, ReportDocument, dropped_windows
from autoclip.report.page import render_report

__all__ = ["DroppedWindow", "ReportDocument", "dropped_windows", "render_report"]
