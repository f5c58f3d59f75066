// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// `[metrics] listen`: /metrics, /healthz and /readyz of the running daemon, over HTTP.

#include <functional>
#include <memory>
#include <string>

#include "host/clock.hpp"
#include "host/http_server.hpp"
#include "service/daemon_metrics.hpp"

namespace octroi {

// What the pages are made from. All must outlive the listener.
struct MetricsSources {
    const CounterBoard& board;
    const Clock& clock;
    MeterKinds kinds;
    std::string version;
    std::string ledger;  // its path, for its size
    // A thread that makes no progress for longer is reported by /healthz.
    Duration stalled_after;
};

// One moment of the daemon. http: the listener's counts, where there is one.
[[nodiscard]] MetricsInput metrics_input(const MetricsSources& sources,
                                         const std::optional<HttpCounts>& http);

// The answer to one request. Any thread.
[[nodiscard]] HttpResponse metrics_page(const HttpRequest& request, const MetricsSources& sources,
                                        const HttpCounts& http);

// Listens at "127.0.0.1:9465" and serves until the object goes.
[[nodiscard]] Result<std::unique_ptr<HttpServer>> listen_for_scrapes(const std::string& listen,
                                                                     MetricsSources sources);

}  // namespace octroi
