"""Made-up videos whose truth is known: for the demo, the tests, and evaluations of your own."""
