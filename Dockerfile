# A batch job in a container:
#
#     docker build -t pinnsolve .
#     docker run --rm -v "$PWD:/work" pinnsolve solve disk.toml
#
# For an NVIDIA GPU, with a CUDA build of torch:
#
#     docker build --build-arg TORCH=cu126 -t pinnsolve:cuda .
#     docker run --rm --gpus all -v "$PWD:/work" pinnsolve:cuda solve disk.toml
#
# Results belong to user 1000; for another one add --user "$(id -u):$(id -g)".
FROM python:3.12-slim AS build
ARG TORCH=cpu
RUN python -m venv /opt/pinnsolve
ENV PATH=/opt/pinnsolve/bin:$PATH PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN pip install "torch>=2.6,<2.14" --index-url "https://download.pytorch.org/whl/${TORCH}"
COPY . /src
RUN pip install /src

FROM python:3.12-slim
COPY --from=build /opt/pinnsolve /opt/pinnsolve
RUN useradd --uid 1000 --create-home pinnsolve
# HOME and USER hold for any --user too; matplotlib and torch keep their caches there
ENV PATH=/opt/pinnsolve/bin:$PATH \
    HOME=/tmp USER=pinnsolve \
    MPLCONFIGDIR=/tmp/matplotlib \
    PYTHONUNBUFFERED=1
WORKDIR /work
USER pinnsolve
# As process 1 pinnsolve itself answers SIGTERM: it stops, writes what it has, and exits 75.
STOPSIGNAL SIGTERM
ENTRYPOINT ["pinnsolve"]
CMD ["--help"]
