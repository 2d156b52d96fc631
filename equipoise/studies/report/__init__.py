"""A self-contained HTML page about a study, and its table in other formats."""

from equipoise.studies.report.pages import write_study_report

__all__ = ["write_study_report"]
