# CodeHealer's image: live by default, non-root, without the sandbox (.dockerignore leaves it out).
ARG PYTHON_IMAGE=python:3.13.9-slim-trixie

FROM ${PYTHON_IMAGE} AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /opt/venv
COPY requirements.txt /build/
RUN /opt/venv/bin/pip install --quiet -r /build/requirements.txt
COPY . /app
# Compiled here because the container's file system is read-only and nothing may be compiled there.
RUN /opt/venv/bin/python -m compileall -q /app/bot /app/knowledge

FROM ${PYTHON_IMAGE}
LABEL org.opencontainers.image.title="CodeHealer" \
      org.opencontainers.image.description="A Slack-first ChatOps bot that heals CI/CD failures" \
      org.opencontainers.image.licenses="Apache-2.0"
RUN useradd --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin codehealer \
 && install -d -o 10001 -g 10001 -m 0700 /data
COPY --from=build /opt/venv /opt/venv
COPY --from=build /app /app
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    CODEHEALER_MODE=live \
    CODEHEALER_DATA_DIR=/data
WORKDIR /app
USER 10001:10001
VOLUME /data
ENTRYPOINT ["python", "-m", "bot"]
CMD ["run"]
