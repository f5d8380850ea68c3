"""Takes the pictures of the page again: ``python docs/images/make.py msra=PATH cluener=PATH``, each a NER bundle.

Needs chromium (apt-get install chromium fontconfig fonts-noto-cjk) and playwright (extra dev). The first bundle is the
one that is seen.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

FOLDER = Path(__file__).parent
PATIENCE = 60  # seconds until the server must be ready
TEXT = (
    "据新华社报道，国务院总理李克强昨天在北京人民大会堂会见了来访的德国外交部长韦斯特韦勒。"
    "会见后，韦斯特韦勒前往清华大学，与来自上海、广州和香港的学生座谈。"
)
LINES = 120


@contextmanager
def served(models: list[str]) -> Iterator[str]:
    """The URL of a server over the models, in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        ready = Path(folder) / "ready.json"
        options = [part for model in models for part in ("--model", model)]
        command = [sys.executable, "-m", "paddle_ner", "serve", *options, "--port", "0", "--ready-file", str(ready)]
        process = subprocess.Popen(command)
        try:
            deadline = time.monotonic() + PATIENCE
            while not ready.exists():
                if process.poll() is not None or time.monotonic() > deadline:
                    raise SystemExit("the server did not become ready; it says why above")
                time.sleep(0.1)
            yield json.loads(ready.read_text(encoding="utf-8"))["url"]
        finally:
            process.terminate()
            process.wait()


def analyse(page: Any) -> None:
    """Asks for the text; waits until the server's figures know of it."""
    page.fill("#text", TEXT)
    page.click("#go")
    page.wait_for_selector("mark")
    page.wait_for_selector("#stats-line:has-text('p50')")


def label_file(page: Any) -> None:
    """Labels a file to its end."""
    content = "\n".join(TEXT for _ in range(LINES)) + "\n\n"
    page.set_input_files("#file", {"name": "新闻.txt", "mimeType": "text/plain", "buffer": content.encode()})
    page.click("#file-start:enabled")
    page.wait_for_selector("#file-download:visible")


def correct(page: Any) -> None:
    """Opens the choice of another label for the second entity."""
    page.click("mark >> nth=1")
    page.wait_for_selector("#picker[open]")


def main(models: list[str]) -> None:
    """Takes page.png and page-dark.png."""
    with served(models) as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        options = {"locale": "zh-CN", "viewport": {"width": 1100, "height": 800}, "reduced_motion": "reduce"}

        page = browser.new_context(**options).new_page()
        page.goto(url)
        page.wait_for_selector("#examples li")
        page.click("#examples button >> nth=0")  # so that the second request is no longer the server's first
        page.wait_for_selector("mark")
        analyse(page)
        page.evaluate("document.activeElement.blur()")
        page.screenshot(path=FOLDER / "page.png", full_page=True)

        tall = {**options, "viewport": {"width": 1100, "height": 1050}}
        page = browser.new_context(**tall, color_scheme="dark").new_page()
        page.goto(url)
        page.wait_for_selector("#examples li")
        analyse(page)
        label_file(page)
        page.wait_for_selector("#stats-line:not(:has-text('排队'))")
        correct(page)
        page.screenshot(path=FOLDER / "page-dark.png", full_page=True)
        browser.close()


if __name__ == "__main__":
    if len(sys.argv) < 2 or any("=" not in one for one in sys.argv[1:]):
        raise SystemExit(__doc__)
    main(sys.argv[1:])
