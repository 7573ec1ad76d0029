"""What the clips of each project and mode were made with."""

from __future__ import annotations

from dataclasses import dataclass

from autoclip.settings import SegmentationMode
from storage.catalog.records import Analysis
from storage.catalog.statements import Statements, insert


@dataclass(frozen=True, slots=True)
class Analyses:
    """The room of the analyses: the last one of each project and mode."""

    statements: Statements

    def record(self, analysis: Analysis) -> Analysis:
        """Store it in place of the one before."""
        self.statements.rows(
            "DELETE FROM analyses WHERE project_id = ? AND mode = ?", [analysis.project_id, analysis.mode]
        )
        insert(self.statements, "analyses", [{name: getattr(analysis, name) for name in Analysis.model_fields}])
        return analysis

    def get(self, project_id: str, mode: SegmentationMode) -> Analysis | None:
        """Return the last analysis in this mode, or None when there was none."""
        sql = "SELECT * FROM analyses WHERE project_id = ? AND mode = ?"
        rows = self.statements.rows(sql, [project_id, mode])
        return Analysis.model_validate(rows[0]) if rows else None

    def of_project(self, project_id: str) -> tuple[Analysis, ...]:
        """Return the last analysis in each mode, the latest first."""
        sql = "SELECT * FROM analyses WHERE project_id = ? ORDER BY analyzed_at DESC, mode"
        return tuple(Analysis.model_validate(row) for row in self.statements.rows(sql, [project_id]))
