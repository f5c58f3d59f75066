// SPDX-License-Identifier: GPL-3.0-or-later
// Texts and files from outside: what a terminal, a spreadsheet, the TOML parser and SQLite would
// make of them.

#include <sys/stat.h>

#include "attack.hpp"

namespace octroi::hostile {
namespace {

using namespace ipfix::testing;

class Names : public Attack {};
class Files : public Attack {};

// Options data name the interfaces of an exporter.
TEST_F(Names, OfExportersDoNothingInATerminalOrSpreadsheet) {
    RunningDaemon daemon(patient());
    PacedSender attacker(daemon.socket().descriptor(), loopback(66), daemon.socket().port());
    const OptionsSpec names{258, {{10, 4}}, {{82, 24}}};
    const std::string formula = "=cmd|' /C calc'!A0";
    const std::string escape = "\x1b[2J\x1b]0;title\x07";
    const auto padded = [](const std::string& text) {
        return text + std::string(24 - text.size(), 0);
    };
    ASSERT_TRUE(attacker.send(
        message({options_template(names),
                 data(258, values().u32(1).raw(padded(formula)).u32(2).raw(padded(escape)))})));
    daemon.send();
    ASSERT_EQ(daemon.stop().status, 0);
    for (const char* format : {"--csv", "--json", "--ndjson", ""}) {
        support::Arguments arguments{"meters", "--interfaces"};
        if (*format != '\0') arguments.insert(arguments.begin(), format);
        const Ended listed = daemon.command(arguments);
        ASSERT_EQ(listed.status, 0) << listed.err;
        EXPECT_NE(listed.out.find("title"), std::string::npos) << format << listed.out;
        EXPECT_EQ(listed.out.find('\x1b'), std::string::npos) << format;
        EXPECT_EQ(listed.out.find('\x07'), std::string::npos) << format;
    }
    const Ended csv = daemon.command({"--csv", "meters", "--interfaces"});
    EXPECT_EQ(csv.out.find(",=cmd"), std::string::npos) << csv.out;
    EXPECT_NE(csv.out.find(",'=cmd"), std::string::npos) << csv.out;
    const Ended raw = daemon.command({"--csv", "--raw", "meters", "--interfaces"});
    EXPECT_NE(raw.out.find(escape), std::string::npos) << raw.out;
}

// toml++ takes one call of a function for each part of a key and each bracket.
TEST_F(Files, DeepTomlIsRefused) {
    const support::Folder folder;
    std::string key = "a";
    for (int i = 0; i < 500'000; ++i) key += ".a";
    const std::string brackets(500'000, '[');
    for (const std::string& text : {key + " = 1\n", "[" + key + "]\n", "a = " + brackets + "\n",
                                    "a = {" + key + " = 1}\n", brackets + "\n"}) {
        const std::string path = folder / "a.toml";
        std::ofstream(path) << text;
        const auto run = [&](support::Arguments arguments) {
            return support::run(support::octroi(folder / "ledger.db", std::move(arguments)));
        };
        EXPECT_EQ(run({"--config", path, "usage"}).status, 2) << text.substr(0, 20);
        EXPECT_EQ(run({"apply", path}).status, 2) << text.substr(0, 20);
    }
}

// SQLite waits for ever on a FIFO.
TEST_F(Files, AFifoIsNoLedger) {
    const support::Folder folder;
    const std::string fifo = folder / "ledger.db";
    ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
    for (const support::Arguments& command :
         {support::Arguments{"usage"}, {"audit"}, {"meters"}, {"run", "--interface", "lo"}}) {
        support::Process process(support::octroi(fifo, command));
        ASSERT_TRUE(
            support::wait_until([&] { return process.has_ended(); }, std::chrono::seconds(20)))
            << command[0];
        const Ended ended = process.wait();
        EXPECT_EQ(ended.status, 1) << command[0];
        EXPECT_NE(ended.err.find("FIFO"), std::string::npos) << ended.err;
    }
}

TEST_F(Files, AFileWithoutCountersIsNoListing) {
    const support::Folder folder;
    const std::string file = folder / "text";
    std::ofstream(file) << "no counter\nof any kind\n";
    const Ended refused = support::run(support::octroi("", {"inspect", "counters", file}));
    EXPECT_EQ(refused.status, 1);
    EXPECT_NE(refused.err.find("is no listing of counters; next: "), std::string::npos)
        << refused.err;
    std::ofstream(file) << "*filter\nCOMMIT\n";
    EXPECT_EQ(support::run(support::octroi("", {"inspect", "counters", file})).status, 0);
}

}  // namespace
}  // namespace octroi::hostile
