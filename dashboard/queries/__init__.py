"""Every SELECT that a person sees on a screen, as DataFrames: figures, mentions, health and incidents."""
