"""The catalog and the projects' folders according to this process's environment, which its worker set."""

from __future__ import annotations

from storage.catalog import Catalog, CatalogMemory, Project, catalog_of
from storage.data_folder import DataFolder, ProjectFolder
from storage.environment import read_environment


def data_folder() -> DataFolder:
    """Return the data folder of the environment."""
    return DataFolder.of(read_environment())


def project_folder(project_id: str) -> ProjectFolder:
    """Return the folder of a project; it need not exist."""
    return data_folder().project(project_id)


def catalog() -> Catalog:
    """Return the catalog of the environment."""
    return catalog_of(read_environment())


def read_project(project_id: str) -> Project:
    """Return a project; raise `NotFoundError` if it does not exist."""
    with catalog().reading() as view:
        return view.projects.get(project_id)


def fingerprint_memory() -> CatalogMemory:
    """Return the catalog's memory of fingerprints."""
    return CatalogMemory(catalog())
