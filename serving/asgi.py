"""The application for any ASGI server, from environment variables. See docs/serving.md.

PADDLE_NER_SERVE_MODELS=ner=runs/quickstart/bundle uvicorn --app-dir serving asgi:app
"""

from paddle_ner.serving import Settings, create_app, logs, tracing

settings = Settings.from_environment()
logs.configure(settings)
tracing.configure()
app = create_app(settings)
