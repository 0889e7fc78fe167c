"""The vocabulary in the making: what curators write, check and release. Batch only; the server never imports it."""
