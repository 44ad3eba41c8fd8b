"""Removes the files of a job (jobs.md §10.7)."""

import os
import shutil


def clean(folder_list=None):
    """Removes the folders of downloads and uploads and the given ones; missing ones are no error."""
    for folder in ("input_objects", "output_objects", "job_files", *(folder_list or ())):
        shutil.rmtree(folder, ignore_errors=True)
    if os.path.exists("output.zip"):
        os.remove("output.zip")
