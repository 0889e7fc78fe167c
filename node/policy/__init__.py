"""Who may see and do what. The decision is a pure function; the tokens of the operators are a file."""
