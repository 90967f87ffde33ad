"""From samples to a verbatim transcript: the only rooms that use Whisper."""
