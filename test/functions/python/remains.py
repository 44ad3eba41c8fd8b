"""Waits for as many milliseconds as it is told, and tells whether more than `least` of its time remained before."""

import time


def handler(event, context):
    remaining = context.get_remaining_time_in_millis()
    time.sleep(event["ms"] / 1000)
    return remaining > event["least"]
