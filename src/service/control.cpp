// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/control.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "host/log.hpp"
#include "service/ledger_url.hpp"

namespace octroi {
namespace {

using nlohmann::json;

// The daemon answers between two commits, and a commit may wait for another writer of the ledger
// ([ledger] busy_timeout).
constexpr Duration answer_timeout = Duration::minutes(2);

// Octets that are not UTF-8 become U+FFFD.
std::string text_of(const json& value) {
    return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string line_of(const json& value) { return text_of(value) + "\n"; }

std::string refusal(const std::string& why) { return line_of({{"ok", false}, {"error", why}}); }

}  // namespace

std::string control_path(const std::string& ledger) {
    std::error_code error;
    const auto resolved = std::filesystem::weakly_canonical(ledger, error);
    return (error ? ledger : resolved.string()) + ".control";
}

Result<std::unique_ptr<ControlServer>> ControlServer::open(const std::string& ledger,
                                                           const Clock& clock) {
    TRY_ASSIGN(auto listener, LocalListener::open(control_path(ledger)));
    return std::unique_ptr<ControlServer>(new ControlServer(std::move(listener), clock));
}

void ControlServer::add_request(const std::string& name, Handler handler) {
    handlers_[name] = std::move(handler);
}

void ControlServer::step() {
    while (clients_.size() < clients_max) {
        auto connection = listener_->accept();
        if (!connection) break;
        clients_.push_back(
            {.connection = *std::move(connection), .deadline = clock_.uptime() + client_timeout});
    }
    for (Client& client : clients_) serve(client);
    std::erase_if(clients_, [](const Client& client) { return client.done; });
}

void ControlServer::serve(Client& client) {
    if (client.answer.empty() && read_request(client)) {
        client.answer = answer_to(client.request);
        // The time that the handler took is not the client's.
        client.deadline = clock_.uptime() + client_timeout;
    }
    if (!client.answer.empty()) {
        const auto sent = client.connection.write(client.answer);
        client.answer.erase(0, sent.value_or(client.answer.size()));
        client.done = client.answer.empty();
    }
    client.done = client.done || clock_.uptime() >= client.deadline;
}

bool ControlServer::read_request(Client& client) {
    std::array<char, 4096> part{};
    while (client.request.size() <= request_max) {
        const auto got = client.connection.read(part);
        if (got && !*got) return false;
        client.done = !got || **got == 0;
        if (client.done) return false;
        client.request.append(part.data(), **got);
        const std::size_t end = client.request.find('\n');
        if (end == std::string::npos) continue;
        client.request.resize(end);
        return true;
    }
    return true;  // too long: answer_to refuses it
}

std::string ControlServer::answer_to(const std::string& line) const {
    if (line.size() > request_max)
        return refusal(fmt::format("a request may have {} octets at most", request_max));
    const json request = json::parse(line, nullptr, false);
    if (!request.is_object() || !request.contains("request") || !request["request"].is_string())
        return refusal(R"(a request is a JSON object on one line: {"request": "NAME"})");
    const auto& name = request["request"].get_ref<const std::string&>();
    const auto handler = handlers_.find(name);
    if (handler == handlers_.end())
        return refusal(
            fmt::format("this daemon knows no request '{}'. Next: octroi --version says "
                        "whether daemon and command are of one version",
                        name));
    log_debug(fmt::format("control socket: request {}", name));
    const auto answer = handler->second(request);
    if (!answer) return refusal(answer.error().text);
    std::string text = line_of({{"ok", true}, {"answer", *answer}});
    if (text.size() > answer_max) return refusal("the answer is too long for this socket");
    return text;
}

Result<nlohmann::json> ask_daemon(const std::string& ledger, const nlohmann::json& request) {
    if (!is_ledger_path(ledger))
        return fail(ErrorCode::unsupported,
                    fmt::format("{}: only the daemon of a ledger in a file can be asked. Next: "
                                "--ledger with the path of its ledger",
                                without_passwords(ledger)));
    const std::string path = control_path(ledger);
    const auto line =
        exchange_line(path, text_of(request), ControlServer::answer_max, answer_timeout);
    if (!line && line.error().code == ErrorCode::not_found)
        return fail(ErrorCode::not_found,
                    fmt::format("ledger {}: no daemon runs on it ({}). Next: octroi run, or "
                                "--ledger with the ledger of the daemon",
                                ledger, line.error().text));
    if (!line && line.error().code == ErrorCode::permission)
        return fail(ErrorCode::permission,
                    fmt::format("{}. Next: run this as root or as the user of the daemon",
                                line.error().text));
    if (!line) return std::unexpected(line.error());
    const json answer = json::parse(*line, nullptr, false);
    if (!answer.is_object() || !answer.contains("ok"))
        return fail(ErrorCode::corrupt, fmt::format("{}: the answer is not from octroi run", path));
    if (answer["ok"] == true) return answer.value("answer", json());
    const auto why = answer.find("error");
    return fail(ErrorCode::failed, why != answer.end() && why->is_string()
                                       ? why->get<std::string>()
                                       : "the daemon refused the request");
}

}  // namespace octroi
