"""`python -m genharness` is `genharness`: where scripts are not on the path, or an interpreter is to be named."""

from genharness.cli.main import program

if __name__ == "__main__":
    program()
