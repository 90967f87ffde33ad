"""voiceprep: practise interviews aloud, alone, on your own machine."""

__version__ = "0.1.0"
