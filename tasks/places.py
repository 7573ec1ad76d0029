"""The catalog and the projects' folders according to this process's environment, which its worker set."""

from __future__ import annotations

from storage.catalog import Catalog, CatalogMemory, catalog_of
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


def fingerprint_memory() -> CatalogMemory:
    """Return the catalog's memory of fingerprints."""
    return CatalogMemory(catalog())
