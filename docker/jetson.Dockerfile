# The folder of `paddle-ner export --target jetson` on a Jetson with JetPack 5.1, on NVIDIA's image with TensorRT 8.5 and
# Python 3.8: docs/edge.md. On the device, from the root of the checkout:
#   docker build -f docker/jetson.Dockerfile -t paddle-ner:jetson .
# The model comes when it runs, and is mounted read-only. Build its engines before, on the device itself:
#   ./build_engine.sh && docker run --runtime nvidia -v "$PWD:/model:ro" … paddle-ner:jetson --keys FILE
ARG BASE=nvcr.io/nvidia/l4t-tensorrt:r8.5.2-runtime

FROM ${BASE} AS build
WORKDIR /src
COPY constraints.txt paddle_ner/export/edge/files/requirements.txt ./
# Ubuntu 20.04 brings a pip that does not know the wheels of ONNX Runtime.
RUN python3 -m pip install --no-cache-dir -c constraints.txt --target /opt/pip pip==24.0 \
    && PYTHONPATH=/opt/pip python3 -m pip install --no-cache-dir -c constraints.txt --target /opt/paddle-ner -r requirements.txt

FROM ${BASE}
RUN groupadd --gid 10001 paddle-ner \
    && useradd --uid 10001 --gid 10001 --no-create-home --shell /usr/sbin/nologin --groups video paddle-ner \
    && mkdir -p /model
COPY --from=build /opt/paddle-ner /opt/paddle-ner
ENV PYTHONPATH=/opt/paddle-ner HOME=/tmp PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER 10001:10001
WORKDIR /model
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=120s --retries=3 \
    CMD ["python3", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/health/ready', timeout=4)"]
# Without --keys FILE or --insecure it refuses to listen.
ENTRYPOINT ["python3", "/model/run.py", "serve", "--host", "0.0.0.0", "--port", "8000"]
