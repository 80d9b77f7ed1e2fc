"""Description of the bodies of requests in OpenAPI: JSON, image files and forms."""

from typing import Any

from fastapi import FastAPI
from PIL import Image
from pydantic import BaseModel

from mnist_growth.digits.decoding import FORMATS
from mnist_growth.serving.schemas import ExplainRequest, ImageRequest, ImagesRequest

_FILE: dict[str, Any] = {"type": "string", "format": "binary"}
_SCHEMA = "#/components/schemas/"


def request_body(model: type[BaseModel]) -> dict[str, Any]:
    """Return what describes the body of a request with images in each accepted Content-Type.

    Args:
        model: `ImageRequest`, `ExplainRequest` or `ImagesRequest`, the schema of the body in JSON.
    """
    many = model is ImagesRequest
    fields = {"images": {"type": "array", "items": _FILE, "minItems": 1}} if many else {"image": _FILE}
    form = {"type": "object", "properties": fields, "required": list(fields), "additionalProperties": False}
    Image.init()  # Pillow loads its formats on demand
    file_types = [*(Image.MIME[name] for name in FORMATS), "application/octet-stream"]
    content = {
        "application/json": {"schema": {"$ref": _SCHEMA + model.__name__}},
        **{name: {"schema": _FILE} for name in file_types},
        "multipart/form-data": {"schema": form},
    }
    return {"requestBody": {"required": True, "content": content}}


def describe_bodies(app: FastAPI) -> None:
    """Add the schemas of JSON bodies to the description; FastAPI finds only those that it parses itself.

    Args:
        app: The application with all its routes.
    """
    models = {model.__name__: model.model_json_schema() for model in (ImageRequest, ExplainRequest, ImagesRequest)}
    app.openapi()["components"]["schemas"].update(models)
