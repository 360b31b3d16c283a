"""What was said: sources, the polite client that reads them, and the store of mentions."""
