"""Turns long videos into highlight clips with natural boundaries; a plain library, free of any service."""
