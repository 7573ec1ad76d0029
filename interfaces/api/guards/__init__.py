"""What a request must pass before an endpoint sees it."""
