"""The floor: all live state, pure Python. Imports the standard library and nothing else."""
