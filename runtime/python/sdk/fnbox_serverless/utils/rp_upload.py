"""Uploads a job's files to a bucket with boto3 (jobs.md §10.7), or without credentials copies them to a local folder."""

import io
import mimetypes
import os
import shutil
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

from ..modules.rp_logger import RunPodLogger


def upload_image(job_id, image_location, result_index=0, results_list=None):
    """Uploads one file under a new name; gives its link, or the path of its copy."""
    name = str(uuid.uuid4())[:8] + os.path.splitext(image_location)[1]
    client = _client(None)
    if client is None:
        link = _keep(image_location, "simulated_uploaded", name)
    else:
        kind = mimetypes.guess_type(image_location)[0] or "application/octet-stream"
        bucket, key = _default_bucket(), f"{job_id}/{name}"
        with open(image_location, "rb") as data:
            client.put_object(Bucket=bucket, Key=key, Body=data, ContentType=kind)
        link = _link(client, bucket, key)
    if results_list is not None:
        results_list[result_index] = link
    return link


def files(job_id, file_list):
    """Uploads all of them at the same time; gives their links in order."""
    with ThreadPoolExecutor() as threads:
        return list(threads.map(lambda each: upload_image(job_id, each), file_list))


def bucket_upload(job_id, file_list, bucket_creds):
    """Uploads files to the bucket of the credentials, `bucketName`; gives their addresses, which are not signed."""
    client = _client(bucket_creds)
    bucket = str(bucket_creds["bucketName"])
    for each in file_list:
        with open(each, "rb") as data:
            client.put_object(Bucket=bucket, Key=f"{job_id}/{each}", Body=data)
    return [f"{bucket_creds['endpointUrl']}/{bucket}/{job_id}/{each}" for each in file_list]


def upload_file_to_bucket(
    file_name, file_location, bucket_creds=None, bucket_name=None, prefix=None, extra_args=None
):
    """Uploads a file under its name, below `prefix`; gives its link, or the path of its copy."""
    client = _client(bucket_creds)
    if client is None:
        return _keep(file_location, "local_upload", file_name)
    bucket, key = bucket_name or _default_bucket(), _key(prefix, file_name)
    client.upload_file(file_location, bucket, key, ExtraArgs=extra_args)
    return _link(client, bucket, key)


def upload_in_memory_object(file_name, file_data, bucket_creds=None, bucket_name=None, prefix=None):
    """Uploads bytes under a name, below `prefix`; gives the link, or the path of a file with them."""
    client = _client(bucket_creds)
    if client is None:
        return _keep(io.BytesIO(file_data), "local_upload", file_name)
    bucket, key = bucket_name or _default_bucket(), _key(prefix, file_name)
    client.upload_fileobj(io.BytesIO(file_data), bucket, key)
    return _link(client, bucket, key)


def _client(credentials):
    """A client of the bucket's service, None without credentials. Raises ImportError without boto3."""
    credentials = credentials or {
        "endpointUrl": os.environ.get("BUCKET_ENDPOINT_URL"),
        "accessId": os.environ.get("BUCKET_ACCESS_KEY_ID"),
        "accessSecret": os.environ.get("BUCKET_SECRET_ACCESS_KEY"),
    }
    endpoint, key, secret = (credentials.get(each) for each in ("endpointUrl", "accessId", "accessSecret"))
    if not (endpoint and key and secret):
        return None
    try:
        import boto3
        from botocore.config import Config
    except ImportError as error:
        raise ImportError("uploads to a bucket need boto3; add it to the image: pip install boto3") from error
    return boto3.client(
        "s3",
        endpoint_url=endpoint,
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        region_name=_region_of(endpoint),
        config=Config(signature_version="s3v4", retries={"max_attempts": 3, "mode": "standard"}),
    )


# Services with the region in their address need it in the signature.
def _region_of(endpoint):
    if ".s3." in endpoint:
        return endpoint.split(".s3.")[1].split(".")[0]
    if endpoint.rstrip("/").endswith(".digitaloceanspaces.com"):
        return endpoint.split(".")[-3].rpartition("/")[2]
    return None


def _link(client, bucket, key):
    return client.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": key}, ExpiresIn=_SEVEN_DAYS)


def _keep(source, folder, name):
    _log.warn(f"No bucket credentials: the file is kept in {folder}. BUCKET_ENDPOINT_URL and its like name a bucket.")
    path = os.path.join(folder, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as target, (open(source, "rb") if isinstance(source, str) else source) as data:
        shutil.copyfileobj(data, target)
    return path


def _key(prefix, name):
    return f"{prefix}/{name}" if prefix else name


def _default_bucket():
    return time.strftime("%m-%y")


_SEVEN_DAYS = 604_800

_log = RunPodLogger()
