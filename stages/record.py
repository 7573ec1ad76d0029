"""Write selected clips to the catalog."""

from __future__ import annotations

from autoclip.selection.pipeline import SELECTION_VERSION
from stages.results import SelectedClips
from storage.catalog import Analysis, Catalog, Replacement
from storage.keys import selection_key


def record(catalog: Catalog, selection: SelectedClips) -> Replacement:
    """Replace the automatic clips of a project with the selected ones; clips that people made or changed stay.

    All of it is one transaction: readers see either the old clips or the new ones.

    Raises
    ------
    NotFoundError
        If the project no longer exists.
    StorageError
        If the catalog can't be used.
    """
    project_id, clips_file, key = selection.project_id, selection.clips_file, selection.features.key
    with catalog.transaction() as unit:
        project = unit.projects.get(project_id)
        replacement = unit.clips.replace_auto_clips(project_id, clips_file.mode, clips_file.clips)
        unit.analyses.record(
            Analysis(
                project_id=project_id,
                mode=clips_file.mode,
                extraction_key=key,
                selection_key=selection_key(key, selection.settings, SELECTION_VERSION),
                settings=clips_file.settings,
                message=clips_file.message,
            )
        )
        if project.state != "analyzed" or project.error:
            unit.projects.save(project.changed(state="analyzed", error=None))
    return replacement
