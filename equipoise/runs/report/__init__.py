"""Self-contained HTML pages about one run and about groups of runs: no request ever leaves them."""

from equipoise.runs.report.grouping import group_runs
from equipoise.runs.report.pages import write_comparison, write_run_report

__all__ = ["group_runs", "write_comparison", "write_run_report"]
