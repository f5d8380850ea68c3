"""A diagnosis as a page for a browser, and its charts as files."""
