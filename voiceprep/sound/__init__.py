"""Microphone, speaker and voice: the only rooms that use sound devices and voices."""
