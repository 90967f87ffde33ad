"""Recorded files: found, transcribed by one process or many, and written."""
