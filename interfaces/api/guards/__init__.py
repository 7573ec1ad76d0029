"""Guards that a request must pass before it reaches an endpoint."""
