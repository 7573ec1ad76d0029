"""``python -m interfaces.api``: print the OpenAPI document, from which clients are generated."""

from __future__ import annotations

import json
import sys

from interfaces.api.app import create_app
from storage.environment import Environment

if __name__ == "__main__":
    json.dump(create_app(Environment(serve_frontend=False)).openapi(), sys.stdout, indent=1)
