"""Who may see and do what. Pure functions: no I/O, no clock."""
