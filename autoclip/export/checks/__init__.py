"""What is looked at before an export, and before its file gets its name."""
