"""The command line ``autoclip``: one module per command.

Commands import what they need when they run, so that startup is fast.
"""
