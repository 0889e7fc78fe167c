"""Carrying a plan out: rounds of requests, and what comes of them."""
