"""The faces of citewell: HTTP, the page and the command line."""
