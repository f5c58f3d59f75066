// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/metrics_listener.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "config/listen.hpp"
#include "service/health.hpp"
#include "service/ledger_url.hpp"

namespace octroi {
namespace {

constexpr unsigned ok = 200;
constexpr unsigned not_found = 404;
constexpr unsigned method_not_allowed = 405;
constexpr unsigned unavailable = 503;

HttpResponse text(unsigned status, std::string line) {
    return {.status = status,
            .headers = {{"Content-Type", "text/plain; charset=utf-8"},
                        {"X-Content-Type-Options", "nosniff"},
                        {"Cache-Control", "no-store"}},
            .body = std::move(line) + "\n"};
}

HttpResponse check(const std::string& good, const std::string& reason) {
    return reason.empty() ? text(ok, good) : text(unavailable, reason);
}

HttpResponse metrics(const MetricsSources& sources, const HttpCounts& http) {
    HttpResponse response =
        text(ok, openmetrics_text(daemon_metrics(metrics_input(sources, http), sources.kinds)));
    response.body.pop_back();  // nothing may follow "# EOF" and its line end
    response.headers[0].value = openmetrics_content_type;
    return response;
}

}  // namespace

MetricsInput metrics_input(const MetricsSources& sources, const std::optional<HttpCounts>& http) {
    MetricsInput input{.daemon = sources.board.snapshot(),
                       .uptime = sources.clock.uptime(),
                       .version = sources.version,
                       .ledger_octets = ledger_octets(sources.ledger),
                       .http = http,
                       .process = std::nullopt};
    if (const auto process = process_figures()) input.process = *process;
    return input;
}

HttpResponse metrics_page(const HttpRequest& request, const MetricsSources& sources,
                          const HttpCounts& http) {
    constexpr std::array<std::string_view, 3> pages = {"/metrics", "/healthz", "/readyz"};
    const auto page = std::ranges::find(pages, request.path);
    if (page == pages.end())
        return text(not_found, "There are /metrics, /healthz and /readyz here.");
    if (request.method != "GET" && request.method != "HEAD") {
        HttpResponse response = text(method_not_allowed, "Only GET and HEAD are served.");
        response.headers.push_back({"Allow", "GET, HEAD"});
        return response;
    }
    if (*page == "/metrics") return metrics(sources, http);
    const DaemonCounters daemon = sources.board.snapshot();
    if (*page == "/readyz") {
        const std::string note = ready_note(daemon);
        return check(note.empty() ? "ready" : "ready; " + note, not_ready_reason(daemon));
    }
    return check("healthy", stalled_reason(daemon, sources.clock.uptime(), sources.stalled_after));
}

Result<std::unique_ptr<HttpServer>> listen_for_scrapes(const std::string& listen,
                                                       MetricsSources sources) {
    TRY_ASSIGN(const ListenAddress at, parse_http_listen(listen));
    TRY_ASSIGN(auto server, HttpServer::open({.address = at.address, .port = at.port}));
    HttpServer* const own = server.get();
    TRY(server->start([own, sources = std::move(sources)](const HttpRequest& request) {
        return metrics_page(request, sources, own->counts());
    }));
    return server;
}

}  // namespace octroi
