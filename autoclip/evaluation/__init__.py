"""Evaluate how well clips contain what people would pick, given known truth."""
