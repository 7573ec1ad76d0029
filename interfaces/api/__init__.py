"""The HTTP API: a FastAPI application over the catalog and the flows. `interfaces.api.app` assembles it."""
