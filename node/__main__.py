"""``python -m node`` is the command ``onconode``."""

from node.cli.main import main

if __name__ == "__main__":
    main()
