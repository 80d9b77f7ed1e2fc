"""The web pages for drawing and for the API reference; they use only the files in `page/`."""

from importlib.resources import files

from fastapi import FastAPI, HTTPException
from fastapi.responses import Response

_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


def add_pages(app: FastAPI) -> None:
    """Add the pages and their files, which are read once.

    Args:
        app: The application.
    """
    folder = files("mnist_growth.serving") / "page"
    contents = {entry.name: entry.read_bytes() for entry in folder.iterdir() if entry.is_file()}

    def response(name: str) -> Response:
        suffix = name[name.rfind(".") :]
        if name not in contents or suffix not in _TYPES:
            raise HTTPException(404, f"There is no file {name}")
        return Response(contents[name], media_type=_TYPES[suffix], headers=_HEADERS)

    @app.get("/", include_in_schema=False)
    async def page() -> Response:
        return response("index.html")

    @app.get("/docs", include_in_schema=False)
    async def documentation() -> Response:
        return response("docs.html")

    @app.get("/page/{name}", include_in_schema=False)
    async def file(name: str) -> Response:
        return response(name)
