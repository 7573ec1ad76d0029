"""Settle what processes that died were rendering; a process of its own, as it opens the catalog."""

from __future__ import annotations

from flows.lost_exports import settle_lost_exports
from interfaces.cli.terminal import say
from storage.catalog import catalog_of
from storage.environment import read_environment


def main() -> None:
    """Settle the exports of this process's environment."""
    environment = read_environment()
    for export in settle_lost_exports(catalog_of(environment), environment.data_dir):
        say(f"export {export.id} ({export.name}) was lost: {export.error}")


if __name__ == "__main__":
    main()
