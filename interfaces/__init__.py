"""The doors: command line, HTTP API, web page, jobs, environment."""
