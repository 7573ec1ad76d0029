"""What Linux, macOS and Windows do each in its own way; nothing else in autoclip asks which one it runs on.

docs/systems.md says what each of them offers, and what was run where.
"""
