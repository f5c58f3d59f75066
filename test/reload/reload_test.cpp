// SPDX-License-Identifier: GPL-3.0-or-later
// The ways to request a reload, and the requests that the daemon refuses.

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "support/running_daemon.hpp"

namespace octroi::reload {
namespace {

using nlohmann::json;
using support::RunningDaemon;
using support::Sections;

using ::testing::HasSubstr;
using ::testing::Not;

const std::string quick = "commit_interval = \"1s\"\n";
const std::string shop = "shop = [\"tcp/443\"]\n";

Sections base() { return {{"ledger", quick}, {"attribute", "local = [\"10.0.0.0/8\"]\n"}}; }

// The `listen` line of a [[meter]] for a daemon that opens its socket itself.
std::string free_port() {
    const auto source = UdpSource::open({.address = Address::v4(INADDR_LOOPBACK), .port = 0});
    EXPECT_TRUE(source.has_value());
    return "listen = [\"udp/127.0.0.1:" + std::to_string((*source)->port()) + "\"]\n";
}

// Whether the log has this text now, or gets it within the time.
bool is_logged(const RunningDaemon& daemon, const std::string& text) {
    return support::wait_until([&] { return daemon.log().find(text) != std::string::npos; },
                               RunningDaemon::patience);
}

TEST(Reload, RefusesAWrongConfigurationAndKeepsTheOldOne) {
    RunningDaemon daemon(base());
    daemon.write({{"services", shop}});
    EXPECT_EQ(daemon.reload().size(), 1U);
    const std::vector<std::pair<Sections, std::string>> wrong{
        {{{"ledger", "commit_intervall = \"1s\"\n"}}, "did you mean commit_interval?"},
        {{{"ledger", "commit_interval = 1 second\n"}}, "octroi.toml:"},
        {{{"services", "shop = [\"tcp/https!\"]\n"}}, "[services]"},
        {{{"categories", "a = [\"*b\"]\n"}}, "[categories]"},
        {{{"display", "timezone = \"Europe/Entenhausen\"\n"}}, "[display] timezone"},
        {{{"attribute", "class_table = \"/nonexistent\"\n"}}, "/nonexistent"}};
    for (const auto& [sections, reason] : wrong) {
        Sections all = sections;
        all.try_emplace("services", "other = [\"tcp/443\"]\n");
        daemon.write(all);
        const support::Ended ended = daemon.command({"reload"});
        EXPECT_EQ(ended.status, 1) << reason;
        EXPECT_THAT(ended.err, HasSubstr(reason));
        EXPECT_THAT(daemon.log(), HasSubstr("configuration not reloaded, the running one stays: "));
        EXPECT_THAT(daemon.log(), HasSubstr(reason));
    }
    daemon.expect_used("service", "shop");
    daemon.write({{"services", shop}});
    EXPECT_TRUE(daemon.reload().empty());
}

TEST(Reload, ReportsTheChangesInTheAnswerAndInTheLog) {
    RunningDaemon daemon(base());
    daemon.write({{"ledger", "commit_interval = \"5s\"\nbusy_timeout = \"1s\"\n"}});
    const support::Ended ended = daemon.command({"reload"});
    EXPECT_EQ(ended.status, 0) << ended.err;
    EXPECT_EQ(ended.out,
              "ledger.commit_interval: \"1s\" → \"5s\"\n"
              "ledger.busy_timeout: restart needed (\"30s\" → \"1s\")\n");
    EXPECT_THAT(daemon.log(), HasSubstr("ledger.commit_interval: \"1s\" → \"5s\"\n"));
    EXPECT_THAT(daemon.log(),
                HasSubstr("ledger.busy_timeout: restart needed (\"30s\" → \"1s\")\n"));
    // The second reload reports only the option that still waits for a restart.
    EXPECT_EQ(daemon.command({"reload"}).out,
              "ledger.busy_timeout: restart needed (\"30s\" → \"1s\")\n");
}

TEST(Reload, CanBeRequestedBySighupToo) {
    RunningDaemon daemon(base());
    daemon.write({{"services", shop}});
    daemon.process().signal(SIGHUP);
    EXPECT_TRUE(is_logged(daemon, "services.shop: absent → [\"tcp/443\"]")) << daemon.log();
    daemon.expect_used("service", "shop");
    daemon.write({{"services", "shop = 443\n"}});
    daemon.process().signal(SIGHUP);
    EXPECT_TRUE(is_logged(daemon, "configuration not reloaded, the running one stays: "))
        << daemon.log();
    EXPECT_FALSE(daemon.process().has_ended());
    EXPECT_EQ(daemon.stop().status, 0);
}

TEST(Reload, KeepsTheSettingsOfTheCommandLine) {
    const support::Folder folder;
    const std::string config = folder / "octroi.toml";
    std::ofstream(config) << RunningDaemon::flows_meter << free_port();
    const support::Process daemon(support::octroi(
        folder / "ledger.db", {"--config", config, "run", "--local", "10.0.0.0/8"}));
    const auto reload = [&] {
        return support::run(support::octroi(folder / "ledger.db", {"--config", config, "reload"}));
    };
    ASSERT_TRUE(support::wait_until([&] { return reload().status == 0; }, RunningDaemon::patience))
        << daemon.err_so_far();
    EXPECT_THAT(daemon.err_so_far(), HasSubstr("local:    10.0.0.0/8\n"));
    EXPECT_EQ(reload().out, "Reloaded: nothing has changed.\n");
}

TEST(Reload, ReportsThatNoDaemonRuns) {
    const support::Folder folder;
    const support::Ended ended =
        support::run(support::octroi(folder / "ledger.db", {"--config", "/dev/null", "reload"}));
    EXPECT_EQ(ended.status, 1);
    EXPECT_THAT(ended.err, HasSubstr("no daemon runs on it"));
    EXPECT_THAT(ended.err, HasSubstr("Next: octroi run"));
}

TEST(Reload, SaysHowToReachADaemonWithAnotherLedgerPath) {
    RunningDaemon daemon(base());
    daemon.write({{"ledger", "path = \"" + daemon.path("moved.db") + "\"\n"}});
    const char* binary = std::getenv("OCTROI_BINARY");
    ASSERT_NE(binary, nullptr);
    support::Arguments reload{binary, "--config", daemon.path("octroi.toml"), "reload"};
    const support::Ended ended = support::run(reload);
    EXPECT_EQ(ended.status, 1);
    EXPECT_THAT(ended.err, HasSubstr("moved.db: no daemon runs on it"));
    EXPECT_THAT(ended.err, HasSubstr("name the old path with --ledger"));
    reload.insert(reload.begin() + 1, {"--ledger", daemon.ledger()});
    EXPECT_THAT(support::run(reload).out, HasSubstr("ledger.path: restart needed"));
}

TEST(Reload, RefusesAnotherConfigurationFile) {
    RunningDaemon daemon(base());
    const std::string other = daemon.path("other.toml");
    std::ofstream(other) << "[services]\n" << shop;
    const support::Ended ended =
        support::run(support::octroi(daemon.ledger(), {"--config", other, "reload"}));
    EXPECT_EQ(ended.status, 1);
    EXPECT_THAT(ended.err, HasSubstr("the daemon reads the configuration " +
                                     daemon.path("octroi.toml") + ", not " + other));
    EXPECT_THAT(daemon.log(), Not(HasSubstr("reloaded")));
    EXPECT_EQ(support::run(support::octroi(daemon.ledger(), {"reload"})).status, 0);
}

TEST(Reload, FindsTheLedgerInAConfigurationWithOtherErrors) {
    RunningDaemon daemon(base());
    daemon.write({{"ledger", "path = \"" + daemon.ledger() + "\"\nno_such_option = 1\n"}});
    const char* binary = std::getenv("OCTROI_BINARY");
    ASSERT_NE(binary, nullptr);
    const support::Ended ended =
        support::run({binary, "--config", daemon.path("octroi.toml"), "reload"});
    EXPECT_EQ(ended.status, 1) << ended.err;
    EXPECT_THAT(daemon.log(), HasSubstr("no_such_option"));
}

// A silent client, a client that sends garbage, and a client that never reads.
class HostileClient {
public:
    HostileClient(const std::string& ledger, std::string_view text)
        : socket_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        const std::string path = ledger + ".control";
        path.copy(std::begin(address.sun_path), path.size());
        EXPECT_EQ(::connect(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address),
                  0);
        (void)::send(socket_.get(), text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    }

private:
    Fd socket_;
};

TEST(ControlSocket, BelongsToTheOwnerAndHostileClientsDoNotStopMetering) {
    RunningDaemon daemon(base());
    struct stat status{};
    ASSERT_EQ(::stat((daemon.ledger() + ".control").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777U, 0600U);
    EXPECT_TRUE(S_ISSOCK(status.st_mode));

    const HostileClient silent(daemon.ledger(), "");
    const HostileClient rubbish(daemon.ledger(), std::string(200'000, '{'));
    const HostileClient slow(daemon.ledger(), "{\"request\":");
    for (int i = 0; i < 20; ++i) {
        daemon.send();
        support::pass(std::chrono::milliseconds(10));
    }
    EXPECT_TRUE(daemon.reload().empty());
    const support::Ended ended = daemon.stop();
    EXPECT_EQ(ended.status, 0) << ended.err;
    const support::Ended usage = daemon.command({"--json", "usage", "--by", "meter"});
    const json answer = json::parse(usage.out);
    EXPECT_EQ(answer["rows"][0]["total_bytes"], daemon.sent().bytes) << usage.out;
}

TEST(ControlSocket, OfAKilledDaemonIsReplaced) {
    RunningDaemon daemon(base());
    daemon.process().signal(SIGKILL);
    (void)daemon.process().wait();
    EXPECT_EQ(daemon.command({"reload"}).status, 1);
    daemon.start();
    EXPECT_TRUE(daemon.reload().empty());
    EXPECT_EQ(daemon.stop().status, 0);
    struct stat status{};
    EXPECT_NE(::stat((daemon.ledger() + ".control").c_str(), &status), 0)
        << "the socket file still exists";
}

// A daemon that was started in a terminal, and the terminal. The daemon writes its output to files.
class TerminalDaemon {
public:
    explicit TerminalDaemon(const std::function<void()>& in_child = {})
        : terminal_(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)) {
        EXPECT_GE(terminal_.get(), 0);
        EXPECT_EQ(::grantpt(terminal_.get()), 0);
        EXPECT_EQ(::unlockpt(terminal_.get()), 0);
        const std::string name = ::ptsname(terminal_.get());
        const std::string config = folder_ / "octroi.toml";
        std::ofstream(config) << RunningDaemon::flows_meter << free_port();
        process_ = std::make_unique<support::Process>(
            support::octroi(folder_ / "ledger.db", {"--config", config, "run"}), [&] {
                ::setsid();
                ::ioctl(::open(name.c_str(), O_RDWR), TIOCSCTTY, 0);
                if (in_child) in_child();
            });
        EXPECT_TRUE(is_logged("Ctrl-C"));
    }
    void close_terminal() { terminal_ = Fd(); }
    [[nodiscard]] bool is_logged(const std::string& text) const {
        return support::wait_until([&] { return log().find(text) != std::string::npos; },
                                   RunningDaemon::patience);
    }
    [[nodiscard]] std::string log() const { return process_->err_so_far(); }
    [[nodiscard]] support::Process& process() { return *process_; }

private:
    const support::Folder folder_;
    Fd terminal_;
    std::unique_ptr<support::Process> process_;
};

// Closing a terminal ends the daemon that was started in it.
TEST(Reload, IsNotRequestedByTheSighupOfAClosedTerminal) {
    TerminalDaemon daemon;
    daemon.close_terminal();
    EXPECT_TRUE(
        support::wait_until([&] { return daemon.process().has_ended(); }, RunningDaemon::patience));
    EXPECT_THAT(daemon.log(), Not(HasSubstr("reloaded")));
}

// Not the one that was started with nohup.
TEST(Reload, IsRequestedByTheSighupOfAClosedTerminalUnderNohup) {
    TerminalDaemon daemon([] { std::signal(SIGHUP, SIG_IGN); });
    daemon.close_terminal();
    EXPECT_TRUE(daemon.is_logged("configuration reloaded")) << daemon.log();
    EXPECT_FALSE(daemon.process().has_ended());
    daemon.process().signal(SIGTERM);
    EXPECT_EQ(daemon.process().wait().status, 0);
}

// [log] is not read yet.
TEST(Start, LogsItsErrorsWithAPriorityWhereTheyGoToTheJournal) {
    const support::Folder folder;
    const std::string config = folder / "octroi.toml";
    std::ofstream(config) << "[ledger]\nno_such_option = 1\nneither = 2\n";
    const auto as_journal = [] {
        struct stat status{};
        ::fstat(STDERR_FILENO, &status);
        const auto stream = std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino);
        ::setenv("JOURNAL_STREAM", stream.c_str(), 1);
    };
    for (const support::Arguments& arguments :
         {support::Arguments{"--config", config, "run"}, support::Arguments{"run", "--nonsense"}}) {
        const support::Ended ended =
            support::Process(support::octroi(folder / "ledger.db", arguments), as_journal).wait();
        EXPECT_EQ(ended.status, 2);
        std::istringstream lines(ended.err);
        int count = 0;
        for (std::string line; std::getline(lines, line); ++count)
            EXPECT_THAT(line, ::testing::StartsWith("<3>"));
        EXPECT_GT(count, 0);
    }
}

TEST(Start, MakesNoLedgerForAWrongConfiguration) {
    const support::Folder folder;
    const std::string config = folder / "octroi.toml";
    const std::string ledger = folder / "ledger.db";
    const auto refusal = [&](support::Arguments arguments) {
        arguments.insert(arguments.begin(), {"--config", config});
        const support::Ended ended = support::run(support::octroi(ledger, std::move(arguments)));
        EXPECT_NE(ended.status, 0);
        EXPECT_FALSE(std::filesystem::exists(ledger));
        EXPECT_FALSE(std::filesystem::exists(ledger + ".lock"));
        return ended.err;
    };
    std::ofstream(config) << "[services]\nshop = [\"tcp/https!\"]\n";
    EXPECT_THAT(refusal({"run", "--for", "1s"}), HasSubstr("[services]"));
    EXPECT_THAT(refusal({"import", "packets", "/dev/null"}), HasSubstr("[services]"));
    std::ofstream(config) << "";
    EXPECT_THAT(refusal({"run", "--for", "1s", "--interface", "nope"}),
                HasSubstr("interface nope does not exist; this machine has "));
    EXPECT_THAT(refusal({"run", "--for", "1x"}), HasSubstr("--for: '1x' is not a duration"));
    EXPECT_THAT(refusal({"run", "--local", "300.1.1.1/3"}), HasSubstr("--local: "));
    EXPECT_THAT(refusal({"usage", "--since", "someday"}), HasSubstr("--since: "));
}

TEST(Start, RefusesOptionsThatItWouldCutOrIgnore) {
    const support::Folder folder;
    const auto refusal = [&](support::Arguments arguments) {
        arguments.insert(arguments.begin(), {"--config", "/dev/null"});
        const support::Ended ended =
            support::run(support::octroi(folder / "ledger.db", std::move(arguments)));
        EXPECT_EQ(ended.status, 2);
        return ended.err;
    };
    const std::string to = "file:" + folder / "out";
    EXPECT_THAT(refusal({"export", "flow", "/dev/null", "--to", to, "--domain", "4294967297"}),
                HasSubstr("--domain: must be 4294967295 at most"));
    EXPECT_THAT(refusal({"export", "packets", "/dev/null", "--to", to, "--format", "v5", "--domain",
                         "256"}),
                HasSubstr("--domain: must be 255 at most"));
    EXPECT_THAT(refusal({"meters", "--counters", "--losses"}), HasSubstr("--losses, --counters: "));
    EXPECT_THAT(refusal({"meters", "--exporters", "--losses"}), HasSubstr("--losses, --exporters"));
}

// The socket and the lock of another user.
TEST(Start, SaysWhoMayUseTheFilesOfALedger) {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root, to become another user";
    RunningDaemon daemon(base());
    const auto as_nobody = [] {
        constexpr uid_t nobody = 65534;
        (void)!::setgid(nobody);
        (void)!::setuid(nobody);
    };
    const std::string folder = std::filesystem::path(daemon.ledger()).parent_path();
    std::filesystem::permissions(folder, std::filesystem::perms{0755});
    // The other user may have no access to the folder in which the program was built.
    const std::string program = folder + "/octroi-copy";
    const auto error_of = [&](const support::Arguments& arguments) {
        support::Arguments command = support::octroi(daemon.ledger(), arguments);
        if (!std::filesystem::exists(program)) std::filesystem::copy_file(command.front(), program);
        command.front() = program;
        return support::Process(command, as_nobody).wait().err;
    };
    EXPECT_THAT(error_of({"reload"}), HasSubstr("Next: run this as root or as the user of"));
    EXPECT_THAT(error_of({"run", "--for", "1s", "--interface", "lo"}),
                HasSubstr("Next: run this as root or as the owner of the ledger"));
}

}  // namespace
}  // namespace octroi::reload
