"""Probing, decoding and reading of media files. No other package reads them."""
