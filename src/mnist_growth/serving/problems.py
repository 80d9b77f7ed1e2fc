"""Responses to requests that no route answers, and to failures of a route."""

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException


def add_problem_handlers(app: FastAPI) -> None:
    """Answer these requests with a sentence of our own instead of the framework's.

    Args:
        app: The application.
    """
    app.add_exception_handler(405, _wrong_method)
    app.add_exception_handler(404, _unknown_path)
    app.add_exception_handler(Exception, _failure)


async def _wrong_method(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    allowed = (error.headers or {}).get("Allow", "")
    allowed = "GET, HEAD" if allowed == "GET" else allowed
    message = f"{_shown(request)} does not accept {request.method[:20]}; expected {allowed.replace(', ', ' or ')}"
    return JSONResponse({"detail": message}, 405, headers={"Allow": allowed})


async def _unknown_path(request: Request, _error: Exception) -> JSONResponse:
    return JSONResponse({"detail": f"There is no path {_shown(request)}; /docs lists all paths"}, 404)


async def _failure(_request: Request, _error: Exception) -> JSONResponse:
    return JSONResponse({"detail": "The service failed to answer this request; its log has the reason"}, 500)


def _shown(request: Request) -> str:
    return str(request.scope["path"])[:100].encode("ascii", "replace").decode()
