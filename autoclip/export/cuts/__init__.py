"""The three ways to cut, exact, smart and copy, and what they cut by."""
