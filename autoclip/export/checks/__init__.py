"""What is examined before an export, and before its file gets its name."""
