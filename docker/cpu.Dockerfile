# The server on a CPU: docs/deployment.md. From the root of the checkout:
#   docker build -f docker/cpu.Dockerfile -t paddle-ner:cpu .
ARG BASE=python:3.11-slim-bookworm

FROM ${BASE} AS build
ARG EXTRAS=cpu
WORKDIR /src
COPY setup.py pyproject.toml constraints.txt README.md LICENSE ./
# First what the package needs, which seldom changes, so that a change of its code does not install it again.
COPY paddle_ner/__init__.py paddle_ner/__init__.py
RUN python3 -m venv --without-pip /opt/paddle-ner \
    && python3 -m pip --python /opt/paddle-ner/bin/python3 install --no-cache-dir -c constraints.txt ".[${EXTRAS}]"
COPY paddle_ner paddle_ner
RUN python3 -m pip --python /opt/paddle-ner/bin/python3 install --no-cache-dir --no-deps --force-reinstall .

FROM ${BASE}
# What the framework links to and does not bring. No version: security updates shall come in with every build.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends libgomp1 libstdc++6 \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --gid 10001 paddle-ner \
    && useradd --uid 10001 --gid 10001 --no-create-home --shell /usr/sbin/nologin paddle-ner \
    && mkdir /models
COPY --from=build /opt/paddle-ner /opt/paddle-ner
# The root file system may be read-only: only /tmp is written to.
ENV PATH=/opt/paddle-ner/bin:$PATH HOME=/tmp PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER 10001:10001
WORKDIR /models
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=120s --retries=3 \
    CMD ["python3", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/health/ready', timeout=4)"]
# Models and keys come with `docker run`: /models/NAME --api-keys FILE. Without keys it refuses to listen.
ENTRYPOINT ["paddle-ner", "serve", "--host", "0.0.0.0", "--port", "8000"]
