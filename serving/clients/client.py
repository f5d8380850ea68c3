"""Label texts over HTTP, with the standard library alone.

python client.py http://127.0.0.1:8000 '王小明在北京大学读书。'

An API key is taken from the environment variable PADDLE_NER_API_KEY.
"""

from __future__ import annotations

import json
import os
import sys
import time
import urllib.error
import urllib.request
from typing import Any


class ProblemError(Exception):
    """The server refused: `problem` is the RFC 9457 body, with status, title, detail and perhaps errors."""

    def __init__(self, problem: dict[str, Any]) -> None:
        super().__init__(f"{problem['status']} {problem['title']}: {problem['detail']}")
        self.problem = problem


def predict(
    url: str, texts: list[str], model: str | None = None, key: str | None = None, tries: int = 3
) -> list[dict[str, Any]]:
    """The predictions for `texts`, in order; `model` None asks the default one, `key` is for a server that wants one.

    Waits and tries again where the server is busy or loading, as its Retry-After says. Raises ProblemError.
    """
    route = f"{url}/models/{model}/predict" if model else f"{url}/predict"
    body = json.dumps({"texts": texts}).encode("utf-8")
    headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {key}"} if key else {})}
    while True:
        request = urllib.request.Request(route, body, headers)
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                return list(json.load(response)["predictions"])
        except urllib.error.HTTPError as error:
            tries -= 1
            seconds = error.headers.get("Retry-After")
            if seconds is None or tries <= 0:
                raise ProblemError(json.load(error)) from None
            time.sleep(int(seconds))


if __name__ == "__main__":
    try:
        for prediction in predict(sys.argv[1], sys.argv[2:], key=os.environ.get("PADDLE_NER_API_KEY")):
            print(json.dumps(prediction, ensure_ascii=False))
            for entity in prediction.get("entities", []):
                # Offsets are code points, as Python's own indices are.
                assert prediction["text"][entity["start"] : entity["end"]] == entity["text"]
    except ProblemError as problem:
        sys.exit(str(problem))
