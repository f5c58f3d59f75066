// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// An HTTP/1.1 server with bounds, on a thread of its own. Behind it is libmicrohttpd, in
// http_server.cpp alone (docs/decisions/0303-http-library.md).
//
// Clients are not trusted: no request costs more memory or time than HttpOptions says, and none
// reaches the caller's other threads. What the library itself refuses (no HTTP, a header that is
// too long) it answers with a status of 4xx or closes.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.hpp"
#include "base/result.hpp"
#include "base/time.hpp"

namespace octroi {

struct HttpHeader {
    std::string name;
    std::string value;
};

struct HttpRequest {
    std::string method;  // "GET", as the client wrote it
    // As the client wrote it: not decoded, "." and ".." not resolved, without the query.
    std::string path;
    std::vector<HttpHeader> headers;
    std::string body;
    Address peer;
};

// A body that is made while it is sent. read() and the destructor run on the server's thread.
class HttpBody {
public:
    virtual ~HttpBody() = default;
    // Fills `into` from its beginning; how many octets that were, 0 at the end. An error cuts the
    // answer off in a way that the client notices.
    [[nodiscard]] virtual Result<std::size_t> read(std::span<char> into) = 0;
};

struct HttpResponse {
    unsigned status = 200;
    std::vector<HttpHeader> headers;  // names and values must not hold line ends
    std::string body;
    std::unique_ptr<HttpBody> stream;  // where set: instead of `body`
};

// Called on the server's thread for each request that has come in whole. While it runs nobody else
// is served. Must not throw.
using HttpHandler = std::function<HttpResponse(const HttpRequest&)>;

struct HttpOptions {
    Address address;         // empty: all, of both families
    std::uint16_t port = 0;  // 0: any free one
    // Connections at a time, in all and of one address. Of one address more are closed at once;
    // others wait until there is a place.
    unsigned connections_max = 64;
    unsigned connections_of_address_max = 16;
    // Memory of one connection: its request line and header must fit, twice over.
    std::size_t connection_octets_max = 32U << 10U;
    std::size_t body_octets_max = 0;  // of a request; more is answered with 413
    // A connection on which nothing moves for so long is closed.
    Duration idle_max = Duration::seconds(10);
    // So is one that has not had its whole answer by then, counted from its beginning or from the
    // end of the answer before: a client that sends or reads an octet now and then holds no
    // place. Answers with HttpResponse::stream may take longer.
    Duration exchange_max = Duration::seconds(20);
};

struct HttpCounts {
    std::uint64_t connections = 0;
    std::uint64_t requests = 0;  // that reached the handler
    std::uint64_t overdue = 0;   // connections closed for HttpOptions::exchange_max
};

class HttpServer {
public:
    // Binds; clients wait until start(). Errors: exists (the port is in use), permission, failed.
    [[nodiscard]] static Result<std::unique_ptr<HttpServer>> open(const HttpOptions& options);
    // Serves until the object goes. To be called once. The handler may use the server.
    [[nodiscard]] virtual Status start(HttpHandler handler) = 0;
    // Ends all open requests. When it returns, the handler does not run any more.
    virtual ~HttpServer() = default;
    HttpServer(const HttpServer&) = delete;
    HttpServer& operator=(const HttpServer&) = delete;

    // "tcp 127.0.0.1:9465"
    [[nodiscard]] virtual const std::string& name() const = 0;
    [[nodiscard]] virtual std::uint16_t port() const = 0;
    // From any thread.
    [[nodiscard]] virtual HttpCounts counts() const = 0;

protected:
    HttpServer() = default;
};

}  // namespace octroi
