"""What lies behind: sessions found, compared, analysed anew, and what is due."""
