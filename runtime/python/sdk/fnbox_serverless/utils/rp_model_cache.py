"""Finds models that RunPod has cached on the network volume (jobs.md §10.7), in the layout of Hugging Face."""

import os


def resolve_model_cache_path_from_hugginface_repository(huggingface_repository, /, path_template=None):
    """The folder of a cached model, `org/name` or `org/name:revision`; None where there is none.

    `path_template` names another place, with `{model}` and `{revision}`.
    """
    model, _, revision = huggingface_repository.partition(":")
    if not model:
        return None
    if path_template is not None:
        path = path_template.format(model=model, revision=revision or "main")
    else:
        folder = os.path.join(_CACHE, f"models--{model.replace('/', '--')}")
        path = os.path.join(folder, "snapshots", _commit_of(folder, revision or "main"))
    return path if os.path.isdir(path) else None


# A branch or tag is a file with the commit; a revision may be a commit itself.
def _commit_of(folder, revision):
    try:
        with open(os.path.join(folder, "refs", revision), encoding="utf-8") as file:
            return file.read().strip()
    except OSError:
        return revision


_CACHE = "/runpod-volume/huggingface-cache/hub"
