// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The control socket of a daemon: `octroi reload` and others send requests to the daemon that
// writes a ledger. A connection carries one request and one answer, a JSON object on one line each:
//
//     {"request": "reload"}
//     {"ok": true, "answer": {…}}   or   {"ok": false, "error": "what failed, why, what next"}

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "host/clock.hpp"
#include "host/local_socket.hpp"

namespace octroi {

// The socket beside a ledger: "/var/lib/octroi/ledger.db.control". Links in the path are resolved,
// so that every path to the ledger gives the same socket.
[[nodiscard]] std::string control_path(const std::string& ledger);

// The daemon's end. All calls come from one thread, which runs the handlers too.
class ControlServer {
public:
    // Answers one request. `request` is an object. The answer must fit into answer_max octets.
    using Handler = std::function<Result<nlohmann::json>(const nlohmann::json& request)>;

    static constexpr std::size_t request_max = 64U << 10U;
    static constexpr std::size_t answer_max = 4U << 20U;
    // A client that has not sent its request, or not read its answer, within this time is dropped.
    static constexpr Duration client_timeout = Duration::seconds(5);
    // More clients wait in the kernel until one of these is done.
    static constexpr std::size_t clients_max = 8;

    // Errors: those of LocalListener::open. The caller holds the ledger, so that no two daemons
    // open the same path at the same time. The clock must outlive the server.
    [[nodiscard]] static Result<std::unique_ptr<ControlServer>> open(const std::string& ledger,
                                                                     const Clock& clock);

    // Requests with this name go to the handler from now on.
    void add_request(const std::string& name, Handler handler);
    // Accepts clients, reads requests and sends answers, without waiting for any client. To be
    // called a few times a second.
    void step();

private:
    struct Client {
        LocalConnection connection;
        Duration deadline;  // in uptime
        std::string request;
        std::string answer;  // the part that is not sent yet
        bool done = false;   // answered, gone or late
    };
    ControlServer(std::unique_ptr<LocalListener> listener, const Clock& clock)
        : listener_(std::move(listener)), clock_(clock) {}

    void serve(Client& client);
    // False: the request is not complete yet, or the client is done.
    [[nodiscard]] static bool read_request(Client& client);
    [[nodiscard]] std::string answer_to(const std::string& line) const;

    std::unique_ptr<LocalListener> listener_;
    const Clock& clock_;
    std::map<std::string, Handler> handlers_;
    std::vector<Client> clients_;
};

// The client's end: sends a request to the daemon that writes this ledger, and returns its answer.
// Errors: not_found (no daemon runs on this ledger), busy (it does not answer), failed (it refused;
// the text is the daemon's), corrupt (not an answer), permission. Another process may have made the
// socket: check the form of the answer, and print its texts only through printable() or the log.
[[nodiscard]] Result<nlohmann::json> ask_daemon(const std::string& ledger,
                                                const nlohmann::json& request);

}  // namespace octroi
