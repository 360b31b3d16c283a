"""What it means: readings, counts, spikes and their explanation."""
