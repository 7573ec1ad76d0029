"""``autoclip up``: the server, the worker, the deployments and the API as one service."""
