"""Opens the workbench: `python app.py`, then the address that it prints."""

import sys

from fsl_demo.ui.launch import main

if __name__ == "__main__":
    sys.exit(main())
