"""The settings and results with which the clips of each project and mode were made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from autoclip.settings import SegmentationMode
from storage.catalog.change_log import ChangeLog
from storage.catalog.records import Analysis
from storage.catalog.statements import AMONG, columns_of, insert, listed
from storage.catalog.tables import Tables


@dataclass(frozen=True, slots=True)
class Analyses:
    """Repository of analyses: the last one of each project and mode."""

    tables: Tables
    log: ChangeLog

    def record(self, analysis: Analysis) -> Analysis:
        """Store an analysis, replacing the previous one."""
        before = self.get(analysis.project_id, analysis.mode)
        self._replace(analysis.project_id, [analysis.mode], [analysis])
        self.log.note(analysis.project_id, "analysis", analysis.mode, before, analysis)
        self.log.label(analysis.project_id, "analyze" if before is None else "retune")
        return analysis

    def get(self, project_id: str, mode: SegmentationMode) -> Analysis | None:
        """Return the last analysis in this mode; None without one."""
        sql = "SELECT * FROM analyses WHERE project_id = ? AND mode = ?"
        rows = self.tables.of_project(project_id).rows(sql, [project_id, mode])
        return Analysis.model_validate(rows[0]) if rows else None

    def of_project(self, project_id: str) -> tuple[Analysis, ...]:
        """Return the last analysis in each mode, newest first."""
        sql = "SELECT * FROM analyses WHERE project_id = ? ORDER BY analyzed_at DESC, mode"
        return tuple(Analysis.model_validate(row) for row in self.tables.of_project(project_id).rows(sql, [project_id]))

    def stored(self, project_id: str, ids: Sequence[str]) -> Mapping[str, Analysis]:
        """Return the analyses in the modes `ids`, by mode; see `LoggedTable`."""
        return {analysis.mode: analysis for analysis in self.of_project(project_id) if analysis.mode in ids}

    def put_back(self, project_id: str, ids: Sequence[str], states: Iterable[Mapping[str, Any]]) -> None:
        """Replace the analyses in the modes `ids`; see `LoggedTable`."""
        self._replace(project_id, ids, map(Analysis.model_validate, states))

    def _replace(self, project_id: str, modes: Sequence[str], analyses: Iterable[Analysis]) -> None:
        statements = self.tables.of_project(project_id)
        sql = f"DELETE FROM analyses WHERE project_id = ? AND mode {AMONG}"  # noqa: S608
        statements.rows(sql, [project_id, listed(modes)])
        insert(statements, "analyses", map(columns_of, analyses))
