# autoclip in a container: the API with its page, a worker, or Prefect's server, by the command that is given.
#   docker build --tag autoclip .
#   docker run --read-only --tmpfs /tmp --volume autoclip:/data --publish 127.0.0.1:8000:8000 \
#       --env AUTOCLIP_API_TOKEN=... autoclip autoclip up
# compose.yaml runs the whole service. docs/containers.md says what was tried.
ARG PYTHON=3.13-slim-bookworm

# The wheel, with the page that Node (from PyPI) builds.
FROM python:${PYTHON} AS wheel
RUN apt-get update \
    && apt-get install --yes --no-install-recommends make=4.* \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /source
COPY . .
RUN make wheel

# What it needs, in an environment of its own.
FROM python:${PYTHON} AS environment
COPY constraints.txt /source/
COPY --from=wheel /source/dist/ /source/dist/
RUN python -m venv /opt/autoclip \
    && wheel=$(ls /source/dist/autoclip-*.whl) \
    && /opt/autoclip/bin/pip install --no-cache-dir --constraint /source/constraints.txt "${wheel}[postgres,s3,dask]" \
    && /opt/autoclip/bin/pip uninstall --yes --quiet pip

FROM python:${PYTHON}
# Letters for captions and names in pictures.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends fonts-dejavu-core=2.* \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --user-group --no-create-home --home-dir /data autoclip \
    && install --directory --owner=autoclip --group=autoclip /data
COPY --from=environment /opt/autoclip /opt/autoclip

# Only /data and /tmp are ever written, so the rest can be read-only.
ENV PATH=/opt/autoclip/bin:$PATH \
    HOME=/data \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    AUTOCLIP_DATA_DIR=/data \
    AUTOCLIP_HOST=0.0.0.0
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 8000

# For the API; compose.yaml and the Kubernetes manifests switch it off, or have one of their own, for the rest.
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/api/health', timeout=4)"]
CMD ["autoclip", "serve"]
