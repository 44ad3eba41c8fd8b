"""The function as Flask runs it, in a worker of gunicorn."""

import work
from flask import Flask, Response, jsonify, request

hello = Flask("hello")
ticks = Flask("ticks")


@hello.post("/")
def answer_hello():
    return jsonify(work.hello(request.get_json()))


@ticks.post("/")
def answer_ticks():
    return Response(work.ticks(request.get_json()))
