// Downloads and uploads of the bundled modules (jobs.md §10.7): from a server of this test, to a bucket that it plays.

import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { evaluate, python } from './python.ts'

let folder: string
let server: Server
let base: string
const requested: string[] = []

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fnbox-test-'))
  server = createServer((request, response) => {
    requested.push(request.url ?? '')
    const [status, headers, body] = answers[(request.url ?? '').split('?')[0] ?? ''] ?? [404, {}, '']
    response.writeHead(status, headers).end(body)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}` // a server on a port has one
})
afterAll(async () => {
  server.close()
  await rm(folder, { recursive: true })
})

const answers: Readonly<Record<string, readonly [number, Record<string, string>, string | Buffer]>> = {
  '/a/picture.png': [200, {}, 'picture'],
  '/named': [200, { 'Content-Disposition': 'attachment; filename="report.txt"' }, 'report'],
  '/escapes': [200, { 'Content-Disposition': 'attachment; filename="../../x.txt"' }, 'report'],
  '/moved': [302, { Location: '/a/picture.png' }, ''],
  '/circle': [302, { Location: '/circle' }, ''],
  // a zip with the one file `within`, which holds `content`
  '/archive.zip': [
    200,
    {},
    Buffer.from(
      'UEsDBBQAAAAAAAAAIQCpMMX+BwAAAAcAAAAGAAAAd2l0aGluY29udGVudFBLAQIUAxQAAAAAAAAAIQCpMMX+BwAAAAcAAAAGAAAAAAAAAAAAAACAAQAAAAB3aXRoaW5QSwUGAAAAAAEAAQA0AAAAKwAAAAAA',
      'base64',
    ),
  ],
}

const allowed = { RUNPOD_ALLOW_PRIVATE_DOWNLOAD_URLS: 'true' }

describe('rp_download', () => {
  test('gives a path for each URL, None for one that failed', async () => {
    const urls = ['/a/picture.png?size=ä 1', '/named', '/missing', '/moved', '/circle'].map(
      (each) => base + each,
    )
    const code = `
import os
from runpod.serverless.utils import download_files_from_urls
paths = download_files_from_urls("job-1", ${JSON.stringify(urls)} + [None])
result = [each and [os.path.relpath(os.path.dirname(each)), os.path.splitext(each)[1], open(each).read()] for each in paths]
assert download_files_from_urls("job-1", ${JSON.stringify(urls[0])})[0].endswith(".png")`
    const there = 'jobs/job-1/downloaded_files'
    expect(await evaluate(code, { cwd: folder, env: allowed })).toEqual([
      [there, '.png', 'picture'],
      [there, '.txt', 'report'],
      null,
      [there, '', 'picture'],
      null,
      null,
    ])
  })

  test('file() names type and original name, and stays in its folder', async () => {
    const code = `
import os
from runpod.serverless.utils.rp_download import file
found = file("${base}/escapes")
result = [found["type"], found["original_name"], found["extracted_path"], os.path.relpath(os.path.dirname(found["file_path"]))]`
    expect(await evaluate(code, { cwd: folder, env: allowed })).toEqual(['txt', 'x.txt', null, 'job_files'])
  })

  test('file() unpacks a zip', async () => {
    const code = `
from runpod.serverless.utils.rp_download import file
found = file("${base}/archive.zip")
result = [found["type"], open(found["extracted_path"] + "/within").read()]`
    expect(await evaluate(code, { cwd: folder, env: allowed })).toEqual(['zip', 'content'])
  })

  test.each([
    'http://127.0.0.1/',
    'http://10.0.0.1/',
    'http://169.254.169.254/latest/meta-data',
    'http://100.64.0.1/',
    'http://[::1]/',
    'http://[::ffff:192.168.0.1]/',
    'http://[fd00::1]/',
    'http://0.0.0.0/',
    'http://224.0.0.1/',
    'http://localhost/',
    'file:///etc/passwd',
    'http:///nowhere',
    'http://x:port/',
  ])('%s raises SSRFError', async (url) => {
    const { stderr } = await python(
      ['-c', `from runpod.serverless.utils import *\ndownload_files_from_urls("j", "${url}")`],
      { cwd: folder },
    )
    expect(stderr).toContain('SSRFError: ')
  })

  test.each(['["8.8.8.8", "10.0.0.1"]', '["10.0.0.1", "8.8.8.8"]', '["8.8.8.8", "::1"]'])(
    'a name with one private address among %s raises SSRFError',
    async (addresses) => {
      const code = `
import socket
from runpod.serverless.utils.rp_download import SSRFError, file
socket.getaddrinfo = lambda *_, **__: [(2, 1, 6, "", (each, 80)) for each in ${addresses}]
socket.create_connection = None
try: file("http://name.example/")
except SSRFError as error: result = str(error)`
      expect(await evaluate(code, { cwd: folder })).toMatch(
        /leads to (10\.0\.0\.1|::1), which is not a public/,
      )
    },
  )

  test('an HTTP error is a requests.HTTPError where requests is installed, and an OSError', async () => {
    const code = `
import sys, types
from runpod.serverless.utils.rp_download import file
def caught():
    try: file("${base}/missing")
    except OSError as error: return error
plain = caught()
requests = sys.modules["requests"] = types.ModuleType("requests")
requests.HTTPError = type("HTTPError", (IOError,), {})
result = [str(plain), type(plain).__name__, str(caught()), isinstance(caught(), requests.HTTPError)]`
    expect(await evaluate(code, { cwd: folder, env: allowed })).toEqual([
      'status 404',
      'DownloadFailed',
      'status 404',
      true,
    ])
  })

  test.each([
    ['', 5 * 1024 ** 3],
    ['7', 7],
    ['0', 5 * 1024 ** 3],
  ])('RUNPOD_MAX_DOWNLOAD_BYTES=%j allows %i bytes', async (limit, bytes) => {
    const code = 'from runpod.serverless.utils.rp_ssrf import most_bytes\nresult = most_bytes()'
    expect(await evaluate(code, { env: { RUNPOD_MAX_DOWNLOAD_BYTES: limit } })).toBe(bytes)
  })

  test('a body above the limit raises SSRFError, and leaves nothing behind', async () => {
    const code = `from runpod.serverless.utils.rp_download import file\nfile("${base}/a/picture.png")`
    const cwd = await mkdtemp(join(folder, 'limit-'))
    const env = { ...allowed, RUNPOD_MAX_DOWNLOAD_BYTES: '6' }
    expect((await python(['-c', code], { cwd, env })).stderr).toContain(
      'SSRFError: the file is larger than 6',
    )
    expect(await evaluate('import os\nresult = os.listdir("job_files")', { cwd })).toEqual([])
  })
})

test('is never asked for what is not a valid request', () => {
  expect(requested).toContain('/a/picture.png?size=%C3%A4%201')
})

describe('rp_upload', () => {
  test('without credentials files stay in a local folder', async () => {
    const code = `
from runpod.serverless.utils.rp_upload import *
from runpod.serverless.utils import rp_upload
open("a.txt", "w").write("a")
paths = [upload_image("j", "a.txt"), upload_file_to_bucket("b/c.txt", "a.txt"), upload_in_memory_object("d", b"d")]
paths += rp_upload.files("j", ["a.txt"])
result = [[each.split("/")[0], open(each).read()] for each in paths]`
    expect(await evaluate(code, { cwd: folder })).toEqual([
      ['simulated_uploaded', 'a'],
      ['local_upload', 'a'],
      ['local_upload', 'd'],
      ['simulated_uploaded', 'a'],
    ])
    expect(await readFile(join(folder, 'local_upload', 'b', 'c.txt'), 'utf8')).toBe('a')
  })

  test('with credentials, but without boto3, an ImportError says what to add', async () => {
    const code = `
import sys
sys.modules["boto3"] = None
from runpod.serverless.utils import upload_in_memory_object
upload_in_memory_object("d", b"d", {"endpointUrl": "http://x", "accessId": "a", "accessSecret": "b"})`
    expect((await python(['-c', code])).stderr).toContain('ImportError: uploads to a bucket need boto3')
  })

  test('with credentials boto3 puts the file and signs a link for 7 days', async () => {
    const code = `
import sys, types
calls = []
class Client:
    def put_object(self, **named): calls.append(["put", named["Bucket"], named["Key"], named["Body"].read().decode()])
    def upload_file(self, path, bucket, key, ExtraArgs=None): calls.append(["file", bucket, key, ExtraArgs])
    def upload_fileobj(self, data, bucket, key): calls.append(["object", bucket, key, data.read().decode()])
    def generate_presigned_url(self, what, Params, ExpiresIn): return f'{what} {Params["Bucket"]}/{Params["Key"]} {ExpiresIn}'
def client(service, **named):
    calls.append([service, named["endpoint_url"], named["aws_access_key_id"], named["region_name"]])
    return Client()
boto3 = sys.modules["boto3"] = types.ModuleType("boto3"); boto3.client = client
botocore = sys.modules["botocore"] = types.ModuleType("botocore")
config = sys.modules["botocore.config"] = types.ModuleType("botocore.config"); config.Config = lambda **named: named
from runpod.serverless.utils.rp_upload import *
creds = {"endpointUrl": "https://b.s3.eu-west-1.example", "accessId": "a", "accessSecret": "s", "bucketName": "b"}
open("a.txt", "w").write("a")
links = [
    upload_file_to_bucket("n", "a.txt", creds, "b", "p", {"x": 1}),
    upload_in_memory_object("n", b"d", creds, "b"),
    bucket_upload("j", ["a.txt"], creds)[0],
]
result = [links, calls]`
    const client = ['s3', 'https://b.s3.eu-west-1.example', 'a', 'eu-west-1']
    expect(await evaluate(code, { cwd: folder })).toEqual([
      ['get_object b/p/n 604800', 'get_object b/n 604800', 'https://b.s3.eu-west-1.example/b/j/a.txt'],
      [
        client,
        ['file', 'b', 'p/n', { x: 1 }],
        client,
        ['object', 'b', 'n', 'd'],
        client,
        ['put', 'b', 'j/a.txt', 'a'],
      ],
    ])
  })
})
