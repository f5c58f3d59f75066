// SPDX-License-Identifier: GPL-3.0-or-later
// Traffic that was received or read once counts once, whatever name or path the meter has
// meanwhile.

#include <sys/stat.h>

#include <filesystem>

#include "attack.hpp"
#include "support/traffic.hpp"

namespace octroi::hostile {
namespace {

class CountedTwice : public Attack {};

struct Renaming {
    bool has_own_path = false;
    bool is_killed = false;
};

Sections named(const std::string& meter, const std::string& path) {
    Sections sections = patient();
    sections["meters"] = "[[meter]]\nname = \"" + meter + "\"\nkind = \"collector\"\n";
    if (!path.empty()) sections["meters"] += "journal = \"" + path + "\"\n";
    return sections;
}

class RenamedCollector : public CountedTwice, public ::testing::WithParamInterface<Renaming> {};

// Half of the datagrams are in the ledger, the others only in the journal if it is killed.
TEST_P(RenamedCollector, CountsEachDatagramOnce) {
    const Renaming& how = GetParam();
    const support::Folder folder;
    const std::string path = how.has_own_path ? folder / "journal" : "";
    RunningDaemon daemon(named("routers", path));
    for (int i = 0; i < 5; ++i) daemon.send();
    ASSERT_EQ(daemon.stop().status, 0);
    daemon.start();
    for (int i = 0; i < 5; ++i) daemon.send();
    if (how.is_killed)
        kill(daemon);
    else
        ASSERT_EQ(daemon.stop().status, 0);
    daemon.set_sections(named("renamed", path));
    daemon.start();
    ASSERT_EQ(daemon.stop().status, 0);
    EXPECT_EQ(used(daemon, "account")["@unattributed"], daemon.sent().bytes);
}

INSTANTIATE_TEST_SUITE_P(Hostile, RenamedCollector,
                         ::testing::Values(Renaming{false, false}, Renaming{false, true},
                                           Renaming{true, false}, Renaming{true, true}),
                         [](const auto& tested) {
                             return std::string(tested.param.has_own_path ? "OwnPath"
                                                                          : "DefaultPath") +
                                    (tested.param.is_killed ? "Killed" : "Stopped");
                         });

// The id of the journal is also in its segments.
TEST_F(CountedTwice, BecauseTheIdOfTheJournalIsGone) {
    RunningDaemon daemon(patient());
    for (int i = 0; i < 5; ++i) daemon.send();
    ASSERT_EQ(daemon.stop().status, 0);
    ASSERT_TRUE(std::filesystem::remove(daemon.path("journal/flows/id")));
    daemon.start();
    ASSERT_EQ(daemon.stop().status, 0);
    EXPECT_EQ(used(daemon, "account")["@unattributed"], daemon.sent().bytes);
}

// The import through the meter `slow` has recognised the file as new, and reads on when the one
// through `quick` has booked it.
TEST_F(CountedTwice, BecauseTwoMetersReadOneCaptureAtTheSameTime) {
    const support::Folder folder;
    const std::string ledger = folder / "ledger.db";
    const std::string capture = folder / "a.pcap";
    const support::Traffic traffic = support::write_traffic(capture, {.packets = 20'000});
    const std::string content = support::text_of(capture);
    const std::string pipe = folder / "pipe";
    ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
    const auto import = [&](const std::string& meter, const std::string& file) {
        return support::octroi(ledger, {"import", "packets", "--meter", meter, file});
    };
    support::Process slow(import("slow", pipe));
    std::ofstream to_slow(pipe, std::ios::binary);
    // More than the program reads at once: when all of the first part is gone from the pipe, the
    // cursors of the ledger have been read.
    constexpr std::size_t first_part = std::size_t{1} << 20U;
    ASSERT_GT(content.size(), first_part);
    to_slow.write(content.data(), first_part);
    to_slow.flush();
    EXPECT_EQ(support::run(import("quick", capture)).status, 0);
    to_slow.write(content.data() + first_part,
                  static_cast<std::streamsize>(content.size() - first_part));
    to_slow.close();
    const Ended ended = slow.wait();
    EXPECT_EQ(ended.status, 1) << ended.err;
    const Ended usage = support::run(support::octroi(ledger, {"--json", "usage", "--by", "meter"}));
    EXPECT_EQ(used(parsed(usage), "meter"),
              (std::map<std::string, std::uint64_t>{{"quick", traffic.bytes}}));
}

}  // namespace
}  // namespace octroi::hostile
