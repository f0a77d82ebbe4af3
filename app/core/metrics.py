"""What is measured of this process. Labels are route templates and names of jobs: never ids, never people."""

from prometheus_client import REGISTRY, Counter, Gauge, Histogram
from prometheus_client import generate_latest as _latest

REQUESTS = Counter("motcua_requests_total", "Requests answered.", ("method", "route", "status"))
REQUEST_SECONDS = Histogram(
    "motcua_request_seconds", "Time to answer.", ("route",), buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
)
REFUSALS = Counter("motcua_refusals_total", "Refusals by slug.", ("slug",))
OUTBOX_AGE = Gauge("motcua_outbox_age_seconds", "Age of the oldest message that waits to be relayed.")
AUDIT_TAIL_AGE = Gauge("motcua_audit_tail_age_seconds", "Age of the oldest audit row that no checkpoint covers.")
CHECKPOINT_AGE = Gauge("motcua_checkpoint_age_seconds", "Age of the newest checkpoint of a log.", ("log",))
JOBS = Gauge("motcua_jobs", "Jobs in the queue by state.", ("state",))


def text() -> bytes:
    """All metrics in Prometheus' text format."""
    return _latest(REGISTRY)
