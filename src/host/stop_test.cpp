// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/stop.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <functional>

namespace octroi {
namespace {

// The wait status of a child process that does this. Handlers are of a whole process.
int status_of_child(const std::function<int()>& act) {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(act());
    int status = 0;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    return status;
}

int exit_of_child(const std::function<int()>& act) {
    const int status = status_of_child(act);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(Stop, IsRequestedByEachOfTheSignals) {
    for (const int number : {SIGINT, SIGTERM, SIGHUP})
        EXPECT_EQ(exit_of_child([&] {
                      catch_stop_signals();
                      if (stop_requested()) return 2;
                      std::raise(number);
                      return stop_requested() ? 0 : 1;
                  }),
                  0)
            << number;
}

TEST(Stop, ASecondSigintEndsTheProcess) {
    for (const int first : {SIGINT, SIGTERM}) {
        const int status = status_of_child([&] {
            catch_stop_signals();
            std::raise(first);
            std::raise(SIGINT);
            return 0;
        });
        EXPECT_TRUE(WIFSIGNALED(status)) << first;
        EXPECT_EQ(WTERMSIG(status), SIGINT);
    }
}

TEST(Stop, SignalsEndTheProcessAfterTheRelease) {
    for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGPIPE}) {
        const int status = status_of_child([&] {
            catch_stop_signals();
            release_stop_signals();
            std::raise(number);
            return 0;
        });
        EXPECT_TRUE(WIFSIGNALED(status)) << number;
        EXPECT_EQ(WTERMSIG(status), number);
    }
    EXPECT_EQ(exit_of_child([] {
                  std::signal(SIGHUP, SIG_IGN);
                  catch_stop_signals();
                  release_stop_signals();
                  std::raise(SIGHUP);
                  return 0;
              }),
              0);
}

TEST(Stop, LeavesAnIgnoredHangUpIgnored) {
    EXPECT_EQ(exit_of_child([] {
                  std::signal(SIGHUP, SIG_IGN);
                  catch_stop_signals();
                  std::raise(SIGHUP);
                  return stop_requested() ? 1 : 0;
              }),
              0);
}

TEST(Stop, AHangUpAsksForAReloadAfterThat) {
    for (const auto inherited : {SIG_DFL, SIG_IGN})
        EXPECT_EQ(exit_of_child([&] {
                      ::setsid();  // no terminal
                      std::signal(SIGHUP, inherited);
                      catch_stop_signals();
                      catch_reload_signal();
                      std::raise(SIGHUP);
                      if (stop_requested()) return 1;
                      return reload_requested() && !reload_requested() ? 0 : 2;
                  }),
                  0);
}

}  // namespace
}  // namespace octroi
