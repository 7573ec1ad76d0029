"""The command line: ``autoclip``, a room a command.

Rooms import what they need when they run, so that starting is quick.
"""
