"""The web pages for drawing and for the API reference; they use only the files in `page/`."""

from importlib.resources import files

from fastapi import FastAPI, HTTPException
from fastapi.responses import Response

from mnist_growth.serving.examples import example_strip

_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


def add_pages(app: FastAPI, root_path: str) -> None:
    """Add the pages and their files, which are read once.

    Addresses in the pages are relative, so that a proxy may add a prefix. With a known prefix, the pages also work at
    the prefix itself, without a slash at the end.

    Args:
        app: The application.
        root_path: Prefix that a proxy adds to all paths; empty if there is none, or if it is not known.
    """
    folder = files("mnist_growth.serving") / "page"
    contents = {entry.name: entry.read_bytes() for entry in folder.iterdir() if entry.is_file()}
    base = f'<head>\n<base href="{root_path}/">'.encode() if root_path else b"<head>"

    def response(name: str) -> Response:
        suffix = name[name.rfind(".") :]
        if name not in contents or suffix not in _TYPES:
            raise HTTPException(404)
        content = contents[name].replace(b"<head>", base) if suffix == ".html" else contents[name]
        return Response(content, media_type=_TYPES[suffix], headers=_HEADERS)

    @app.get("/", include_in_schema=False)
    async def page() -> Response:
        return response("index.html")

    @app.get("/docs", include_in_schema=False)
    async def documentation() -> Response:
        return response("docs.html")

    @app.get("/docs/", include_in_schema=False)
    async def documentation_elsewhere() -> Response:
        return Response(status_code=308, headers={"Location": "../docs"})

    @app.get("/page/examples.png", include_in_schema=False)
    def examples() -> Response:
        return Response(example_strip(), media_type="image/png", headers=_HEADERS)

    @app.get("/page/{name}", include_in_schema=False)
    async def file(name: str) -> Response:
        return response(name)
