"""Follows the page "the first ten minutes" of a sandbox word by word, in an empty folder: a fresh virtual environment and all.

python .ci/ten_minutes.py http://127.0.0.1:8002
"""

import html
import re
import subprocess
import sys
import tempfile
import time
from urllib.request import urlopen

STEP = re.compile(r'<pre class="mc-code"[^>]*aria-label="Lệnh của bước ([1-4])"[^>]*><code>(.*?)</code></pre>', re.DOTALL)


def main(sandbox: str) -> int:
    """Exit 0 when the last line is the refusal that the page announces."""
    with urlopen(f"{sandbox}/nha-phat-trien", timeout=30) as answer:
        page = answer.read().decode()
    commands = "\n".join(html.unescape(text) for _, text in sorted(STEP.findall(page)))
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            ["bash", "-euxc", commands], cwd=folder, stdout=subprocess.PIPE, text=True, timeout=600, check=False
        )
    print(done.stdout)
    print(f"{time.monotonic() - began:.0f} s")
    last = (done.stdout.strip().splitlines() or [""])[-1]
    return 0 if done.returncode == 0 and last.startswith("refused: field-not-granted") else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1].rstrip("/")))
