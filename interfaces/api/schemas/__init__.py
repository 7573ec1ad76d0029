"""What requests carry, and the examples shown in the documentation."""
