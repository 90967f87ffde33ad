"""The page of a session: one HTML file with everything in it."""
