"""The commands, one file for each step of the pipeline; heavy imports wait until a command runs."""
