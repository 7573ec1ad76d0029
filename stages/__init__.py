"""One stage a room: load, one call to autoclip, save. The command line and the tasks both call these."""
