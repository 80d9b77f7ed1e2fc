"""The web application."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict
from typing import Annotated, Any, TypeVar, get_args

import numpy as np
from fastapi import FastAPI, HTTPException, Query, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

from mnist_growth import __version__
from mnist_growth.digits import PreparedImage
from mnist_growth.serving import metrics
from mnist_growth.serving.attribution import DEFAULT_METHOD, ServedMethod, served_method
from mnist_growth.serving.bodies import explained_image_in, image_in, images_in
from mnist_growth.serving.gate import Gate
from mnist_growth.serving.openapi import describe_bodies, request_body
from mnist_growth.serving.pages import add_pages
from mnist_growth.serving.problems import add_problem_handlers
from mnist_growth.serving.schemas import (
    Classification,
    Drift,
    DriftFeature,
    DriftThresholds,
    ExplainRequest,
    Explanation,
    ImageRequest,
    ImagesRequest,
    ModelDescription,
    Prediction,
    Predictions,
    Problem,
    Reloaded,
    Status,
)
from mnist_growth.serving.service import Service

_Responses = dict[int | str, dict[str, Any]]
_Read = TypeVar("_Read")
_Method = Annotated[
    str, Query(description="Attribution method.", json_schema_extra={"enum": list(get_args(ServedMethod))})
]

_PROBLEMS: _Responses = {
    400: {"model": Problem, "description": "The body cannot be read."},
    401: {"model": Problem, "description": "The token is missing or wrong."},
    408: {"model": Problem, "description": "The request took too long."},
    413: {"model": Problem, "description": "The body is too large."},
    415: {"model": Problem, "description": "The Content-Type or the Content-Encoding is not supported."},
    422: {"model": Problem, "description": "The body does not match the schema, or an image cannot be read."},
    503: {"model": Problem, "description": "Too many requests: try again after the number of seconds in Retry-After."},
}
_GUARDED: _Responses = {status: _PROBLEMS[status] for status in (401, 503)}
_STOPPING: _Responses = {503: {"model": Status, "description": "The service is stopping."}}


def create_app(
    service: Service,
    *,
    token: str | None = None,
    started: Callable[[], Awaitable[None]] | None = None,
    reload_all: Callable[[], None] | None = None,
) -> ASGIApp:
    """Return the web application of a service.

    Args:
        service: The service.
        token: Token that requests must send. Without one, requests need no token, and `POST /model/reload` is rejected.
        started: Called in the event loop before the first request.
        reload_all: Makes the other workers load the network again.
    """

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        if started is not None:
            await started()
        yield
        service.close()

    app = FastAPI(
        title="mnist-growth",
        summary="Recognises handwritten digits.",
        version=__version__,
        docs_url=None,  # FastAPI's page loads scripts from other sites; pages.py has its own
        redoc_url=None,
        redirect_slashes=False,  # a redirect would lead out of the prefix of a proxy; gate.py accepts a trailing slash
        servers=[{"url": service.config.root_path}] if service.config.root_path else None,
        lifespan=lifespan,
    )
    app.state.service = service
    _add_predictions(app, service)
    _add_model(app, service, token, reload_all)
    _add_status(app, service)
    add_pages(app, service.config.root_path)
    add_problem_handlers(app)
    describe_bodies(app)
    wrapped: ASGIApp = Gate(app, service, token)
    if service.config.cors_origins:
        wrapped = CORSMiddleware(
            wrapped,
            allow_origins=list(service.config.cors_origins),
            allow_methods=["GET", "POST"],
            allow_headers=["Authorization", "Content-Encoding", "Content-Type"],
        )
    return wrapped


def _add_predictions(app: FastAPI, service: Service) -> None:
    """Add the routes that classify images."""
    max_bytes, max_images = service.config.max_body_bytes, service.config.max_images

    async def received(request: Request) -> PreparedImage:
        body = await request.body()
        async with service.reading:
            return await _readable(service.image(await service.read(image_in, body, request.headers, max_bytes)))

    @app.post("/predict", response_model=Prediction, responses=_PROBLEMS, openapi_extra=request_body(ImageRequest))
    async def predict(request: Request) -> dict[str, Any]:
        """Recognise the digit in one image."""
        return await service.prediction(await received(request))

    @app.post(
        "/predict/batch", response_model=Predictions, responses=_PROBLEMS, openapi_extra=request_body(ImagesRequest)
    )
    async def predict_batch(request: Request) -> Response:
        """Recognise the digits in several images."""
        body = await request.body()
        async with service.reading:
            encoded = await service.read(images_in, body, request.headers, max_bytes, max_images)
            images = await _readable(service.images(encoded))
            del encoded  # the answer needs only the prepared images
        found = await service.predict(np.stack([one.image for one in images]), [one.mean for one in images])
        answers = [Classification(**fields) for fields in service.classifications(found, images)]
        return _json(Predictions(predictions=answers, model_version=found.version))

    @app.post("/explain", response_model=Explanation, responses=_PROBLEMS, openapi_extra=request_body(ExplainRequest))
    async def explain(request: Request, method: _Method = DEFAULT_METHOD) -> Response:
        """Recognise the digit in one image and return the attribution of each pixel."""
        try:
            used = served_method(method)
        except ValueError as error:
            raise HTTPException(422, f"Query parameter `method`: {error}") from None
        body = await request.body()
        async with service.reading:
            encoded, own = await service.read(explained_image_in, body, request.headers, max_bytes)
            prepared = await _readable(service.image(encoded))
        used = own or used
        image = prepared.image
        found = await service.predict(image[None])
        [fields] = service.classifications(found, [prepared])
        influence = service.explain(image, fields["prediction"], used)
        explanation = Explanation(
            **fields,
            model_version=found.version,
            image=image.ravel().tolist(),
            saliency=influence.ravel().round(4).tolist(),
            method=used,
        )
        return _json(explanation)


def _add_model(app: FastAPI, service: Service, token: str | None, reload_all: Callable[[], None] | None) -> None:
    """Add the routes that describe and reload the network."""

    @app.get("/model", response_model=ModelDescription, responses=_GUARDED)
    async def model() -> ModelDescription:
        """Describe the current network."""
        served = service.model
        return ModelDescription(
            version=served.version,
            backend=served.backend,
            dataset=served.dataset,
            fingerprint=served.fingerprint,
            epochs=served.epochs,
            hidden_widths=list(served.hidden_widths),
            parameters=served.parameters,
            class_names=list(served.class_names),
            preparation=served.preparation,
            confusion=None if served.confusion is None else [list(row) for row in served.confusion],
        )

    no_token: _Responses = {
        403: {"model": Problem, "description": "The service has no token, so reloading is not allowed."}
    }
    failed: _Responses = {
        409: {"model": Problem, "description": "The network could not be loaded; the service keeps the old one."}
    }

    @app.post("/model/reload", responses={**_GUARDED, **no_token, **failed, 408: _PROBLEMS[408], 413: _PROBLEMS[413]})
    async def reload() -> Reloaded:
        """Load the newest network; requests in progress are not affected."""
        if token is None:
            raise HTTPException(
                403, "Reloading needs a token: start the service with MNIST_GROWTH_TOKEN set, or send it SIGHUP"
            )
        try:
            version, previous = await service.reload()
        except (ValueError, OSError) as error:
            raise HTTPException(409, f"The network could not be loaded: {error}") from None
        if reload_all is not None:
            reload_all()
        return Reloaded(version=version, previous=previous)


def _add_status(app: FastAPI, service: Service) -> None:
    """Add the routes for health checks and monitoring."""

    @app.get("/health")
    async def health() -> Status:
        """Report that the process is alive."""
        return Status(status="ok")

    @app.get("/ready", response_model=Status, responses=_STOPPING)
    async def ready() -> Response:
        """Report whether the service accepts requests."""
        status = Status(status="stopping" if service.stopping else "ready")
        return JSONResponse(status.model_dump(), 503 if service.stopping else 200)

    @app.get("/drift", responses=_GUARDED)
    async def drift() -> Drift:
        """Report the drift of the latest images of /predict from the training images."""
        state = await service.drift_state()
        features = [
            DriftFeature(**asdict(feature), limits=DriftThresholds(**limits)) for feature, limits in state.rows()
        ]
        return Drift(
            model_version=service.model.version,
            watching=state.watching,
            images=state.images,
            window=state.window,
            alarm=any(feature.alarm for feature in features),
            features=features,
        )

    @app.get("/metrics", response_class=PlainTextResponse, responses={401: _PROBLEMS[401]})
    async def metrics_page() -> PlainTextResponse:
        """Return metrics for Prometheus."""
        await service.drift_state()
        return PlainTextResponse(metrics.exposition(), media_type="text/plain; version=0.0.4; charset=utf-8")


async def _readable(image: Awaitable[_Read]) -> _Read:
    """Await a decoded image, and turn its ValueError into a response."""
    try:
        return await image
    except ValueError as error:
        raise HTTPException(422, str(error)) from None


def _json(content: Any) -> Response:
    """A response that is already validated."""
    return Response(content.model_dump_json(), media_type="application/json")
