"""Everything that differs between Linux, macOS and Windows. No other code checks which system it runs on.

docs/systems.md says what each of them offers, and what was tested where.
"""
