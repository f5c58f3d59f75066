// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// A log in a folder, a program that writes and rotates it, and the FollowedLog that reads it.

#include <gtest/gtest.h>
#include <zlib.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "base/check.hpp"
#include "host/testing/folder.hpp"
#include "meter/log/followed_log.hpp"

namespace octroi::logs::testing {

struct Collected : LineSink {
    void on_line(const file::Line& line, const LineOrigin& /*origin*/) override {
        lines.emplace_back(line.text);
    }
    std::vector<std::string> lines;
};

class FollowedLogTest : public ::testing::Test {
protected:
    FollowedLogTest() { make({}); }

    // A program that writes a log with one write(2) for each line.
    void append(const std::string& name, const std::string& text) {
        std::ofstream(folder_.file(name), std::ios::app) << text;
        touch(name);
    }
    // File systems round times; the test does not wait for them.
    void touch(const std::string& name) {
        ++clock_;
        std::filesystem::last_write_time(
            folder_.file(name),
            std::filesystem::file_time_type::clock::now() + std::chrono::seconds(clock_));
    }
    void rename(const std::string& from, const std::string& to) const {
        std::filesystem::rename(folder_.file(from), folder_.file(to));
    }
    void copy(const std::string& from, const std::string& to) {
        std::filesystem::copy_file(folder_.file(from), folder_.file(to));
        touch(to);
    }
    void truncate(const std::string& name) {
        std::filesystem::resize_file(folder_.file(name), 0);
        touch(name);
    }
    // As gzip does: the time of the file stays.
    void compress(const std::string& name) const {
        const auto time = std::filesystem::last_write_time(folder_.file(name));
        std::ifstream in(folder_.file(name), std::ios::binary);
        const std::string text((std::istreambuf_iterator<char>(in)), {});
        const std::string compressed = folder_.file(name + ".gz");
        const gzFile out = gzopen(compressed.c_str(), "wb");
        CHECK(gzwrite(out, text.data(), static_cast<unsigned>(text.size())) ==
              static_cast<int>(text.size()));
        gzclose(out);
        std::filesystem::last_write_time(compressed, time);
        std::filesystem::remove(folder_.file(name));
    }

    void make(FollowOptions options) {
        options_ = options;
        log_ = std::make_unique<FollowedLog>(
            folder_.file("access.log"), options_, [](const std::string&) { return false; },
            [this](const std::string& path) { return wants_all_ || wanted_.contains(path); },
            [this](const std::string& path) -> Result<ImportedPart> {
                if (path == unanswered_) return fail(ErrorCode::failed, "no answer");
                return path == imported_ ? ImportedPart{4, 2} : ImportedPart{};
            });
    }
    void restart() {
        const FollowState state = log_->state();
        make(options_);
        log_->resume(state);
    }
    // Polls until there is nothing more, and returns the new lines.
    std::vector<std::string> poll(std::size_t octets = 1U << 20U) {
        Collected collected;
        uptime_ = uptime_ + Duration::seconds(1);
        for (bool more = true; more;) {
            const auto read =
                log_->read(collected, stream_, {UtcTime::from_seconds(clock_), uptime_}, octets);
            EXPECT_TRUE(read) << read.error().text;
            more = read.value_or(false);
        }
        return collected.lines;
    }
    void pass(Duration time) { uptime_ = uptime_ + time; }

    octroi::testing::Folder folder_;
    FollowOptions options_;
    std::string wanted_;  // paths
    bool wants_all_ = false;
    std::string unanswered_;  // a path
    std::string imported_;
    std::unique_ptr<FollowedLog> log_;
    file::Stream stream_;
    Duration uptime_;
    std::int64_t clock_ = 0;
};

}  // namespace octroi::logs::testing
