"""One pass over a file: its packets become reduced pictures and samples of sound, in the order of the file."""
