"""Pure rendering: an analysis or a transcript in, text out."""
