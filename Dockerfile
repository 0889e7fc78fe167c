# A node in a container: one process, one volume (/node), not root.
FROM python:3.12-slim-bookworm AS build
WORKDIR /src
COPY requirements.lock pyproject.toml README.md LICENSE ./
RUN python -m venv /opt/onconode \
 && /opt/onconode/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes --no-deps -r requirements.lock
COPY node ./node
COPY ontologies ./ontologies
COPY queries ./queries
COPY examples ./examples
RUN /opt/onconode/bin/pip install --no-cache-dir --disable-pip-version-check --no-build-isolation --no-deps .

FROM python:3.12-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /node onconode && install --directory --owner=10001 /node /node/data
COPY --from=build /opt/onconode /opt/onconode
ENV PATH=/opt/onconode/bin:$PATH ONCONODE_NODE=/node ONCONODE_SERVER_HOST=0.0.0.0
USER 10001
VOLUME /node
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8080/health/ready', timeout=4)"]
ENTRYPOINT ["onconode"]
CMD ["serve"]
