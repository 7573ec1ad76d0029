"""From a chosen interval to a file people keep: cut, check, name."""
