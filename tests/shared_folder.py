"""Where further test media and their truth lie, beside the checkout or where AUTOCLIP_SHARED says."""

import os
from pathlib import Path

SHARED = Path(os.environ.get("AUTOCLIP_SHARED", Path(__file__).parents[2] / "shared"))
