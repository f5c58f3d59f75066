// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// A real daemon with a collector, its configuration file, and an exporter that sends to it.

#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "host/datagrams.hpp"
#include "support/exporters.hpp"
#include "support/given_socket.hpp"
#include "support/process.hpp"

namespace octroi::support {

using nlohmann::json;

// TOML by section: "ledger" -> "path = …\n". The meter and the export have no header line.
using Sections = std::map<std::string, std::string>;

class RunningDaemon {
public:
    static constexpr std::chrono::seconds patience{20};

    // The meter `flows` listens on this socket; `sections` are in the file from the start.
    explicit RunningDaemon(Sections sections = {}) : RunningDaemon(std::move(sections), {}) {}
    RunningDaemon(Sections sections, support::Arguments global, std::function<void()> child = {})
        : global_arguments(std::move(global)),
          in_child(std::move(child)),
          sections_(std::move(sections)) {
        auto source = UdpSource::open(
            {.address = Address::v4(INADDR_LOOPBACK), .port = 0, .buffer_octets = 1U << 20U});
        EXPECT_TRUE(source.has_value()) << source.error().text;
        source_ = *std::move(source);
        exporter_ = std::make_unique<TestExporter>(Export::netflow_v5, INADDR_LOOPBACK + 1,
                                                   source_->port());
        EXPECT_TRUE(exporter_->good());
        start();
    }

    // Starts the daemon again after stop().
    void start() {
        write(sections_);
        support::Arguments arguments{"--config", config_, "run"};
        arguments.insert(arguments.begin(), global_arguments.begin(), global_arguments.end());
        const auto give = giving_socket(source_->descriptor());
        process_ = std::make_unique<Process>(support::octroi(ledger_, arguments), [&] {
            give();
            if (in_child) in_child();
        });
        EXPECT_TRUE(wait_until([&] { return is_running(); }, patience)) << log();
    }
    // For start(): arguments before the command, and a function that the new process calls.
    support::Arguments global_arguments;
    std::function<void()> in_child;

    // The sections of the next start().
    void set_sections(Sections sections) { sections_ = std::move(sections); }

    // Writes the file: the given sections replace those from the start.
    void write(const Sections& changed) const {
        Sections all = sections_;
        for (const auto& [name, text] : changed) all[name] = text;
        std::ofstream out(config_);
        for (const auto& [name, text] : all)
            if (name != "meters") out << "[" << name << "]\n" << text;
        const auto meters = all.find("meters");
        out << (meters != all.end() ? meters->second : flows_meter);
    }
    void write_text(const std::string& text) const { std::ofstream(config_) << text; }

    [[nodiscard]] Ended command(Arguments arguments) const {
        arguments.insert(arguments.begin(), {"--config", config_});
        return run(octroi(ledger_, std::move(arguments)));
    }
    // The rows of `octroi reload`, which must succeed.
    [[nodiscard]] json reload() const {
        const Ended ended = command({"--json", "reload"});
        EXPECT_EQ(ended.status, 0) << ended.err;
        const json rows = json::parse(ended.out, nullptr, false);
        EXPECT_TRUE(rows.is_array()) << ended.out;
        return rows;
    }
    // The names with traffic in `octroi usage --by KEY`.
    [[nodiscard]] std::vector<std::string> used(const std::string& key) const {
        const Ended ended = command({"--json", "usage", "--by", key});
        EXPECT_EQ(ended.status, 0) << ended.err;
        const json answer = json::parse(ended.out, nullptr, false);
        std::vector<std::string> names;
        for (const json& row : answer.value("rows", json::array())) names.push_back(row[key]);
        return names;
    }
    // Sends flows until the usage shows this name, which earlier flows do not have.
    void expect_used(const std::string& key, const std::string& name) {
        const bool there = wait_until(
            [&] {
                send();
                const auto names = used(key);
                return std::find(names.begin(), names.end(), name) != names.end();
            },
            patience);
        EXPECT_TRUE(there) << "no traffic of " << key << " " << name << "; log:\n" << log();
    }
    // Flows of TCP to port 443, from 10.0.0.0/8 to 198.51.100.0/24.
    void send() { EXPECT_TRUE(exporter_->send(25)); }
    [[nodiscard]] const Truth& sent() const { return exporter_->truth(); }

    [[nodiscard]] std::string log() const { return process_->err_so_far(); }
    [[nodiscard]] Process& process() { return *process_; }
    // Stops the daemon with a signal and returns its output.
    [[nodiscard]] Ended stop() {
        process_->signal(SIGTERM);
        return process_->wait();
    }

    [[nodiscard]] std::string path(const std::string& name) const { return folder_ / name; }
    [[nodiscard]] const std::string& ledger() const { return ledger_; }

    static inline const std::string flows_meter =
        "[[meter]]\nname = \"flows\"\nkind = \"collector\"\n";

    // The socket of the meter. The test may look how full its buffer is.
    [[nodiscard]] const UdpSource& socket() const { return *source_; }

private:
    // At level warning it logs no line at the start, but it answers.
    [[nodiscard]] bool is_running() const {
        return log().find("ends with Ctrl-C") != std::string::npos ||
               command({"meters", "--counters"}).status == 0;
    }

    Sections sections_;
    const Folder folder_;
    const std::string ledger_ = folder_ / "ledger.db";
    const std::string config_ = folder_ / "octroi.toml";
    std::unique_ptr<UdpSource> source_;
    std::unique_ptr<TestExporter> exporter_;
    std::unique_ptr<Process> process_;
};

}  // namespace octroi::support
