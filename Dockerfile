# One image; the command chooses web (`motcua serve --host 0.0.0.0`) or worker (`motcua worker`).
# BASE is pinned by digest where images are published; the check without an engine (.ci/image) builds its own.
ARG BASE=debian:bookworm-slim
FROM ${BASE} AS build
RUN apt-get update -qq \
 && apt-get install -y -qq --no-install-recommends python3 python3-venv nodejs npm ca-certificates \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /portal
COPY pyproject.toml README.md ./
COPY app app
COPY signing signing
COPY migrations migrations
COPY package.json package-lock.json ./
RUN python3 -m venv .venv \
 && .venv/bin/pip install --no-cache-dir --disable-pip-version-check -q -e . \
 && .venv/bin/python -m app assets \
 && rm -rf node_modules

FROM ${BASE}
RUN apt-get update -qq \
 && apt-get install -y -qq --no-install-recommends python3 tzdata ca-certificates \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --uid 10001 --home-dir /portal portal \
 && install -d -o portal /portal/var
COPY --from=build --chown=root:root /portal /portal
WORKDIR /portal
ENV PATH=/portal/.venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    MOTCUA_ENVIRONMENT=production \
    MOTCUA_DEMO=false \
    MOTCUA_FETCH_LOOPBACK=false \
    MOTCUA_VAR=/portal/var
USER 10001
VOLUME /portal/var
EXPOSE 8000
CMD ["motcua", "serve", "--host", "0.0.0.0"]
