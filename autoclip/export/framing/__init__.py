"""Where a crop goes: after people, after motion, or nowhere."""
