"""The interfaces: command line, HTTP API, web page, jobs."""
