"""`python -m voiceprep`."""

from voiceprep.cli import main

if __name__ == "__main__":
    main()
