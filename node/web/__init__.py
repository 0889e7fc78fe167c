"""HTTP: Flask, and only here."""
