# The operator's image: Python, the locked dependencies and the package. The operator runs no shell and needs none.
# `make image BASE=…` uses another image with Python and venv for both stages. BASE_IMAGE alone can be a smaller image
# without a shell; it needs the same minor version of Python.
ARG BUILD_IMAGE=python:3.13-slim
ARG BASE_IMAGE=python:3.13-slim

FROM ${BUILD_IMAGE} AS build
ARG UV_VERSION=0.13.9
# The operator; `cluster` makes an image of the commands instead, for pipelines.
ARG EXTRA=operator
ENV UV_PYTHON_DOWNLOADS=never UV_NO_CACHE=1
RUN python3 -m venv /uv && /uv/bin/python -m pip install --quiet --no-cache-dir uv==${UV_VERSION}
WORKDIR /source
COPY pyproject.toml uv.lock README.md LICENSE ./
# Install only the dependencies first, so that a change to the code does not rebuild this layer.
RUN /uv/bin/uv export --quiet --frozen --no-default-groups --extra ${EXTRA} --no-emit-project --output-file /requirements.txt \
    && /uv/bin/uv pip install --quiet --python python3 --target /app --require-hashes --compile-bytecode \
        --requirement /requirements.txt
COPY operator operator
RUN /uv/bin/uv pip install --quiet --python python3 --target /app --no-deps --compile-bytecode .

FROM ${BASE_IMAGE}
ARG VERSION=0.1.0
ARG REVISION=unknown
ARG CREATED=1970-01-01T00:00:00Z
LABEL org.opencontainers.image.title="Model Registrar" \
      org.opencontainers.image.description="Model registry entries as Kubernetes resources" \
      org.opencontainers.image.url="https://model-registrar.dev" \
      org.opencontainers.image.documentation="https://model-registrar.dev" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.created="${CREATED}"
COPY --from=build /app /app
# The operator writes no files, so the root file system can be read-only. kopf asks for the name of the user, which no
# file in the image has.
ENV PYTHONPATH=/app PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 USER=registrar
# A numeric user, so that the kubelet can verify that it is not root.
USER 65532:65532
EXPOSE 8080
ENTRYPOINT ["python3", "-m", "registrar"]
CMD ["--help"]
