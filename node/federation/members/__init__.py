"""The members: what each holds, whether that still holds, and how it is asked."""
