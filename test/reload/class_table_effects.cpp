// SPDX-License-Identifier: GPL-3.0-or-later
// The effects of the live options of [class_table]: another table is in force, without a restart.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <fstream>
#include <memory>

#include "effect.hpp"

namespace octroi::reload {
namespace {

using support::Folder;
using support::Process;
using ::testing::Contains;
using ::testing::Not;

// The remote ends of the flows are in 198.51.100.0/24, the first prefix. others: the class of the
// other prefixes; empty: the same.
std::string write_table(const Folder& folder, const std::string& class_name, int prefixes = 1,
                        const std::string& others = {}) {
    std::string path = folder / "classes";
    std::ofstream out(path);
    for (int i = 0; i < prefixes; ++i)
        out << "198.51." << (100 + i) % 256 << ".0/24 "
            << (i == 0 || others.empty() ? class_name : others) << "\n";
    return path;
}

// The class comes with the new options, and not before.
Effect table_effect(const std::string& before, const std::string& after, const std::string& key,
                    const std::string& class_name) {
    return {.before = with_local({{"class_table", before}}),
            .after = with_local({{"class_table", after}}),
            .key = "class_table." + key,
            .unchanged =
                [class_name](RunningDaemon& daemon) {
                    daemon.expect_used("meter", "flows");
                    EXPECT_THAT(daemon.used("class"), Not(Contains(class_name)));
                },
            .changed =
                [class_name](RunningDaemon& daemon) { daemon.expect_used("class", class_name); }};
}

// A server with a certificate of its own, on a port that it prints.
constexpr const char* https_server = R"(
import http.server, os, ssl, sys
os.chdir(sys.argv[1])
server = http.server.HTTPServer(('127.0.0.1', 0), http.server.SimpleHTTPRequestHandler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain('cert.pem', 'key.pem')
server.socket = context.wrap_socket(server.socket, server_side=True)
open('port.new', 'w').write(str(server.server_port))
os.rename('port.new', 'port')
server.serve_forever()
)";

Effect of_certificates(const Folder& folder) {
    write_table(folder, "secure");
    const support::Ended made = support::run(
        {"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-keyout", folder / "key.pem", "-out", folder / "cert.pem", "-days", "2",
         "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"});
    EXPECT_EQ(made.status, 0) << made.err;
    const auto server =
        std::make_shared<Process>(support::Arguments{"python3", "-c", https_server, folder / ""});
    std::string port;
    EXPECT_TRUE(support::wait_until(
        [&] {
            std::ifstream(folder / "port") >> port;
            return !port.empty();
        },
        RunningDaemon::patience));
    const std::string source = fmt::format("source = \"https://127.0.0.1:{}/classes\"\n", port);
    Effect effect = table_effect(source, source + "ca_file = \"" + folder / "cert.pem" + "\"\n",
                                 "ca_file", "secure");
    // The server runs as long as the test.
    effect.changed = [server, changed = effect.changed](RunningDaemon& daemon) {
        EXPECT_THAT(daemon.log(), ::testing::HasSubstr("certificate"));
        changed(daemon);
    };
    return effect;
}

}  // namespace

void add_class_table_effects(Effects& all) {
    all["class_table.source"] = [](const Folder& folder) {
        return table_effect("", "source = \"" + write_table(folder, "partners") + "\"\n", "source",
                            "partners");
    };
    all["class_table.command"] = [](const Folder& folder) {
        return table_effect("", "command = [\"cat\", \"" + write_table(folder, "near") + "\"]\n",
                            "command", "near");
    };
    all["class_table.refresh_every"] = [](const Folder& folder) {
        const std::string source = "source = \"" + write_table(folder, "first", 4) + "\"\n";
        Effect effect =
            table_effect(source, source + "refresh_every = \"1s\"\n", "refresh_every", "second");
        effect.changed = [&folder](RunningDaemon& daemon) {
            // A table in which the class `first` is gone would be held back.
            write_table(folder, "second", 5, "first");
            daemon.expect_used("class", "second");
        };
        return effect;
    };
    all["class_table.hold_back_percent"] = [](const Folder& folder) {
        const std::string source =
            "source = \"" + write_table(folder, "many", 10) + "\"\nrefresh_every = \"1s\"\n";
        Effect effect =
            table_effect(source, source + "hold_back_percent = 95\n", "hold_back_percent", "few");
        effect.unchanged = [&folder](RunningDaemon& daemon) {
            daemon.expect_used("class", "many");
            // A table in which the class `many` is gone would be held back with any bound.
            write_table(folder, "few", 2, "many");
            EXPECT_TRUE(support::wait_until(
                [&] { return daemon.log().find("held back") != std::string::npos; },
                RunningDaemon::patience));
            daemon.send();
            EXPECT_THAT(daemon.used("class"), Not(Contains("few")));
        };
        return effect;
    };
    all["class_table.timeout"] = [](const Folder& folder) {
        const std::string command =
            "command = [\"sh\", \"-c\", \"sleep 2; cat " + write_table(folder, "slow") + "\"]\n";
        return table_effect(command + "timeout = \"1s\"\n", command + "timeout = \"30s\"\n",
                            "timeout", "slow");
    };
    all["class_table.size_limit"] = [](const Folder& folder) {
        const std::string command =
            "command = [\"cat\", \"" + write_table(folder, "large", 200) + "\"]\n";
        return table_effect(command + "size_limit = \"1 KiB\"\n",
                            command + "size_limit = \"1 MiB\"\n", "size_limit", "large");
    };
    all["class_table.ca_file"] = of_certificates;
}

}  // namespace octroi::reload
