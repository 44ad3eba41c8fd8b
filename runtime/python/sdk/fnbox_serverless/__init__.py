"""What the modules runpod and snowcell have in common (jobs.md §10 to §12): one implementation, shown under their names.

Below `utils` and `modules` files are named as programs know them.
"""

#: The level of RunPod's SDK that programs find here (jobs.md W-5).
VERSION = "1.12.0"
