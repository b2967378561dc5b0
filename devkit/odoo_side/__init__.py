"""Scripts that ./dev runs with the virtual environment's Python."""
