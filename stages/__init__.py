"""One module per stage: load, call autoclip once, save. The command line and the tasks call these functions."""
