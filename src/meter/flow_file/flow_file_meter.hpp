// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Meters the flow records in a file: a capture of export traffic, or messages (datagram_file.hpp).
//
// The same file, whatever its name, is booked once (meter/file). To go on from a cursor the file is
// read from its beginning through the same decoders, and what the ledger has is not booked again:
// so nothing that decoders remember has to be kept, and what follows is what an undisturbed import
// gives. Checkpoints are at places that the file fixes (every checkpoint_frames); the driver may
// take one elsewhere, nothing depends on it.

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "meter/file/once_meter.hpp"
#include "meter/file/position.hpp"
#include "meter/flow_file/flow_file.hpp"
#include "meter/normalize/flow_normalizer.hpp"

namespace octroi::flow_file {

// Of the cursors' sources: the same file read for its packets (capture) is another source.
inline constexpr std::string_view flow_file_source_prefix = "flowfile:";

struct FlowFileMeterOptions {
    normalize::FlowPolicy policy;
    // 0: only at the end.
    std::uint64_t checkpoint_frames = std::uint64_t{1} << 20U;
    // For the tables' hashes. Has no influence on results.
    std::uint64_t seed = 0;
};

class FlowFileMeter final : public file::OnceMeter {
public:
    // known: the ledger's cursors whose source begins with flow_file_source_prefix. Errors: those
    // of DatagramFile; unsupported also for messages that have no time (sFlow outside of a
    // capture).
    [[nodiscard]] static Result<std::unique_ptr<FlowFileMeter>> open(
        const std::string& path, const FlowFileMeterOptions& options,
        std::span<const Cursor> known);

    [[nodiscard]] bool already_complete() const noexcept override { return already_complete_; }
    [[nodiscard]] std::uint64_t resumed_at() const noexcept override { return resumed_at_; }
    [[nodiscard]] const std::string& known_as() const noexcept override { return known_as_; }
    [[nodiscard]] const std::string& source() const noexcept override { return cursor_.source; }
    [[nodiscard]] std::uint64_t position() const noexcept override {
        return file_->datagrams().stream().position();
    }
    [[nodiscard]] std::uint64_t size() const noexcept override {
        return file_->datagrams().stream().status().size;
    }
    [[nodiscard]] std::uint64_t frames() const noexcept override {
        return begun_ ? file_->datagrams().frames() - resumed_at_ : 0;
    }
    [[nodiscard]] const std::string& warning() const noexcept override {
        return file_->datagrams().warning();
    }

    [[nodiscard]] Result<Pull> pull(ReadingSink& sink, Duration wait) override;
    [[nodiscard]] Result<Checkpoint> checkpoint(ReadingSink& sink) override;
    [[nodiscard]] std::span<const Name> names() const override { return normalizer_.names(); }
    [[nodiscard]] std::vector<CounterValue> counters() const override {
        return normalizer_.counters();
    }
    [[nodiscard]] const exporter::Exporters& exporters() const noexcept {
        return file_->exporters();
    }

private:
    // Holds readings until the driver has asked for the names of their interfaces.
    class Held final : public FlowSink {
    public:
        void accept(std::span<const Reading> readings) override {
            readings_.insert(readings_.end(), readings.begin(), readings.end());
        }
        void hand_over(ReadingSink& sink) {
            if (!readings_.empty()) sink.accept(readings_);
            readings_.clear();
        }

    private:
        std::vector<Reading> readings_;
    };

    FlowFileMeter(std::string path, const FlowFileMeterOptions& options,
                  std::unique_ptr<FlowFile> file);
    [[nodiscard]] Status recognise(std::span<const Cursor> known);
    [[nodiscard]] Result<bool> has_nothing_new();
    [[nodiscard]] Status pass_booked();
    [[nodiscard]] std::uint64_t next_stop() const noexcept;
    void add_losses(std::vector<Loss>& losses);
    [[nodiscard]] std::string note() const;

    std::string path_;
    FlowFileMeterOptions options_;
    std::unique_ptr<FlowFile> file_;
    normalize::FlowNormalizer normalizer_;
    Held held_;

    file::Position at_;  // of the last checkpoint
    Cursor cursor_;
    bool begun_ = false;
    bool ended_ = false;
    bool already_complete_ = false;
    std::uint64_t resumed_at_ = 0;
    std::string known_as_;
};

}  // namespace octroi::flow_file
