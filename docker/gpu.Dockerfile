# The server on an NVIDIA GPU, on PaddlePaddle's own image of the same version as constraints.txt, which brings the
# framework, CUDA, cuDNN and Python 3.10: docs/deployment.md. From the root of the checkout:
#   docker build -f docker/gpu.Dockerfile -t paddle-ner:gpu .
# CUDA 11.8 asks for driver 450.80, with which every data centre GPU from Pascal to Hopper runs. For CUDA 12.6 (driver
# 550.54): --build-arg CUDA=cuda12.6-cudnn9.5
ARG CUDA=cuda11.8-cudnn8.9
ARG BASE=paddlepaddle/paddle:3.1.1-gpu-${CUDA}

FROM ${BASE} AS build
WORKDIR /src
COPY setup.py pyproject.toml constraints.txt README.md LICENSE ./
COPY paddle_ner/__init__.py paddle_ner/__init__.py
# Into a folder of its own rather than a virtual environment, which that image's Python cannot make. Without the extra
# gpu: the framework is the image's.
RUN python3 -m pip install --no-cache-dir -c constraints.txt --target /opt/paddle-ner .
COPY paddle_ner paddle_ner
RUN python3 -m pip install --no-cache-dir --no-deps --upgrade --target /opt/paddle-ner .

# The base brings compilers of its own, which cannot be taken out of its layers; nothing here adds to them.
FROM ${BASE}
RUN groupadd --gid 10001 paddle-ner \
    && useradd --uid 10001 --gid 10001 --no-create-home --shell /usr/sbin/nologin paddle-ner \
    && mkdir -p /models
COPY --from=build /opt/paddle-ner /opt/paddle-ner
ENV PYTHONPATH=/opt/paddle-ner HOME=/tmp PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER 10001:10001
WORKDIR /models
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=120s --retries=3 \
    CMD ["python3", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/health/ready', timeout=4)"]
ENTRYPOINT ["python3", "-m", "paddle_ner", "serve", "--host", "0.0.0.0", "--port", "8000", "--device", "gpu"]
