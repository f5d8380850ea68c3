"""Serves a bundle from an image's root file system, as check_build.sh calls it, in namespaces of its own.

The root is mounted read-only; /models and /tmp are what compose.yaml mounts there. Settings come from the environment:
`ROOT`, `BUNDLE`, and `CONFIG`, what ``buildah inspect`` says of the image. Arguments go to the server.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

PATIENCE = 120  # seconds until the health check must pass
ASK = """
import json, sys, urllib.request
body = json.dumps({"text": "王小明在北京"}).encode()
request = urllib.request.Request("http://127.0.0.1:8000/predict", body, {"Authorization": f"Bearer {sys.argv[1]}"})
print(urllib.request.urlopen(request).read().decode())
"""

root = Path(os.environ["ROOT"])
config = json.loads(os.environ["CONFIG"])["Docker"]["config"]


def mount(*words: str | Path) -> None:
    """Call mount."""
    subprocess.run(["mount", *words], check=True)


def read_only(source: str | Path, target: Path) -> None:
    """Show `source` at `target`, not to be written to."""
    mount("--bind", source, target)
    mount("-o", "remount,bind,ro", target)


def inside(*words: str) -> list[str]:
    """The command that runs `words` as the image would."""
    return ["chroot", "--userspec", config["User"], str(root), "env", "-i", *config["Env"], *words]


def main() -> int:
    """Serve, ask, stop; gives the exit status of the server."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    read_only(root, root)
    mount("-t", "tmpfs", "tmpfs", root / "models")
    (root / "models" / "ner").mkdir()
    read_only(os.environ["BUNDLE"], root / "models" / "ner")
    mount("-t", "tmpfs", "tmpfs", root / "tmp")
    mount("-t", "proc", "proc", root / "proc")
    mount("--rbind", "/dev", root / "dev")

    program = config["Entrypoint"][: config["Entrypoint"].index("serve")]
    made = subprocess.run(
        inside(*program, "api-key", "check", "--file", "/tmp/api_keys"), check=True, capture_output=True, text=True
    )
    arguments = ["/models/ner", "--api-keys", "/tmp/api_keys", *sys.argv[1:]]
    server = subprocess.Popen(inside(*config["Entrypoint"], *arguments))
    check = inside(*config["Healthcheck"]["Test"][1:])
    end = time.monotonic() + PATIENCE
    while subprocess.run(check, stderr=subprocess.DEVNULL).returncode != 0:
        if server.poll() is not None:
            sys.exit(f"the server ended with {server.returncode}")
        if time.monotonic() > end:
            sys.exit(f"the health check did not pass in {PATIENCE} s")
        time.sleep(0.5)
    subprocess.run(inside("python3", "-c", ASK, made.stdout.strip()), check=True)
    server.terminate()
    status = server.wait(PATIENCE)
    print(f"SIGTERM: exit {status}")
    return status


if __name__ == "__main__":
    sys.exit(main())
