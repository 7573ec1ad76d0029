"""``python -m autoclip``: the command line."""

from interfaces.cli.app import main

if __name__ == "__main__":
    main()
