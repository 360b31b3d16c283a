"""Spikes of dissatisfaction: what is unusual, why, and which unusual things belong together."""
