// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/http_server.hpp"

#include <fcntl.h>
#include <microhttpd.h>
#include <poll.h>
#include <strings.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <list>
#include <stop_token>
#include <thread>
#include <utility>

#include "host/clock.hpp"
#include "host/os_error.hpp"
#include "host/socket_address.hpp"
#include "host/streams.hpp"

namespace octroi {
namespace {

// How often connections are looked through for overdue ones.
constexpr int look_ms = 500;
// How much of a streamed body is asked for at once.
constexpr std::size_t stream_block = 16U << 10U;

struct Connection {
    int socket = -1;
    Duration begun;  // of the exchange that is going on
    bool is_streaming = false;
    HttpRequest request;  // that is coming in
};

// The library knows no shorter time than a second.
unsigned whole_seconds(Duration time) {
    return static_cast<unsigned>(std::max<std::int64_t>(time.ns / 1'000'000'000, 1));
}

MHD_Result add_header(void* headers, MHD_ValueKind /*kind*/, const char* name, const char* value) {
    static_cast<std::vector<HttpHeader>*>(headers)->push_back(
        {name, value != nullptr ? value : ""});
    return MHD_YES;
}

// Paths stay as the client wrote them: "%00" would cut a C string.
std::size_t keep_escapes(void* /*context*/, MHD_Connection* /*connection*/, char* text) {
    return std::strlen(text);
}

ssize_t read_stream(void* body, std::uint64_t /*position*/, char* into, std::size_t octets) {
    const auto got = static_cast<HttpBody*>(body)->read({into, octets});
    if (!got) return MHD_CONTENT_READER_END_WITH_ERROR;
    return *got > 0 ? static_cast<ssize_t>(*got) : MHD_CONTENT_READER_END_OF_STREAM;
}

void end_stream(void* body) { std::unique_ptr<HttpBody>(static_cast<HttpBody*>(body)).reset(); }

Address peer_of(MHD_Connection* connection) {
    const MHD_ConnectionInfo* info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    if (info == nullptr || info->client_addr == nullptr) return {};
    sockaddr_in6 storage{};
    std::memcpy(&storage, info->client_addr,
                info->client_addr->sa_family == AF_INET ? sizeof(sockaddr_in) : sizeof storage);
    return address_of(storage);
}

bool states_body_above(const std::vector<HttpHeader>& headers, std::size_t limit) {
    return std::ranges::any_of(headers, [&](const HttpHeader& header) {
        // MHD has refused a Content-Length that is no number, or several.
        return ::strcasecmp(header.name.c_str(), MHD_HTTP_HEADER_CONTENT_LENGTH) == 0 &&
               std::strtoull(header.value.c_str(), nullptr, 10) > limit;
    });
}

// Runs on its own thread, but for start(), counts() and the destructor.
class MicroHttpServer final : public HttpServer {
public:
    MicroHttpServer(const HttpOptions& options, std::unique_ptr<StreamListener> listener)
        : options_(options), listener_(std::move(listener)) {}
    ~MicroHttpServer() override {
        if (thread_.joinable()) {
            thread_.request_stop();
            static_cast<void>(::eventfd_write(wake_.get(), 1));
            thread_.join();
        }
        if (daemon_ != nullptr) MHD_stop_daemon(daemon_);
    }
    MicroHttpServer(const MicroHttpServer&) = delete;
    MicroHttpServer& operator=(const MicroHttpServer&) = delete;

    [[nodiscard]] Status start(HttpHandler handler) override {
        handler_ = std::move(handler);
        wake_ = Fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
        if (wake_.get() < 0) return os_failure("make an eventfd");
        // The library closes the socket that it is given.
        const int socket = ::fcntl(listener_->descriptor(), F_DUPFD_CLOEXEC, 0);
        if (socket < 0) return os_failure("duplicate a socket");
        daemon_ =
            MHD_start_daemon(MHD_USE_EPOLL, 0, nullptr, nullptr, &on_request, this,
                             MHD_OPTION_LISTEN_SOCKET, socket,                                 //
                             MHD_OPTION_CONNECTION_LIMIT, options_.connections_max,            //
                             MHD_OPTION_PER_IP_CONNECTION_LIMIT,                               //
                             options_.connections_of_address_max,                              //
                             MHD_OPTION_CONNECTION_MEMORY_LIMIT,                               //
                             options_.connection_octets_max,                                   //
                             MHD_OPTION_CONNECTION_TIMEOUT, whole_seconds(options_.idle_max),  //
                             MHD_OPTION_STRICT_FOR_CLIENT, 1,                                  //
                             MHD_OPTION_UNESCAPE_CALLBACK, &keep_escapes, nullptr,             //
                             MHD_OPTION_NOTIFY_CONNECTION, &on_connection, this,               //
                             MHD_OPTION_NOTIFY_COMPLETED, &on_completed, this, MHD_OPTION_END);
        if (daemon_ == nullptr) {
            ::close(socket);
            return fail(ErrorCode::failed, "cannot start an HTTP server at " + name());
        }
        thread_ = std::jthread([this](const std::stop_token& stop) { serve(stop); });
        return {};
    }

    [[nodiscard]] const std::string& name() const override { return listener_->name(); }
    [[nodiscard]] std::uint16_t port() const override { return listener_->port(); }
    [[nodiscard]] HttpCounts counts() const override {
        return {connections_total_.load(), requests_total_.load(), overdue_total_.load()};
    }

private:
    void serve(const std::stop_token& stop) {
        const int events = MHD_get_daemon_info(daemon_, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
        while (!stop.stop_requested()) {
            MHD_run(daemon_);
            close_overdue();
            MHD_UNSIGNED_LONG_LONG timeout = look_ms;
            if (MHD_get_timeout(daemon_, &timeout) != MHD_YES) timeout = look_ms;
            std::array<pollfd, 2> polled{{{events, POLLIN, 0}, {wake_.get(), POLLIN, 0}}};
            ::poll(polled.data(), polled.size(),
                   std::min(look_ms, static_cast<int>(std::min<std::uint64_t>(timeout, look_ms))));
        }
    }

    // The library sees a closed peer and frees the connection.
    void close_overdue() {
        const Duration now = clock_.uptime();
        for (Connection& connection : connections_) {
            if (connection.is_streaming || now - connection.begun <= options_.exchange_max)
                continue;
            ++overdue_total_;
            connection.begun = now;
            ::shutdown(connection.socket, SHUT_RDWR);
        }
    }

    static void on_connection(void* self, MHD_Connection* connection, void** context,
                              MHD_ConnectionNotificationCode what) {
        static_cast<MicroHttpServer*>(self)->track(connection, context, what);
    }
    void track(MHD_Connection* connection, void** context, MHD_ConnectionNotificationCode what) {
        if (what == MHD_CONNECTION_NOTIFY_CLOSED) {
            connections_.remove_if([&](const Connection& each) { return &each == *context; });
            return;
        }
        Connection& made = connections_.emplace_back();
        made.socket =
            MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
        made.begun = clock_.uptime();
        *context = &made;
        ++connections_total_;
    }

    static void on_completed(void* self, MHD_Connection* /*connection*/, void** request,
                             MHD_RequestTerminationCode /*how*/) {
        if (*request == nullptr) return;
        auto& connection = *static_cast<Connection*>(*request);
        connection.is_streaming = false;
        connection.begun = static_cast<MicroHttpServer*>(self)->clock_.uptime();
    }

    // Called with the header, then with each part of the body, then with its end.
    static MHD_Result on_request(void* self, MHD_Connection* connection, const char* path,
                                 const char* method, const char* /*version*/, const char* part,
                                 std::size_t* part_octets, void** request) {
        auto& server = *static_cast<MicroHttpServer*>(self);
        auto& state = *static_cast<Connection*>(
            MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)
                ->socket_context);
        if (*request == nullptr) {
            *request = &state;
            return server.on_header(connection, state, path, method);
        }
        // 0 tells the library that the whole part was read; it would offer the rest again.
        if (*part_octets > 0) return server.on_body(state, {part, std::exchange(*part_octets, 0)});
        ++server.requests_total_;
        return send(connection, state, server.handler_(state.request));
    }

    MHD_Result on_header(MHD_Connection* connection, Connection& state, const char* path,
                         const char* method) {
        state.request = {
            .method = method, .path = path, .headers = {}, .body = {}, .peer = peer_of(connection)};
        MHD_get_connection_values(connection, MHD_HEADER_KIND, &add_header, &state.request.headers);
        if (!states_body_above(state.request.headers, options_.body_octets_max)) return MHD_YES;
        return send(connection, state, {.status = MHD_HTTP_CONTENT_TOO_LARGE});
    }

    // A body of unstated length: the library takes no answer before its end, so that one which is
    // too long closes the connection.
    MHD_Result on_body(Connection& state, std::string_view part) const {
        if (part.size() > options_.body_octets_max - state.request.body.size()) return MHD_NO;
        state.request.body += part;
        return MHD_YES;
    }

    static MHD_Result send(MHD_Connection* connection, Connection& state, HttpResponse answer) {
        state.is_streaming = answer.stream != nullptr;
        MHD_Response* made =
            answer.stream != nullptr
                ? MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, stream_block, &read_stream,
                                                    answer.stream.release(), &end_stream)
                : MHD_create_response_from_buffer(answer.body.size(), answer.body.data(),
                                                  MHD_RESPMEM_MUST_COPY);
        if (made == nullptr) return MHD_NO;
        for (const HttpHeader& header : answer.headers)
            MHD_add_response_header(made, header.name.c_str(), header.value.c_str());
        const MHD_Result queued = MHD_queue_response(connection, answer.status, made);
        MHD_destroy_response(made);  // the connection has a reference of its own
        return queued;
    }

    const HttpOptions options_;
    const std::unique_ptr<StreamListener> listener_;
    HttpHandler handler_;
    const SystemClock clock_;
    Fd wake_;
    MHD_Daemon* daemon_ = nullptr;
    std::list<Connection> connections_;
    std::atomic<std::uint64_t> connections_total_ = 0;
    std::atomic<std::uint64_t> requests_total_ = 0;
    std::atomic<std::uint64_t> overdue_total_ = 0;
    std::jthread thread_;
};

}  // namespace

Result<std::unique_ptr<HttpServer>> HttpServer::open(const HttpOptions& options) {
    TRY_ASSIGN(auto listener, listen_tcp(options.address, options.port));
    return std::make_unique<MicroHttpServer>(options, std::move(listener));
}

}  // namespace octroi
