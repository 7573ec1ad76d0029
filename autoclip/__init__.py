"""Turns long videos into highlight clips with natural boundaries; the trade itself, free of any service."""
