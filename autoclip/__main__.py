"""``python -m autoclip``: the command line."""

from interfaces.cli.start import main

if __name__ == "__main__":
    main()
