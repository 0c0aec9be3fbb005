"""What the front door counts about itself; labels of bounded count."""

from prometheus_client import Counter, Gauge, Histogram

REQUESTS = Counter(
    "volthus_http_requests_total", "Requests answered", ["operation", "method", "status"]
)
REQUEST_SECONDS = Histogram(
    "volthus_http_request_duration_seconds",
    "Time until an answer began",
    ["operation"],
    buckets=(0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15),
)
LISTENERS = Gauge("volthus_web_listeners", "Open event streams")
SITES = Gauge("volthus_web_sites", "Sites heard of", ["online"])
LOG_INS = Counter("volthus_web_log_ins_total", "Log-ins tried", ["outcome"])
NOT_UNDERSTOOD = Counter(
    "volthus_web_not_understood_total", "Pictures of sites that could not be shown"
)
ALERTS_FIRING = Gauge("volthus_alerts_firing", "Alerts firing, over all sites", ["rule"])
ALERTS_LOOKED = Counter("volthus_alerts_looks_total", "Times a site was looked at for alerts")
DELIVERIES = Counter("volthus_webhook_deliveries_total", "Webhook attempts", ["outcome"])
ROLLOUT_SITES = Gauge("volthus_rollout_sites", "Sites of roll-outs that are not over", ["stage"])
ROLLOUT_STOPS = Counter(
    "volthus_rollout_stops_total", "Roll-outs that stopped by themselves", ["reason"]
)
PUSHES = Counter("volthus_push_messages_total", "Push messages tried", ["outcome"])
