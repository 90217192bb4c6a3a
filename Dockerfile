# Three stages: the front end is bundled, the Python packages are installed, and the last one holds
# only what runs. It runs the web server, the worker and the beat: `manage.py serve`.

FROM node:22-bookworm-slim AS frontend
WORKDIR /app
COPY package.json package-lock.json tsconfig.json ./
RUN npm ci --no-audit --no-fund
COPY static static
RUN npm run build

FROM python:3.11-slim-bookworm AS packages
COPY requirements.txt .
RUN python -m venv /venv \
    && /venv/bin/pip install --no-cache-dir --require-hashes --requirement requirements.txt

FROM python:3.11-slim-bookworm
# The one library that a wheel (rasterio's) expects from the system, and this image does not have.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libexpat1 \
    && rm -rf /var/lib/apt/lists/*
RUN useradd --create-home --uid 1000 ai4mars \
    && install --directory --owner ai4mars /data
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    AI4MARS_ENV=production \
    AI4MARS_HOME=/data
WORKDIR /app
COPY --from=packages /venv /venv
COPY . .
COPY --from=frontend /app/static/dist static/dist
RUN pybabel --quiet compile --domain django --directory locale
USER ai4mars
VOLUME /data
EXPOSE 8000
CMD ["python", "manage.py", "serve", "--host", "0.0.0.0", "--migrate"]
