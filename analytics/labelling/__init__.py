"""People label a sample: the session, its local web page, and how far they agree."""
