"""Request and response bodies, and the examples in the documentation."""
