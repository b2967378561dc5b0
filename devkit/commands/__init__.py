"""One module per command of ./dev."""
