"""What the modules runpod and snowcell have in common (jobs.md §10 to §12): one implementation, which they show under their
own names. Folders and files below are named as programs know them; what has no name of that kind is ours alone."""

#: The level of RunPod's SDK that programs find here (jobs.md W-5).
VERSION = "1.12.0"
