"""Removes what a job has left on the disk (jobs.md §10.7)."""

import os
import shutil


def clean(folder_list=None):
    """Removes the folders and files that downloads and uploads use, and the folders given besides. Missing ones are no error."""
    for folder in ("input_objects", "output_objects", "job_files", *(folder_list or ())):
        shutil.rmtree(folder, ignore_errors=True)
    if os.path.exists("output.zip"):
        os.remove("output.zip")
