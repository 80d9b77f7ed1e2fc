# The service in a container; docs/guides/deploy.md shows how to run it.
FROM python:3.11-slim

ENV PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 MLFLOW_DISABLE_TELEMETRY=true
WORKDIR /srv/mnist-growth

# torch first, as its CPU build: the regular one brings several GB of CUDA along.
COPY constraints.txt ./
RUN pip install --index-url https://download.pytorch.org/whl/cpu "$(grep '^torch==' constraints.txt)"

COPY pyproject.toml README.md LICENSE .telemetry ./
COPY src ./src
RUN pip install --constraint constraints.txt --editable .
COPY conf ./conf

RUN useradd --system mnist && mkdir -p data && chown mnist: . data
USER mnist
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/health', timeout=2)"]
ENTRYPOINT ["kedro", "serve", "--host", "0.0.0.0"]
